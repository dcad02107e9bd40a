"""What the gateway answers by itself, as problems: one table for the deployed gateway and the local one.

The keys are API Gateway's response types.
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.errors import (
    Denied,
    Invalid,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unavailable,
    UnsupportedMediaType,
    WbsyncError,
)
from chalicelib.http.fields import encode
from chalicelib.http.problems import TYPE, problem_body


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """One kind of answer: the problem it gives, and after how many seconds to try again."""

    kind: type[WbsyncError]
    detail: str
    retry_after: int | None = None

    def body(self, request_id: str) -> bytes:
        """The problem's JSON."""
        return encode(problem_body(self.kind(self.detail), request_id))

    def headers(self) -> dict[str, str]:
        """The headers that do not depend on the request."""
        retry = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {
            "Content-Type": TYPE,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            **retry,
        }


ANSWERS = {
    "DEFAULT_4XX": GatewayAnswer(Invalid, "The gateway refused the request."),
    "DEFAULT_5XX": GatewayAnswer(Unavailable, "The gateway could not reach the service.", 1),
    "ACCESS_DENIED": GatewayAnswer(Denied, "The gateway refused the request."),
    "BAD_REQUEST_BODY": GatewayAnswer(Invalid, "The body cannot be read."),
    "INTEGRATION_FAILURE": GatewayAnswer(Unavailable, "The service failed to answer.", 1),
    "INTEGRATION_TIMEOUT": GatewayAnswer(Unavailable, "The request took too long.", 1),
    "MISSING_AUTHENTICATION_TOKEN": GatewayAnswer(NotFound, "There is nothing at this path for this method."),
    "QUOTA_EXCEEDED": GatewayAnswer(RateLimited, "Too many requests.", 60),
    "REQUEST_TOO_LARGE": GatewayAnswer(PayloadTooLarge, "The body is too large."),
    "RESOURCE_NOT_FOUND": GatewayAnswer(NotFound, "There is nothing at this path."),
    "THROTTLED": GatewayAnswer(RateLimited, "Too many requests.", 1),
    "UNSUPPORTED_MEDIA_TYPE": GatewayAnswer(UnsupportedMediaType, "The body must be application/json."),
    "WAF_FILTERED": GatewayAnswer(Denied, "The gateway refused the request."),
}


def definitions() -> dict[str, Any]:
    """The table as the ``x-amazon-apigateway-gateway-responses`` of a Swagger body."""
    return {name: _definition(answer) for name, answer in ANSWERS.items()}


def _definition(answer: GatewayAnswer) -> dict[str, Any]:
    fixed = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in answer.headers().items()}
    return {
        "statusCode": answer.kind.status,
        "responseTemplates": {"application/json": answer.body("$context.requestId").decode()},
        "responseParameters": fixed | {"gatewayresponse.header.X-Request-Id": "context.requestId"},
    }
