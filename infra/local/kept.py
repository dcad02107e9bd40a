"""The tables and parameters of a local run as one file, for trials that go on after a restart.

A snapshot that is taken while requests run may hold one table a moment later than another. The stream functions work
out anew what they find when it is loaded.
"""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.settings import settings
from infra.stages import parameters_below

MOST_WRITTEN = 25  # rows of one batch


def save(file: Path, note: object) -> None:
    """Keep everything in a file that only its owner reads, with a note for whoever loads it."""
    held = {
        "note": note,
        "parameters": dict(parameters_below(boto3.client("ssm"), settings().parameter_prefix)),
        "tables": dict(_tables()),
    }
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.touch(0o600)
    new.write_text(json.dumps(held, default=_as_text))
    os.replace(new, file)


def load(file: Path) -> Any:
    """Put everything back into empty tables; the note.

    Raises:
        SystemExit: the file is none of ours, or another version's; says what to do.
    """
    try:
        return _loaded(json.loads(file.read_text(), object_hook=_as_bytes))
    except (ValueError, KeyError, TypeError, ClientError) as error:
        raise SystemExit(f"{file} cannot be loaded ({error}): delete it to begin anew") from error


def _loaded(held: Any) -> Any:
    for name, value in held["parameters"].items():
        boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    client = boto3.client("dynamodb")
    for table, rows in held["tables"].items():
        for first in range(0, len(rows), MOST_WRITTEN):
            some = rows[first : first + MOST_WRITTEN]
            client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": row}} for row in some]})
    return held["note"]


def _tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    client = boto3.client("dynamodb")
    for name in client.list_tables(Limit=100)["TableNames"]:
        pages = client.get_paginator("scan").paginate(TableName=name)
        yield name, [row for page in pages for row in page["Items"]]


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"a row holds {type(value)}")


def _as_bytes(value: dict[str, Any]) -> object:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
