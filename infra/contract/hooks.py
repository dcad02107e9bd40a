"""What the schema cannot say, said to the fuzzer: which ids exist, and which fields go together.

Only requests that are meant to be valid are touched; those meant to be invalid go out as they are.
"""

import os
import uuid
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Dublin", "UTC", "America/St_Johns"]))

KNOWN = {
    "project": os.environ["WBSYNC_PROJECT"],
    "operative": os.environ["WBSYNC_OPERATIVE"],
    "user": os.environ["WBSYNC_USER"],
    "parent": os.environ["WBSYNC_PARENT"],
    "under": os.environ["WBSYNC_PARENT"],
    "cost_code": "C-1",
    "expires_on": "2099-01-01",
    "expires_at": "2099-01-01T00:00:00Z",
    "clock_in": "2026-06-09T07:00:00Z",
    "clock_out": "2026-06-09T15:00:00Z",
    "updated_since": "2026-06-09T15:00:00Z",
}
# A tree nests what other filters would take out of their places, so it is refused together with them; OpenAPI describes
# each query parameter by itself and has no words for that.
NOT_IN_A_TREE = frozenset({"level", "parent", "search", "updated_since", "include_deleted"})
ORDERED = (("start_date", "finish_date"), ("baseline_start", "baseline_finish"), ("date_from", "date_to"))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Make a request that the schema calls valid one that this company can answer."""
    if case.headers and "Idempotency-Key" in case.headers and _valid(case):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if not _valid(case):
        return
    if case.operation.path.endswith("/wbs/") and case.method == "POST":
        case.path_parameters["id"] = KNOWN["project"]
    if isinstance(case.body, dict):
        case.body = _possible(case.body, case.operation.path, case.method)
    if case.query:
        for name in case.query.keys() & KNOWN.keys():
            case.query[name] = KNOWN[name]
        if "include_deleted" in case.query:
            case.query["updated_since"] = KNOWN["updated_since"]
        if case.query.get("view") == "tree":
            for name in case.query.keys() & NOT_IN_A_TREE:
                del case.query[name]
        _order(case.query)


def _valid(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _possible(body: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    body = {name: _rounded(value) for name, value in body.items()}
    for name in body.keys() & KNOWN.keys():
        if body[name] is not None:
            body[name] = KNOWN[name]
    if path.endswith("/ingest/"):
        body["clock_in"] = KNOWN["clock_in"]
    if "projects" in body:
        body["projects"] = [KNOWN["project"]]
    if path.endswith("/wbs/") and method == "POST":
        body |= {"parent": KNOWN["parent"], "cost_code": uuid.uuid4().hex, "earning_rule": "percent"}
    _order(body)
    return body


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 2) or 0 if isinstance(value, float) else value


def _order(values: dict[str, Any]) -> None:
    for first, last in ORDERED:
        if first in values or last in values:
            values[first], values[last] = "2026-06-01", "2026-06-30"
