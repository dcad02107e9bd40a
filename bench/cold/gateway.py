"""The event API Gateway sends for the first page of projects; the same for every application."""

from __future__ import annotations

from typing import Any

PATH = "/api/v1/projects"


def list_projects(token: str) -> dict[str, Any]:
    """A REST proxy event (payload format 1.0) for GET /api/v1/projects."""
    headers = {
        "Accept": "application/json",
        "Authorization": f"Bearer {token}",
        "Host": "api.example.com",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": PATH,
        "path": PATH,
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": _context(),
        "body": None,
        "isBase64Encoded": False,
    }


def _context() -> dict[str, Any]:
    return {
        "accountId": "123456789012",
        "apiId": "bench",
        "domainName": "api.example.com",
        "httpMethod": "GET",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "bench"},
        "path": f"/api{PATH}",
        "protocol": "HTTP/1.1",
        "requestId": "00000000-0000-4000-8000-000000000000",
        "requestTimeEpoch": 1750000000000,
        "resourceId": "projects",
        "resourcePath": PATH,
        "stage": "api",
    }


class LambdaContext:
    """What a handler may read of the Lambda context."""

    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    log_group_name = "/aws/lambda/bench"
    log_stream_name = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Time left, in milliseconds: all of it."""
        return 29_000
