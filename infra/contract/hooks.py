"""What the schema cannot say, said to the fuzzer: which ids exist, and which fields go together.

Only requests that are meant to be valid are touched; those meant to be invalid go out as they are. And
what was answered is counted, as a run in which every path leads to a 404 proves nothing.
"""

import atexit
import itertools
import json
import os
import re
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Dublin", "UTC", "America/St_Johns"]))

SITE = json.loads(os.environ["WBSYNC_SITE"])
FIELDS = {
    "project": SITE["projects"],
    "operative": SITE["operatives"],
    "user": SITE["users"],
    "parent": SITE["parent"],
    "under": SITE["parent"],
    "cost_code": "C-1",
    "expires_on": "2099-01-01",
    "expires_at": "2099-01-01T00:00:00Z",
    "clock_in": "2026-06-09T07:00:00Z",
    "clock_out": "2026-06-09T15:00:00Z",
    "updated_since": "2026-06-09T15:00:00Z",
    "date": "2026-06-09",
    "valid_from": "2026-06-09",
    "as_of": "2026-06-09",
    "baseline": "current",
    "closed_to": "2026-03-31",  # before all hours, so that closing it stops nothing else
}
ORDERED = (("start_date", "finish_date"), ("baseline_start", "baseline_finish"), ("date_from", "date_to"))
# A tree nests what other filters would take out of their places, so it is refused together with them; OpenAPI describes
# each query parameter by itself and has no words for that.
NOT_IN_A_TREE = frozenset({"level", "parent", "search", "updated_since", "include_deleted"})
# In the same way: a name and what it is not asked together with.
APART = {"updated_since": {"approvable"}, "project": {"node"}}
# A file of each kind that these imports take; what a fuzzer makes up is no workbook.
FILES = {
    "/labour/import/": "operative,date,project,hours,cost_code\n77,2026-06-11,{code},0.25,C-1\n",
    "/wbs/import/": "Location,Sub-Location,Discipline,Activity,Cost code,Budget hours\n"
    "Plant,Building,Concrete,Pour,C-1,80\n",
}
ROW = {"project": "", "operative": "", "date": "", "hours": 1}  # one that is no object has its problem in `errors`
# Ids that the other requests need: the caller, the token in use, and what the fields above name. To change or delete
# one would answer the rest of the run with 401, 403 and 404.
NEEDED = frozenset(SITE[name] for name in ("owner", "token", "projects", "operatives", "users"))
LONGEST_OVERLAP = 30 * 24 * 3600


@schemathesis.serializer("text/csv")
def csv(context: Any, value: Any) -> bytes:
    """A file as it is."""
    return value if isinstance(value, bytes) else str(value).encode(errors="ignore")


made: dict[str, list[str]] = {}  # by collection, what the run has created
entries: dict[str, list[str]] = dict(SITE["entries"])  # what may be done with each labour entry
answers: list[tuple[str, str, bool, int]] = []
turn = itertools.count()
# One operative's day takes 200 entries: hours go over many days.
days = itertools.cycle((date(2024, 7, 1) + timedelta(days=each)).isoformat() for each in range(700))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Make a request that the schema calls valid one that this company can answer."""
    _spare(case)
    if _valid(case) or case.method in {"PATCH", "DELETE"}:
        _fresh_key(case)
    if not _valid(case):
        return
    if case.path_parameters:
        _aim(case)
    if case.operation.path.endswith("/import/") and case.method == "POST":
        _give_file(case)
    elif isinstance(case.body, dict):
        case.body = _possible(case.body, case.operation.path, case.method)
    if case.query:
        _answerable(case.query)
    if case.operation.path.endswith("/s-curve/") and not {"project", "node"} & (case.query or {}).keys():
        case.query = {**(case.query or {}), "project": FIELDS["project"]}


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the answer, and learn from it which ids there are."""
    phase = case.meta.phase.name.value if case.meta else "other"
    answers.append((case.operation.label, phase, _valid(case), response.status_code))
    if response.status_code not in {200, 201} or "json" not in response.headers.get("content-type", [""])[0]:
        return
    body = json.loads(response.content)
    if response.status_code == 201 and "id" in body and len(_segments(case)) == 1:
        made.setdefault(_segments(case)[0], []).append(body["id"])
    for ending, name, member in (
        ("memberships", "members", "user"),
        ("wbs", "wbs", "id"),
        ("progress", "measured", "id"),
        ("holidays", "holidays", "date"),
    ):
        if response.status_code == 201 and case.operation.path.endswith(f"}}/{ending}/"):
            made.setdefault(name, []).append(body[member])
    for row in body.get("results", [body]):
        if "allowed_actions" in row:
            entries[row["id"]] = row["allowed_actions"]


