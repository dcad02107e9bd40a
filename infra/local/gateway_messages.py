"""Requests and answers between HTTP and the events of the REST gateway (version 1).

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from infra.gateway_answers import ANSWERS
from infra.local.gateway_routes import Match
from infra.local.lambda_context import ACCOUNT

STAGE = "local"
ANSWER_LIMIT = 6 * 1024 * 1024
"""Bytes of a Lambda function's answer."""
HOP_HEADERS = {"connection", "content-length", "keep-alive", "transfer-encoding"}
"""Headers that belong to one connection; the gateway makes its own."""

Header = tuple[str, str]


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire, its body read."""

    method: str
    target: str
    headers: tuple[Header, ...]
    body: bytes
    client_ip: str

    @property
    def path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[Header]:
        """The query's parameters in order, decoded once."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """The last value of a header."""
        values = [value for other, value in self.headers if other.lower() == name]
        return values[-1] if values else None


@dataclass(frozen=True)
class HttpAnswer:
    """An answer ready for the wire."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


class MalformedAnswer(Exception):
    """The function returned something the gateway cannot turn into an HTTP answer."""


def lambda_event(
    request: HttpRequest, match: Match, request_id: str, binary_types: Collection[str]
) -> dict[str, object]:
    """Build the event of a request. What is empty is None, as on the gateway."""
    headers = grouped(_with_forwarding(request), ignore_case=True)
    query = grouped(request.query)
    return {
        "resource": match.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": last_values(headers) or {},
        "multiValueHeaders": headers,
        "queryStringParameters": last_values(query),
        "multiValueQueryStringParameters": query or None,
        "pathParameters": match.variables or None,
        "stageVariables": None,
        "requestContext": request_context(request, match, request_id),
        **_event_body(request, binary_types),
    }


def request_context(request: HttpRequest, match: Match, request_id: str) -> dict[str, object]:
    """Build the event's description of the request itself. Locally no stage is in the path."""
    moment = datetime.now(UTC)
    return {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": request.header("host") or "localhost",
        "extendedRequestId": request_id,
        "httpMethod": request.method,
        "identity": {
            "sourceIp": request.client_ip,
            "userAgent": request.header("user-agent"),
            "user": None,
            "userArn": None,
        },
        "path": request.path,
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(moment.timestamp() * 1000),
        "resourceId": "local",
        "resourcePath": match.resource,
        "stage": STAGE,
    }


def _with_forwarding(request: HttpRequest) -> Iterable[Header]:
    """Add what the gateway adds: the address of the client, after any the client claims."""
    for name, value in request.headers:
        if name.lower() not in HOP_HEADERS | {"x-forwarded-for", "x-forwarded-proto"}:
            yield name, value
    claimed = [value for name, value in request.headers if name.lower() == "x-forwarded-for"]
    yield "X-Forwarded-For", ", ".join([*claimed, request.client_ip])
    yield "X-Forwarded-Proto", "http"


def grouped(pairs: Iterable[Header], ignore_case: bool = False) -> dict[str, list[str]]:
    """Collect the values of each name under its first spelling."""
    groups: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for name, value in pairs:
        first = spelling.setdefault(name.lower() if ignore_case else name, name)
        groups.setdefault(first, []).append(value)
    return groups


def last_values(groups: dict[str, list[str]]) -> dict[str, str] | None:
    """Keep the last value of each name, as the single-value fields of the event do."""
    return {name: values[-1] for name, values in groups.items()} or None


def _event_body(request: HttpRequest, binary_types: Collection[str]) -> dict[str, object]:
    """Give a binary type as base64, anything else as text.

    Bytes of a text type that are no UTF-8 are replaced: the gateway spoils them too.
    """
    if not request.body:
        return {"body": None, "isBase64Encoded": False}
    if is_binary(request.header("content-type"), binary_types):
        return {
            "body": base64.b64encode(request.body).decode(),
            "isBase64Encoded": True,
        }
    return {"body": request.body.decode("utf-8", "replace"), "isBase64Encoded": False}


def is_binary(content_type: str | None, binary_types: Collection[str]) -> bool:
    """Tell whether the API declares a media type as binary."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    return not {media_type, "*/*"}.isdisjoint(kind.lower() for kind in binary_types)


def http_answer(result: Any, request_id: str) -> HttpAnswer:
    """Turn what the function returned into an HTTP answer; raise MalformedAnswer if it is none."""
    try:
        # Lambda writes the answer as JSON, so that bytes or dates fail here too.
        size = len(json.dumps(result, ensure_ascii=False).encode())
        if size > ANSWER_LIMIT:
            raise MalformedAnswer(f"answer of {size} bytes; Lambda allows {ANSWER_LIMIT}")
        body = _answer_body(result)
        headers = [*_answer_headers(result), ("x-amzn-RequestId", request_id)]
        return HttpAnswer(HTTPStatus(int(result["statusCode"])), tuple(headers), body)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise MalformedAnswer(str(error)) from error


def _answer_body(result: dict[str, Any]) -> bytes:
    body = result.get("body") or ""
    return base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()


def _answer_headers(result: dict[str, Any]) -> list[Header]:
    """Merge single and multiple headers; the multiple ones win where both have a name."""
    multiple = result.get("multiValueHeaders") or {}
    repeated = {name.lower() for name in multiple}
    single = {name: [value] for name, value in (result.get("headers") or {}).items() if name.lower() not in repeated}
    pairs = [(name, str(value)) for name, values in (single | multiple).items() for value in values]
    pairs = [(name, _one_line(value)) for name, value in pairs if name.lower() not in HOP_HEADERS]
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", "application/json"))
    return pairs


def _one_line(value: str) -> str:
    """Return a header value that cannot start another header."""
    if any(character in value for character in "\r\n\0"):
        raise ValueError("a header value holds a line break")
    value.encode("latin-1")
    return value


def refusal(kind: str, request_id: str, detail: str = "") -> HttpAnswer:
    """An answer of the gateway's own: a response type of ``infra.gateway_answers``, or HTTP that cannot be read."""
    answer = ANSWERS[kind]
    answer = replace(answer, detail=detail or answer.detail)
    headers = [*answer.headers().items(), ("X-Request-Id", request_id)]
    return HttpAnswer(HTTPStatus(answer.kind.status), tuple(headers), answer.body(request_id))
