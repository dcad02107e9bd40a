"""The local gateway sends the app the events of the deployed one, over real HTTP."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from chalice.app import Chalice, Response

from infra.local.gateway import Gateway, GatewayServer, serve
from infra.local.gateway_messages import HttpRequest
from infra.local.gateway_routes import RouteTable

ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class CrashingChalice(Chalice):
    """An app whose own code around the routes can fail."""

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        if event["path"] == "/crash":
            raise RuntimeError("the secret reason")
        if event["path"] == "/nonsense":
            return {"status": 200}
        if event["path"] == "/large":
            return {"statusCode": 200, "body": "x" * (6 * 1024 * 1024)}
        if event["path"] == "/split":
            return {"statusCode": 200, "headers": {"X-Name": "a\r\nSet-Cookie: b"}}
        return super().__call__(event, context)


def make_app(greedy: bool = True) -> Chalice:
    app = CrashingChalice("sample", configure_logs=False, env={})

    def event() -> Response:
        request: Any = app.current_request
        context: Any = app.lambda_context
        return Response(
            {
                "event": request.to_original_event(),
                "left": context.get_remaining_time_in_millis(),
                "function": context.function_name,
            }
        )

    @app.route("/", methods=["GET"])
    def root() -> Response:
        return event()

    @app.route(
        "/items",
        methods=["GET", "POST", "HEAD", "OPTIONS"],
        content_types=["application/json", "text/csv", "application/octet-stream"],
    )
    def items() -> Response:
        return event()

    @app.route("/items/{item_id}", methods=["GET", "DELETE"])
    def one(item_id: str) -> Response:
        return event()

    @app.route("/items/latest", methods=["GET"])
    def latest() -> Response:
        return event()

    @app.route("/cookies", methods=["GET"])
    def cookies() -> Response:
        return Response("", {"Set-Cookie": ["a=1; Path=/", "b=2; Path=/"], "X-Single": "s"}, 204)

    @app.route("/binary", methods=["GET"])
    def binary() -> Response:
        return Response(b"\x00\xff", {"Content-Type": "application/octet-stream"})

    @app.route("/slow/{name}", methods=["GET"])
    def slow(name: str) -> str:
        meeting.wait(10)
        request: Any = app.current_request
        return str(request.uri_params["name"])

    for path in ("/crash", "/nonsense", "/large", "/split"):
        app.route(path, methods=["GET"], name=path[1:])(lambda: None)

    if greedy:

        @app.route("/{proxy+}", methods=ALL_METHODS)
        def everything_else() -> Response:
            return event()

    meeting = threading.Barrier(8)
    return app


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with serve(make_app(), "127.0.0.1", 0).running() as running:
        yield running


@pytest.fixture
def connection(server: GatewayServer) -> Iterator[HTTPConnection]:
    client = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    yield client
    client.close()


def ask(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: Any = None,
    **headers: str,
) -> tuple[HTTPResponse, bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, body, names)
    response = connection.getresponse()
    return response, response.read()


def event_of(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: Any = None,
    **headers: str,
) -> dict[str, Any]:
    response, content = ask(connection, method, target, body, **headers)
    assert response.status == 200, content
    event: dict[str, Any] = json.loads(content)["event"]
    return event


def test_the_event_is_that_of_the_gateway(connection: HTTPConnection) -> None:
    event = event_of(
        connection,
        "POST",
        "/items?a=1&a=2&b=",
        "{}",
        Content_Type="application/json",
        User_Agent="probe",
    )
    assert event["resource"] == "/items"
    assert event["path"] == "/items"
    assert event["httpMethod"] == "POST"
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["pathParameters"] is None
    assert event["stageVariables"] is None
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    assert event["headers"]["Content-Type"] == "application/json"
    assert event["multiValueHeaders"]["Content-Type"] == ["application/json"]
    context = event["requestContext"]
    assert context["resourcePath"] == "/items"
    assert context["path"] == "/items"
    assert context["stage"] == "local"
    assert context["httpMethod"] == "POST"
    assert context["requestId"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "probe"


def test_what_is_absent_is_none(connection: HTTPConnection) -> None:
    event = event_of(connection, "GET", "/")
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["body"] is None


def test_the_context_is_that_of_lambda(connection: HTTPConnection) -> None:
    _, content = ask(connection, "GET", "/items")
    answer = json.loads(content)
    assert 28_000 < answer["left"] <= 29_000
    assert answer["function"] == "sample"


@pytest.mark.parametrize(
    ("method", "target", "resource", "variables"),
    [
        ("GET", "/", "/", None),
        ("GET", "/items/", "/items", None),
        ("GET", "/items/latest", "/items/latest", None),
        ("GET", "/items/7", "/items/{item_id}", {"item_id": "7"}),
        (
            "GET",
            "/items/a%2Fb%20c%2525+d",
            "/items/{item_id}",
            {"item_id": "a/b c%25+d"},
        ),
        ("GET", "/unknown/place", "/{proxy+}", {"proxy": "unknown/place"}),
        ("DELETE", "/items", "/{proxy+}", {"proxy": "items"}),
        ("DELETE", "/items/latest", "/{proxy+}", {"proxy": "items/latest"}),
        ("OPTIONS", "/items", "/items", None),
        ("GET", "http://elsewhere/items?a=1", "/items", None),
    ],
)
def test_the_route_of_a_request(
    connection: HTTPConnection,
    method: str,
    target: str,
    resource: str,
    variables: dict[str, str] | None,
) -> None:
    event = event_of(connection, method, target)
    assert (event["resource"], event["pathParameters"]) == (resource, variables)
    assert event["requestContext"]["resourcePath"] == resource


def test_query_parameters_are_decoded_once(connection: HTTPConnection) -> None:
    event = event_of(connection, "GET", "/items?name=a%2Bb+c%2525&name=%C3%A9&%26=%3D")
    assert event["multiValueQueryStringParameters"] == {
        "name": ["a+b c%25", "é"],
        "&": ["="],
    }


@pytest.mark.parametrize(("method", "path"), [("GET", "/unknown"), ("PUT", "/items"), ("PUT", "/")])
def test_without_a_greedy_route_the_gateway_answers_with_a_problem(method: str, path: str) -> None:
    with serve(make_app(greedy=False), "127.0.0.1", 0).running() as server:
        client = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        response, content = ask(client, method, path)
        client.close()
    assert response.status == 404
    problem = json.loads(content)
    assert (problem["code"], problem["request_id"]) == ("not_found", response.headers["X-Request-Id"])


def test_two_names_for_one_path_variable_are_refused() -> None:
    with pytest.raises(ValueError, match=r"is called \{a\} in another route"):
        RouteTable({"/x/{a}": ["GET"], "/x/{b}/y": ["GET"]})


def test_head_has_the_length_and_no_body_and_the_connection_stays(
    connection: HTTPConnection,
) -> None:
    response, content = ask(connection, "HEAD", "/items")
    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 0
    assert content == b""
    used = connection.sock
    assert ask(connection, "GET", "/items")[0].status == 200
    assert connection.sock is used


def test_repeated_headers_are_all_given(server: GatewayServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as raw:
        raw.sendall(
            b"GET /items HTTP/1.1\r\nHost: x\r\nX-Tag: 1\r\nx-tag: 2\r\n"
            b"X-Forwarded-For: 10.1.1.1\r\nConnection: close\r\n\r\n"
        )
        content = b"".join(iter(lambda: raw.recv(65536), b""))
    event = json.loads(content.partition(b"\r\n\r\n")[2])["event"]
    assert event["multiValueHeaders"]["X-Tag"] == ["1", "2"]
    assert event["headers"]["X-Tag"] == "2"
    assert event["headers"]["X-Forwarded-For"] == "10.1.1.1, 127.0.0.1"


def test_blanks_around_a_value_are_not_of_it(server: GatewayServer) -> None:
    """The deployed gateway takes them off on both sides, as HTTP says."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as raw:
        raw.sendall(b"GET /items HTTP/1.1\r\nHost: x\r\nX-Tag: \t one two \t \r\nConnection: close\r\n\r\n")
        content = b"".join(iter(lambda: raw.recv(65536), b""))
    assert json.loads(content.partition(b"\r\n\r\n")[2])["event"]["headers"]["X-Tag"] == "one two"