@atexit.register
def _keep_counts() -> None:
    Path(os.environ["WBSYNC_ANSWERS"]).write_text(json.dumps(answers))


def _valid(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _segments(case: Any) -> list[str]:
    return list(case.operation.path.removeprefix("/api/v1/").strip("/").split("/"))


def _fresh_key(case: Any) -> None:
    """A key of the request's own where it has a good one: a key that was used is answered before If-Match is read."""
    if case.headers and re.fullmatch("[!-~]{1,255}", str(case.headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


def _spare(case: Any) -> None:
    """Keep what the other requests need: their ids, and the ingest secret, which ends at a rotation without overlap."""
    if _changes_one(case) and case.path_parameters.get("id") in NEEDED:
        case.path_parameters["id"] = uuid.uuid4().hex
    if case.operation.path.endswith("/ingest-secret/") and case.method == "POST":
        if isinstance(case.body, NotSet):
            case.body, case.media_type = {}, "application/json"
        seconds = case.body.get("overlap_seconds", 0) if isinstance(case.body, dict) else None
        if type(seconds) in {int, float} and 0 <= seconds <= LONGEST_OVERLAP:
            case.body["overlap_seconds"] = LONGEST_OVERLAP


def _changes_one(case: Any) -> bool:
    return case.method in {"PATCH", "DELETE"} and _segments(case)[1:] == ["{id}"]


def _aim(case: Any) -> None:
    """Three paths of four lead to something that is there; a stateful scenario has ids of its own."""
    group, *rest = _segments(case)
    own = case.meta.phase.name.value == "stateful" or next(turn) % 4 == 0
    if own and not _adds_node(case.operation.path, case.method):
        return
    if group == "labour":
        action = rest[1] if rest[1:] else {"PATCH": "edit", "DELETE": "delete"}.get(case.method)
        case.path_parameters["id"] = _entry(action)
    elif group == "clock-events":
        events = SITE["events"]  # one that has become hours cannot be dismissed
        case.path_parameters["id"] = events.pop() if len(rest) > 1 and len(events) > 1 else events[-1]
    elif rest[1:2] == ["periods"] and case.method == "POST":  # a closing takes a minute, and is not reopened before
        case.path_parameters["id"] = SITE["closed" if rest[2:] else "closing"]
    elif _changes_one(case):
        ids = made.get(group) or [uuid.uuid4().hex]
        case.path_parameters["id"] = ids.pop() if case.method == "DELETE" else ids[-1]
    else:
        case.path_parameters["id"] = SITE.get(group) or uuid.uuid4().hex
    if "date" in case.path_parameters:
        case.path_parameters["date"] = (made.get("holidays") or [FIELDS["date"]]).pop()
    if "measurement" in case.path_parameters:
        case.path_parameters["measurement"] = (made.get("measured") or [uuid.uuid4().hex])[-1]
        if case.method == "DELETE" and made.get("measured"):
            made["measured"].pop()
    if "user" in case.path_parameters:
        members = made.get("members", []) if case.method == "DELETE" else [SITE["users"]]
        case.path_parameters["user"] = members.pop() if members else uuid.uuid4().hex


def _give_file(case: Any) -> None:
    [text] = [text for path, text in FILES.items() if case.operation.path.endswith(path)]
    case.body, case.media_type = text.format(code=SITE["code"]), "text/csv"


def _entry(action: str | None) -> str:
    """A labour entry with which this may be done, the newest first."""
    fit = [id for id, actions in list(entries.items()) if action is None or action in actions]
    if not fit:
        return uuid.uuid4().hex
    if action is not None:
        entries.pop(fit[-1], None)  # the answer tells what may be done next
    return fit[-1]


def _adds_node(path: str, method: str) -> bool:
    return path.endswith("/wbs/") and method == "POST"


def _possible(body: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    body = {name: _rounded(value) for name, value in body.items()}
    for name in body.keys() & FIELDS.keys():
        if body[name] is not None:
            body[name] = FIELDS[name]
    if "date" in body and (path.endswith("/holidays/") or _is_of_hours(path)):
        body["date"] = next(days)
    if path.endswith(("/ingest/", "/fix/")):
        body |= {name: FIELDS[name] for name in ("clock_in", "clock_out") if name in body or path.endswith("/fix/")}
        body["clock_in"] = FIELDS["clock_in"]
    if path.endswith("/bulk/"):
        rows = body["entries"] if isinstance(body["entries"], list) else []
        body["entries"] = [_possible(each if _is_row(each) else ROW, "/api/v1/labour/", method) for each in rows]
    if path.endswith(("/bulk-approve/", "/bulk-reject/")) and "ids" in body:  # or a project and its day
        body = {name: value for name, value in body.items() if name not in {"project", "date"}}
    if path.endswith("/resolve/"):
        body |= {"keep": SITE["clashing"], "reject_rest": False}
    if path.endswith("/reopen/") and "/periods/" in path:
        body.pop("closed_to", None)
    if path.endswith("/assign/"):
        body["operative"] = FIELDS["operative"]
    if "projects" in body:
        body["projects"] = [FIELDS["project"]]
    if path.endswith("/memberships/") and made.get("users"):
        body["user"] = made["users"][-1]
    if _adds_node(path, method):
        body |= {"parent": FIELDS["parent"], "cost_code": uuid.uuid4().hex, "earning_rule": "percent"}
    if path.endswith("/wbs/{id}/"):  # where a node may go depends on its level
        body.pop("parent", None)
    if "earning_rule" in body or "milestones" in body:  # most rules need fields of their own
        body = {name: value for name, value in body.items() if name != "milestones"} | {"earning_rule": "percent"}
    if "/progress/" in path:  # one measure of the three, the one that this activity's rule takes
        body = {name: value for name, value in body.items() if name in {"date", "note"}} | {"percent_complete": 0.5}
    _order(body)
    return body


def _is_of_hours(path: str) -> bool:
    return path.startswith("/api/v1/labour/") and not path.endswith("/bulk-approve/")


def _is_row(each: Any) -> bool:
    return isinstance(each, dict) and ROW.keys() <= each.keys()


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 2) or 0 if isinstance(value, float) else value


def _answerable(query: dict[str, Any]) -> None:
    for name in query.keys() & FIELDS.keys():
        query[name] = FIELDS[name]
    if "include_deleted" in query:
        query["updated_since"] = FIELDS["updated_since"]
    query.pop("reported", None)  # there is something once a period is closed, which takes a minute
    for name in query.keys() & APART.keys():
        for other in query.keys() & APART[name]:
            del query[other]
    if query.get("view") == "tree":
        for name in query.keys() & NOT_IN_A_TREE:
            del query[name]
    _order(query)


def _order(values: dict[str, Any]) -> None:
    for first, last in ORDERED:
        if first in values or last in values:
            values[first], values[last] = "2026-06-01", "2026-06-30"
