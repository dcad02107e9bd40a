"""A moto server on 127.0.0.1 as a child process, and the comparators' data in it."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

START_SECONDS = 60.0

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

PROJECTS = 50
"""Projects of the measured page: every application answers with as many."""

COMPANY = "acme"
TOKEN = "bench.not-a-secret"

COMPARATOR_ENVIRONMENT = {
    "TOKENS_TABLE": "bench-tokens",
    "PROJECTS_TABLE": "bench-projects",
    "BENCH_TOKEN": TOKEN,
}


@contextmanager
def dynamodb_server() -> Iterator[str]:
    """A running server's endpoint; the server ends with the block."""
    port = _free_port()
    arguments = ["-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def load_comparators(endpoint: str) -> dict[str, str]:
    """Make the comparators' tables; their environment."""
    dynamodb = client(endpoint)
    _create_table(dynamodb, COMPARATOR_ENVIRONMENT["TOKENS_TABLE"], "id")
    _create_table(dynamodb, COMPARATOR_ENVIRONMENT["PROJECTS_TABLE"], "company", "id")
    dynamodb.put_item(TableName=COMPARATOR_ENVIRONMENT["TOKENS_TABLE"], Item=_token_row())
    for number in range(PROJECTS):
        row = project_row(number)
        dynamodb.put_item(TableName=COMPARATOR_ENVIRONMENT["PROJECTS_TABLE"], Item=row)
    return {**COMPARATOR_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint}


def client(endpoint: str) -> DynamoDBClient:
    """A client of the server, whatever this process's own environment says."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def project_row(number: int) -> Mapping[str, Any]:
    """One project of the page, as the comparators keep it."""
    return {
        "company": {"S": COMPANY},
        "id": {"S": f"prj_{number:08d}"},
        "name": {"S": f"Project {number}"},
        "status": {"S": "active"},
        "budget_hours": {"N": str(1000 + number)},
        "created_at": {"S": "2025-01-01T00:00:00Z"},
    }


def _token_row() -> Mapping[str, Any]:
    return {
        "id": {"S": TOKEN.partition(".")[0]},
        "company": {"S": COMPANY},
        "digest": {"S": hashlib.sha256(TOKEN.encode()).hexdigest()},
    }


def _create_table(dynamodb: DynamoDBClient, name: str, *keys: str) -> None:
    kinds: Any = ("HASH", "RANGE")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)],
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the moto server does not answer on port {port}")