def test_a_chunked_body_is_put_together(connection: HTTPConnection) -> None:
    parts = iter([b'{"a":', b"1}"])
    event = event_of(connection, "POST", "/items", parts, Content_Type="application/json")
    assert event["body"] == '{"a":1}'
    assert "Transfer-Encoding" not in event["headers"]
    assert ask(connection, "GET", "/items")[0].status == 200


def test_a_binary_type_is_base64_and_a_text_type_is_text(
    connection: HTTPConnection,
) -> None:
    data = b"\x00\xff"
    event = event_of(connection, "POST", "/items", data, Content_Type="application/octet-stream")
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (data, True)
    event = event_of(connection, "POST", "/items", b"caf\xe9", Content_Type="text/csv")
    assert (event["body"], event["isBase64Encoded"]) == ("caf�", False)


def test_ten_megabytes_are_taken_and_more_is_refused(
    connection: HTTPConnection,
) -> None:
    limit = 10 * 1024 * 1024
    path = "/items/latest"  # POST goes to the greedy route, whose echo is too large to answer
    response, _ = ask(connection, "POST", path, b" " * limit, Content_Type="application/json")
    assert response.status == 503
    response, content = ask(connection, "POST", path, b" " * (limit + 1))
    assert response.status == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(content)["status"] == 413


