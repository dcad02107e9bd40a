"""The local AWS server runs in a child process and ends with its context."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from infra.local.moto_server import MotoServer


def client(service: str, endpoint: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the name is not a literal
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(max_pool_connections=32, retries={"total_max_attempts": 1}, proxies={}),
    )


def make_table(dynamodb: Any, name: str = "counters") -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    )


def increment(name: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "counters",
            "Key": {"pk": {"S": name}},
            "UpdateExpression": "ADD amount :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


@pytest.mark.long
def test_the_server_answers_threads_and_ends_with_its_context() -> None:
    with MotoServer() as server:
        dynamodb = client("dynamodb", server.endpoint_url)
        make_table(dynamodb)

        def write(number: int) -> None:
            pair = [increment("all"), increment(f"one-{number % 5}")]
            dynamodb.transact_write_items(TransactItems=pair)

        with ThreadPoolExecutor(32) as threads:
            list(threads.map(write, range(160)))
        total = dynamodb.get_item(TableName="counters", Key={"pk": {"S": "all"}})["Item"]
        assert total["amount"] == {"N": "160"}
        parameters = client("ssm", server.endpoint_url)
        parameters.put_parameter(Name="/wbsync/key", Value="x", Type="SecureString")
    with pytest.raises(EndpointConnectionError):
        dynamodb.list_tables()


def test_a_server_that_dies_is_noticed_and_one_that_is_stopped_is_not() -> None:
    died, stopped = threading.Event(), threading.Event()
    with MotoServer() as server:
        server.watch(died.set)
        assert server._child is not None
        os.kill(server._child.pid, signal.SIGKILL)
        assert died.wait(10)
    with MotoServer() as server:
        server.watch(stopped.set)
    assert not stopped.wait(0.5)


def test_the_environment_points_boto3_at_the_server() -> None:
    with MotoServer() as server:
        environment = server.environment()
        assert environment["AWS_ENDPOINT_URL"] == server.endpoint_url
        assert environment["AWS_DEFAULT_REGION"] == "eu-west-1"
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= environment.keys()
    with pytest.raises(RuntimeError, match="not running"):
        server.environment()
