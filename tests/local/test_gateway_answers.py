"""What the gateway answers by itself is a problem of the contract: deployed and on this machine alike.

The response types of REST APIs, with the status that each has by default:
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
import re
import socket
from http.client import HTTPMessage, parse_headers
from io import BytesIO
from typing import Any

import pytest

from chalicelib.errors import WbsyncError
from infra.gateway_answers import ANSWERS
from infra.local.gateway import Gateway, GatewayServer, serve
from infra.local.gateway_messages import HttpRequest, refusal
from infra.template.stack import merge_template
from tests.local.test_gateway import make_app

BY_DEFAULT = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
CONTRACT = {
    400: "validation_error",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}
PROMISED = {"X-Request-Id", "Cache-Control", "Strict-Transport-Security", "X-Content-Type-Options", "Content-Type"}


def deployed(kind: str, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """The answer that the template makes the deployed gateway give."""
    body = merge_template("test")["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    answer = body["x-amazon-apigateway-gateway-responses"][kind]
    [template] = answer["responseTemplates"].values()
    headers = {}
    for name, value in answer["responseParameters"].items():
        literal = re.fullmatch("'([^']*)'", value)
        assert literal or value == "context.requestId", "a literal in quotes, or the id"
        headers[name.removeprefix("gatewayresponse.header.")] = literal[1] if literal else request_id
    assert re.findall(r"[$#][^\",]*", template) == ["$context.requestId"], "nothing else is for the gateway to fill in"
    return answer["statusCode"], headers, template.replace("$context.requestId", request_id).encode()


def test_every_response_type_of_the_gateway_is_shaped() -> None:
    assert ANSWERS.keys() == BY_DEFAULT.keys()


@pytest.mark.parametrize("kind", BY_DEFAULT)
def test_the_deployed_gateway_and_the_local_one_give_the_same_problem(kind: str) -> None:
    status, headers, body = deployed(kind, "the-id")
    local = refusal(kind, "the-id")
    assert (local.status, dict(local.headers), local.body) == (status, headers, body)
    problem = json.loads(body)
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id"}
    assert (problem["status"], problem["code"], problem["request_id"]) == (status, CONTRACT[status], "the-id")
    assert status // 100 == BY_DEFAULT[kind] // 100, "the client's fault or ours, as the gateway says"
    assert headers.keys() >= PROMISED and headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in headers) is (status in {429, 503})
    assert headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


def test_what_is_too_slow_or_too_large_says_so_by_its_code() -> None:
    expected = {
        "INTEGRATION_TIMEOUT": (503, "unavailable"),
        "REQUEST_TOO_LARGE": (413, "payload_too_large"),
        "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
        "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type"),
        "BAD_REQUEST_BODY": (400, "validation_error"),
    }
    for kind, (status, code) in expected.items():
        error: type[WbsyncError] = ANSWERS[kind].kind
        assert (error.status, error.code) == (status, code)


def raw(server: GatewayServer, request: bytes) -> tuple[HTTPMessage, Any]:
    """The headers and the problem of a request sent as bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        connection.sendall(request)
        content = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = content.partition(b"\r\n\r\n")
    return parse_headers(BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n")), json.loads(body)


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"POST /items HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
        b"POST /items HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
        b"GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /crash HTTP/1.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_whatever_the_gateway_answers_over_the_wire_has_a_request_id_of_its_own(request_: bytes) -> None:
    with serve(make_app(greedy=False), "127.0.0.1", 0).running() as server:
        answers = [raw(server, request_) for _ in range(2)]
    for headers, problem in answers:
        assert set(headers.keys()) >= PROMISED
        assert problem["request_id"] == headers["X-Request-Id"] != ""
    assert answers[0][1]["request_id"] != answers[1][1]["request_id"]


def test_the_id_of_a_request_that_took_too_long_is_the_one_that_its_function_was_given() -> None:
    seen: list[dict[str, Any]] = []
    sample = make_app()

    class Slow(type(sample)):  # type: ignore[misc]  # the class that the app has got for its threads
        def __call__(self, event: Any, context: Any) -> dict[str, Any]:
            seen.append(event["requestContext"])
            return {"statusCode": 200}

    times = iter([0.0, 30.0, 30.0, 30.0])
    sample.__class__ = Slow
    answer = Gateway(sample, 29, now=lambda: next(times)).answer(HttpRequest("GET", "/items", (), b"", "127.0.0.1"))
    assert answer.status == 503
    assert dict(answer.headers)["X-Request-Id"] == seen[0]["requestId"]