def test_a_chunked_body_that_is_too_large_is_refused(
    connection: HTTPConnection,
) -> None:
    parts = iter([b" " * 1024 * 1024] * 11)
    response, content = ask(connection, "POST", "/items", parts)
    assert (response.status, json.loads(content)["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    "head",
    [
        b"POST /items HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /items HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
        b"POST /items HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
        b"POST /items HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /items HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        b"NONSENSE\r\n\r\n",
    ],
)
def test_a_request_that_is_no_http_is_refused_as_a_problem(server: GatewayServer, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as raw:
        raw.sendall(head)
        content = b"".join(iter(lambda: raw.recv(65536), b""))
    head_of_answer, _, body = content.partition(b"\r\n\r\n")
    assert b" 400 " in head_of_answer.partition(b"\r\n")[0]
    assert json.loads(body)["status"] == 400
    request_id = json.loads(body)["request_id"]
    assert request_id and f"X-Request-Id: {request_id}".encode() in head_of_answer


def test_several_cookies_are_several_headers(connection: HTTPConnection) -> None:
    response, content = ask(connection, "GET", "/cookies")
    assert (response.status, content) == (204, b"")
    assert response.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert response.headers["X-Single"] == "s"
    assert response.headers["x-amzn-RequestId"]


def test_a_binary_answer_is_sent_as_bytes(connection: HTTPConnection) -> None:
    response, content = ask(connection, "GET", "/binary", Accept="application/octet-stream")
    assert content == b"\x00\xff"
    assert response.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["/crash", "/nonsense", "/large", "/split"])
def test_a_failing_app_gives_503_without_its_reasons(
    connection: HTTPConnection, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL + 1):
        response, content = ask(connection, "GET", path)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b"secret" not in content and b"Traceback" not in content
    assert response.headers["Set-Cookie"] is None


@pytest.mark.parametrize(("error", "told"), [(BrokenPipeError, False), (ConnectionResetError, False), (OSError, True)])
def test_a_client_that_goes_away_is_no_fault(
    server: GatewayServer, capsys: pytest.CaptureFixture[str], error: type[OSError], told: bool
) -> None:
    try:
        raise error
    except OSError:
        server.handle_error(None, ("127.0.0.1", 1))
    assert (error.__name__ in capsys.readouterr().err) is told


def test_each_thread_sees_its_own_request(server: GatewayServer) -> None:
    def name(number: int) -> bytes:
        client = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        try:
            return ask(client, "GET", f"/slow/{number}")[1]
        finally:
            client.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(name, range(8))) == [str(n).encode() for n in range(8)]


def test_an_app_that_is_too_slow_gets_503() -> None:
    times = iter([0.0, 30.0, 30.0, 30.0])
    gateway = Gateway(make_app(), timeout_seconds=29, now=lambda: next(times))
    answer = gateway.answer(HttpRequest("GET", "/items", (), b"", "127.0.0.1"))
    assert answer.status == 503
