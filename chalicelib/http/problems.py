"""Problem answers (RFC 9457): the one place where errors become answers."""

from chalicelib.encoding import encode
from chalicelib.errors import WbsyncError

TYPE = "application/problem+json"


def problem_body(error: WbsyncError, request_id: str) -> dict[str, object]:
    """The members of a problem."""
    body: dict[str, object] = {
        "type": f"urn:wbsync:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors:
        body["errors"] = {name: list(messages) for name, messages in error.errors.items()}
    return body | error.extra


def problem(error: WbsyncError, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error."""
    return error.status, {"Content-Type": TYPE, **error.headers}, encode(problem_body(error, request_id))
