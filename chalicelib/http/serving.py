"""What every request goes through, once down and once up.

The guard lets it in (authentication and rate limit, one round) -> a key that was used before is replayed -> query,
permission, ids and body -> the handler decides -> one transaction with the completion of the key -> the answer.
"""

import base64
from typing import Any

from chalice.app import Response

from chalicelib.access import limits
from chalicelib.errors import InProgress, Invalid, NotAuthenticated, NotFound, RateLimited, Unavailable, WbsyncError
from chalicelib.http.answers import JSON, Kept, Read, Reply, Written
from chalicelib.http.binding import bind, bind_query
from chalicelib.http.call import Call, Upload
from chalicelib.http.conditional import require_match, unless_known, wanted_tags
from chalicelib.http.fields import Body
from chalicelib.http.guards import admit, require_permission
from chalicelib.http.idempotency import LOCK_LOST, Ledger, checked_key
from chalicelib.http.negotiation import content_type, json_body, raw_body, require_acceptable, require_content_type
from chalicelib.http.pages import refusal, to_sign_in, too_often
from chalicelib.http.problems import problem
from chalicelib.http.references import with_unknown
from chalicelib.http.replay import given, once
from chalicelib.http.route import CHANGES, ID, Route
from chalicelib.http.telemetry import logger
from chalicelib.storage.calls import CONTESTED
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import ConditionFailed
from chalicelib.storage.work import AlsoFailed, commit


def serve(route: Route, call: Call, arguments: dict[str, str]) -> Response:
    """One request to one route; every domain error becomes its problem."""
    try:
        admit(route, call)
        return respond(call, perform(route, call, arguments))
    except WbsyncError as error:
        return respond(call, page) if (page := _page_instead(route, call, error)) else refused(call, error)


def _page_instead(route: Route, call: Call, error: WbsyncError) -> Reply | None:
    """What a person's browser shows where a program is told the problem."""
    if route.guard.leads_to_sign_in and isinstance(error, NotAuthenticated):
        return to_sign_in(call, error)
    if route.page and isinstance(error, RateLimited):
        return too_often(call, error)
    if not route.guard.leads_to_sign_in:
        return None
    _log(error)
    return refusal(call, error)


def refused(call: Call, error: WbsyncError) -> Response:
    """The problem answer of an error."""
    _log(error)
    return respond(call, problem(error, call.request_id))


def _log(error: WbsyncError) -> None:
    if error.status >= 500:
        logger.exception("request failed", exc_info=error)


def respond(call: Call, reply: Reply) -> Response:
    """The reply with the headers that every answer has; to HEAD without its body."""
    status, headers, body = reply
    return Sent(b"" if call.method == "HEAD" else body, status_code=status, headers={**_everywhere(call), **headers})


class Sent(Response):
    """An answer as Lambda hands it to the gateway: as text, or as base64 where it is none."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, object]:
        """The answer; which media types the gateway takes for binary ones does not matter."""
        answer: dict[str, object] = Response("", self.headers, self.status_code).to_dict()
        try:
            return answer | {"body": self.body.decode()}
        except UnicodeDecodeError:
            return answer | {"body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}


def _everywhere(call: Call) -> dict[str, str]:
    return {
        "X-Request-Id": call.request_id,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        **(limits.headers(call.allowance) if call.allowance else {}),
    }


def perform(route: Route, call: Call, arguments: dict[str, str]) -> Reply:
    """A request of somebody who was let in."""
    if route.page:
        call.query = bind_query(route.query, call.raw_query)
        page: Reply = route.handler(call, *arguments.values())
        return page
    if not route.writes:
        return unless_known(call, _read(route, call, arguments))
    raw = raw_body(call)
    key = checked_key(call.header_values("idempotency-key"))
    if key is None:
        return given(call, _write(route, call, arguments, raw, None), replayed=False)
    return once(route, call, arguments, raw, key, lambda ledger: _write(route, call, arguments, raw, ledger))


def _read(route: Route, call: Call, arguments: dict[str, str]) -> Reply:
    _check(route, call, arguments)
    for attempt in range(CONTESTED):
        call.reading = Reading(call.store)
        try:
            result = route.handler(call, *arguments.values())
            return (result if isinstance(result, Read) else Read(result)).reply()
        except ConditionFailed:  # what was read in several rounds does not fit together
            call.store.pause(attempt)
    raise Unavailable


def _check(route: Route, call: Call, arguments: dict[str, str]) -> None:
    """What is refused before anything is looked up."""
    if route.answer is not None:
        require_acceptable(call, route.produces)
    require_permission(route, call, arguments)  # whoever may not ask is not told how
    call.query = bind_query(route.query, call.raw_query)
    if not all(ID.fullmatch(value) for value in arguments.values()):
        raise NotFound


def _write(route: Route, call: Call, arguments: dict[str, str], raw: bytes, ledger: Ledger | None) -> Kept:
    """Validate, decide and commit, with the completion of the key in the same transaction."""
    _check(route, call, arguments)
    values: list[object] = [call, *arguments.values(), *_body(route, call, raw)]
    if route.method in CHANGES:
        wanted_tags(call)  # a header that says nothing is refused before anything is decided
    call.ledger = ledger

    def decide(reading: Reading) -> Written:
        call.reading = reading
        written: Written = route.handler(*values)
        if route.method in CHANGES:
            require_match(call, written.began)
        return written

    def completion(written: Any) -> list[Any]:
        return ledger.completion(Kept.of(written, route.status).pack()) if ledger else []

    try:
        written: Any = commit(call.store, decide, completion, known=ledger.known if ledger else None)
    except AlsoFailed as error:
        raise InProgress(LOCK_LOST) from error
    return Kept.of(written, route.status)


def _body(route: Route, call: Call, raw: bytes) -> list[Any]:
    """The body for the handler: its model, a file as it came, or nothing where the route takes an empty object only."""
    if JSON not in route.content_types:
        require_content_type(call, route.content_types)
        return [Upload(content_type(call), call.headers.get("content-type", ""), raw)]
    model, value = route.body or Body, json_body(call, raw)
    try:
        body = bind(model, value)
    except Invalid as refusal:
        raise with_unknown(call, getattr(model, "references", {}), value, refusal) from None
    return [] if route.body is None else [body]
