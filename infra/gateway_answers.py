"""What the gateway answers by itself, as problems: one table for the deployed gateway and the local one.

The keys are API Gateway's response types.
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from dataclasses import dataclass

from chalicelib.encoding import encode
from chalicelib.errors import (
    Denied,
    Invalid,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unavailable,
    UnsupportedMediaType,
    WbsyncError,
)
from chalicelib.http.problems import TYPE, problem_body


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """One kind of answer: the problem it gives; ``retry_after`` in seconds where the problem itself has none."""

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
            **self.kind(self.detail).headers,
            **retry,
        }


NOTHING_HERE = "There is nothing at this path for this method."
REFUSED = "The gateway refused the request."
ANSWERS = {
    "DEFAULT_4XX": GatewayAnswer(Invalid, REFUSED),
    "DEFAULT_5XX": GatewayAnswer(Unavailable, "The gateway could not reach the service."),
    "ACCESS_DENIED": GatewayAnswer(Denied, REFUSED),
    "API_CONFIGURATION_ERROR": GatewayAnswer(WbsyncError, "The gateway is not set up for this request."),
    "AUTHORIZER_CONFIGURATION_ERROR": GatewayAnswer(WbsyncError, "The gateway is not set up for this request."),
    "AUTHORIZER_FAILURE": GatewayAnswer(Unavailable, "The gateway could not check the request."),
    "BAD_REQUEST_BODY": GatewayAnswer(Invalid, "The body cannot be read."),
    "BAD_REQUEST_PARAMETERS": GatewayAnswer(Invalid, "The parameters cannot be read."),
    # No method of ours takes AWS signatures: the gateway looks for one only where there is no method.
    "EXPIRED_TOKEN": GatewayAnswer(NotFound, NOTHING_HERE),
    "INTEGRATION_FAILURE": GatewayAnswer(Unavailable, "The service failed to answer."),
    "INTEGRATION_TIMEOUT": GatewayAnswer(Unavailable, "The request took too long."),
    "INVALID_API_KEY": GatewayAnswer(Denied, REFUSED),
    "INVALID_SIGNATURE": GatewayAnswer(NotFound, NOTHING_HERE),
    "MISSING_AUTHENTICATION_TOKEN": GatewayAnswer(NotFound, NOTHING_HERE),
    "QUOTA_EXCEEDED": GatewayAnswer(RateLimited, "Too many requests.", 60),
    "REQUEST_TOO_LARGE": GatewayAnswer(PayloadTooLarge, "The body is too large."),
    "RESOURCE_NOT_FOUND": GatewayAnswer(NotFound, "There is nothing at this path."),
    "THROTTLED": GatewayAnswer(RateLimited, "Too many requests.", 1),
    "UNAUTHORIZED": GatewayAnswer(NotAuthenticated, "A valid token is required."),
    "UNSUPPORTED_MEDIA_TYPE": GatewayAnswer(UnsupportedMediaType, "The body must be application/json."),
    "WAF_FILTERED": GatewayAnswer(Denied, REFUSED),
}


def definitions() -> dict[str, object]:
    """The table as the ``x-amazon-apigateway-gateway-responses`` of a Swagger body."""
    return {name: _definition(answer) for name, answer in ANSWERS.items()}


def _definition(answer: GatewayAnswer) -> dict[str, object]:
    fixed = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in answer.headers().items()}
    return {
        "statusCode": answer.kind.status,
        "responseTemplates": {"application/json": answer.body("$context.requestId").decode()},
        "responseParameters": fixed | {"gatewayresponse.header.X-Request-Id": "context.requestId"},
    }
