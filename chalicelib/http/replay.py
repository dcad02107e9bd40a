"""The answer to a write, given for the first time or again."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from chalicelib.access import authentication, credentials
from chalicelib.http.answers import JSON, Kept, Reply, Secret, with_fields
from chalicelib.http.call import Call
from chalicelib.http.idempotency import Ledger, fingerprint, run_once
from chalicelib.http.negotiation import content_type, parsed
from chalicelib.http.route import ID, Route
from chalicelib.storage.store import Wanted
from chalicelib.work.intents import carry_out

REPLAYED = {"Idempotency-Replayed": "true"}


def once(
    route: Route,
    call: Call,
    arguments: Mapping[str, str],
    raw: bytes,
    key: str,
    write: Callable[[Ledger], Kept],
) -> Reply:
    """A write at most once for its key, whose scope is the user (or the devices of a company), method and path."""
    holder = call.user.user if call.caller else "ingest"
    packed, replayed = run_once(
        call.store,
        f"{call.company}#{holder}",
        [route.method, route.path, *arguments.values(), key],  # however the path was spelled
        _fingerprint(route, call, raw),
        call.context,
        lambda ledger: write(ledger).pack(),
        _ahead(route, call, arguments),
    )
    return given(call, Kept.unpack(packed), replayed=replayed)


def _ahead(route: Route, call: Call, arguments: Mapping[str, str]) -> Sequence[Wanted]:
    """What the write is sure to read, where the ids of its path may be ids."""
    if route.ahead is None or not all(ID.fullmatch(value) for value in arguments.values()):
        return ()
    return route.ahead(call, *arguments.values())


def given(call: Call, kept: Kept, *, replayed: bool) -> Reply:
    """The answer as it goes out: work that it stands for carried out, its secrets worked out.

    A secret that has ended since is left out of a replay.
    """
    status, headers, body = kept.status, kept.headers, kept.body
    if kept.intent is not None:
        status, body = carry_out(call.store, call.company, kept.intent)
    if kept.secrets:
        body = with_fields(body, _secrets(call, kept.secrets, replayed))
    return status, headers | (REPLAYED if replayed else {}), body


def _secrets(call: Call, wanted: Mapping[str, Secret], replayed: bool) -> dict[str, str]:
    found = {}
    for field, secret in wanted.items():
        kind, company, holder, id = secret.reference.split(" ")
        if not replayed or authentication.lives(call.store, kind, company, holder, id, call.now):
            found[field] = secret.before + credentials.issue(kind, company, holder, id).text + secret.after
    return found


def _fingerprint(route: Route, call: Call, raw: bytes) -> str:
    """Of the body as its content type reads it (no body is an empty object), and the query."""
    if JSON in route.content_types and content_type(call) == JSON:
        return fingerprint(parsed(call, raw), call.raw_query)
    return fingerprint(hashlib.sha256(raw).hexdigest(), call.raw_query)
