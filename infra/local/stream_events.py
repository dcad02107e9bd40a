"""Lambda events of DynamoDB streams: the one builder for the pump and for every test.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Image = Mapping[str, Mapping[str, Any]]
"""Attributes in DynamoDB's own JSON: ``{"name": {"S": "text"}}``."""

DEFAULT_CREATED = 1_700_000_000


def stream_record(
    event_name: str,
    keys: Image,
    new: Image | None,
    old: Image | None,
    sequence: int | str,
    *,
    created: float = DEFAULT_CREATED,
) -> dict[str, Any]:
    """Build one record as Lambda delivers it, without the stream's ARN.

    ``event_name`` is INSERT, MODIFY or REMOVE; ``created`` is in epoch seconds and, as on
    DynamoDB, rounded down to a whole one. An image that is None is left out of the record.
    """
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(created),
        "Keys": lambda_image(keys),
        "SequenceNumber": str(sequence),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if new is not None:
        change["NewImage"] = lambda_image(new)
    if old is not None:
        change["OldImage"] = lambda_image(old)
    change["SizeBytes"] = len(json.dumps(change))
    return {
        "eventID": hashlib.md5(json.dumps(change).encode(), usedforsecurity=False).hexdigest(),
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "dynamodb": change,
    }


def stream_event(records: Sequence[Mapping[str, object]], arn: str) -> dict[str, object]:
    """Build the event of one batch; every record gets the stream's ARN and region."""
    source = {"awsRegion": arn.split(":")[3], "eventSourceARN": arn}
    return {"Records": [{**record, **source} for record in records]}


def lambda_image(image: Image) -> dict[str, object]:
    """Return an image as it is in Lambda's JSON, where binary values are base64 text."""
    return {name: _lambda_value(value) for name, value in image.items()}


def _lambda_value(value: Mapping[str, Any]) -> dict[str, object]:
    kind, content = next(iter(value.items()))
    if kind == "M":
        return {kind: lambda_image(content)}
    if kind == "L":
        return {kind: [_lambda_value(element) for element in content]}
    if kind == "BS":
        return {kind: [_text(element) for element in content]}
    return {kind: _text(content) if kind == "B" else content}


def _text(content: bytes | str) -> str:
    return base64.b64encode(content).decode() if isinstance(content, bytes) else content
