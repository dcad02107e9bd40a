"""Everything that can go wrong, in one tree; ``http/problems.py`` turns each into a problem answer.

WbsyncError
├── Invalid                  400 validation_error, names the fields
│   ├── InvalidJson          400 invalid_json
│   └── InvalidKey           400 invalid_idempotency_key
├── NotAuthenticated         401
├── Denied                   403 permission_denied
│   ├── PlanWithoutApi       403 plan_without_api
│   ├── OwnEntry             403 own_entry
│   └── CsrfFailed           403 csrf_failed
├── NotFound                 404
│   └── InvalidPage          404 invalid_page
├── MethodNotAllowed         405
├── NotAcceptable            406
├── PayloadTooLarge          413
├── UnsupportedMediaType     415
├── Conflict                 409 conflict, names the field
│   ├── InvalidTransition    409 invalid_transition
│   ├── ClashUnresolved      409 clash_unresolved
│   ├── CostCodeRequired     409 cost_code_required
│   ├── PeriodClosed         409 period_closed
│   ├── Inactive             409 inactive
│   ├── InUse                409 in_use
│   └── InProgress           409 idempotency_in_progress
├── PreconditionFailed       412
├── KeyReused                422 idempotency_key_reused
├── RateLimited              429
└── Unavailable              503
"""

from collections.abc import Mapping, Sequence

FieldErrors = Mapping[str, Sequence[str]]


class WbsyncError(Exception):
    """Base of all; ``detail`` is shown to the client, so it never holds anything internal."""

    status = 500
    code = "internal_error"
    title = "Internal error"
    says = ""
    """The detail where none is given; else it is the title."""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: FieldErrors | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        self.detail = detail or self.says or self.title
        super().__init__(self.detail)
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = extra


class Invalid(WbsyncError):
    status, code, title = 400, "validation_error", "The request is not valid"

    def __init__(self, detail: str = "", *, errors: FieldErrors | None = None) -> None:
        super().__init__(detail or ("Some fields are not valid." if errors else ""), errors=errors)


class InvalidJson(Invalid):
    code, title = "invalid_json", "The body is not valid JSON"


class InvalidKey(Invalid):
    code, title = "invalid_idempotency_key", "The Idempotency-Key is not valid"


class NotAuthenticated(WbsyncError):
    status, code, title = 401, "not_authenticated", "A valid token is required"

    next_step = "Send a token that is valid: Authorization: Bearer <token>. Settings → API & integrations makes one."

    def __init__(self, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail or self.next_step, headers={"WWW-Authenticate": "Bearer", **(headers or {})})


class Denied(WbsyncError):
    status, code, title = 403, "permission_denied", "You may not do this"


class PlanWithoutApi(Denied):
    code, title = "plan_without_api", "The company's plan does not include the API"


class OwnEntry(Denied):
    code, title = "own_entry", "Nobody approves an entry of their own"


class CsrfFailed(Denied):
    code, title = "csrf_failed", "The X-CSRF-Token header is missing or wrong"


class NotFound(WbsyncError):
    status, code, title = 404, "not_found", "Not found"
    says = "It does not exist, or you may not see it."


class InvalidPage(NotFound):
    code, title = "invalid_page", "There is no such page"
    says = "There is no such page. Start again without page and cursor."


class MethodNotAllowed(WbsyncError):
    status, code, title = 405, "method_not_allowed", "This method is not allowed here"


class NotAcceptable(WbsyncError):
    status, code, title = 406, "not_acceptable", "The answer has none of the accepted types"


class PayloadTooLarge(WbsyncError):
    status, code, title = 413, "payload_too_large", "The body is too large"


class UnsupportedMediaType(WbsyncError):
    status, code, title = 415, "unsupported_media_type", "The body has a type that is not taken here"


class Conflict(WbsyncError):
    status, code, title = 409, "conflict", "This value is taken"


class InvalidTransition(Conflict):
    code, title = "invalid_transition", "The entry is not in a state that allows this"


class ClashUnresolved(Conflict):
    code, title = "clash_unresolved", "An open clash holds this entry back"


class CostCodeRequired(Conflict):
    code, title = "cost_code_required", "Approving needs a cost code"


class PeriodClosed(Conflict):
    code, title = "period_closed", "The period is closed"


class Inactive(Conflict):
    code, title = "inactive", "It is not active"


class InUse(Conflict):
    code, title = "in_use", "It is in use"


class InProgress(Conflict):
    code, title = "idempotency_in_progress", "A request with this key is running"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


class PreconditionFailed(WbsyncError):
    status, code, title = 412, "precondition_failed", "The resource has changed"


class KeyReused(WbsyncError):
    status, code, title = 422, "idempotency_key_reused", "This key was used with another body"


class RateLimited(WbsyncError):
    status, code, title = 429, "rate_limited", "Too many requests"


class Unavailable(WbsyncError):
    status, code, title = 503, "unavailable", "Try again shortly"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


def of_code(code: str) -> type[WbsyncError]:
    """The kind of error that has a code."""
    waiting: list[type[WbsyncError]] = [WbsyncError]
    for kind in waiting:
        if kind.code == code:
            return kind
        waiting += kind.__subclasses__()
    return WbsyncError
