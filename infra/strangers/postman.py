"""A collection of requests as others import it from the served schema, and runs of it that a person would make.

A request stays as it was imported but for what a person fills in: ids of paths and of what a query needs, and in a body
the fields that a step names.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]
GOOD = "pm.test('is answered well', () => pm.expect(pm.response.code, pm.response.text()).to.be.within(200, 299));"
KEEP = "pm.environment.set('{name}', pm.response.json().{member});"
IDS = {"operative", "project", "user", "parent", "node"}  # fields of bodies and queries that hold an id


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a job: which, what a person writes into it, and what of its answer is kept for later steps.

    ``values`` replace fields of the example that was imported; ``ids`` stand in the path.
    """

    request: str
    values: Mapping[str, object] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)


def _node(keep: str, **values: object) -> Step:
    return Step("POST /api/v1/projects/:id/wbs/", values, {"id": "{{project}}"}, {keep: "id"})


JOB = (
    Step("POST /api/v1/projects/", keep={"project": "id"}),
    _node("location"),
    _node("floor", parent="{{location}}"),
    _node("discipline", parent="{{floor}}"),
    _node("wbs", parent="{{discipline}}", cost_code="C-101", budget_hours=80),
    Step("POST /api/v1/operatives/", {"external_clock_id": "1042"}, keep={"operative": "id"}),
    Step("POST /api/v1/users/", keep={"user": "id"}),
    Step("POST /api/v1/tokens/", {"user": "{{user}}"}, keep={"token": "id"}),
    Step("POST /api/v1/projects/:id/memberships/", {"user": "{{user}}"}, {"id": "{{project}}"}),
    Step("POST /api/v1/clock-events/ingest/", {"project_code": "C-101"}, keep={"event": "id", "shift": "labour_entry"}),
    Step("POST /api/v1/labour/:id/approve/", ids={"id": "{{shift}}"}),
    Step(
        "POST /api/v1/labour/",
        {"project": "{{project}}", "operative": "{{operative}}", "date": "2026-06-09"},
        keep={"labour": "id"},
    ),
    Step("GET /api/v1/labour/", keep={"count": "count"}),
    Step("POST /api/v1/projects/:id/periods/", {"closed_to": "2026-05-31"}, {"id": "{{project}}"}, {"job": "id"}),
)
HOURS = 8.0  # the shift of the imported example, without its break
ONE_OF = {"GET /api/v1/reports/s-curve/": "project"}  # what a person switches on: the request needs it or another


def job(collection: Mapping[str, Any]) -> dict[str, Any]:
    """The main job, made of imported requests: from an empty company to approved hours."""
    found = requests(collection)
    return _run(collection, [_stepped(deepcopy(found[step.request]), step) for step in JOB])


def reads(collection: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Every read as it was imported, with ids of the company in its path and in what its query needs."""
    chosen = {name: deepcopy(item) for name, item in requests(collection).items() if name.startswith("GET ")}
    for name, item in chosen.items():
        url = item["request"]["url"]
        before = dict(zip(url["path"][1:], url["path"], strict=False))  # ``projects`` stands before its ``:id``
        for variable in url.get("variable", []):
            group = before[f":{variable['key']}"]
            variable["value"] = ids[group if variable["key"] == "id" else variable["key"]]
        for each in url.get("query", []):
            if each["key"] == ONE_OF.get(name):
                each["disabled"] = False
            if each["key"] in IDS and not each.get("disabled"):
                each["value"] = ids[each["key"]]
    return _run(collection, [{**item, "event": [_test(GOOD)]} for item in chosen.values()])


def requests(collection: Mapping[str, Any]) -> dict[str, Item]:
    """The imported requests by method and path."""
    return {
        f"{item['request']['method']} /{'/'.join(item['request']['url']['path'])}": item for item in _all(collection)
    }


def filled_in(collection: Mapping[str, Any]) -> list[str]:
    """What an import fills in that nobody asked for: parameters that may be left out, and keys of requests."""
    found = []
    for name, item in requests(collection).items():
        asked = [*item["request"]["url"].get("query", []), *item["request"].get("header", [])]
        found += [
            f"{name}: {each['key']}"
            for each in asked
            if not each.get("disabled") and each["key"] in {"page", "cursor", "Idempotency-Key", "If-Match"}
        ]
    return found


def _all(folder: Mapping[str, Any]) -> Iterator[Item]:
    for each in folder["item"]:
        if "item" in each:
            yield from _all(each)
        else:
            yield each


def _stepped(item: Item, step: Step) -> Item:
    request = item["request"]
    for variable in request["url"].get("variable", []):
        variable["value"] = step.ids[variable["key"]]
    if step.values:
        request["body"]["raw"] = json.dumps(json.loads(request["body"]["raw"]) | dict(step.values))
    kept = [KEEP.format(name=name, member=member) for name, member in step.keep.items()]
    return {**item, "event": [_test(GOOD, *kept)]}


def _test(*lines: str) -> dict[str, object]:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": list(lines)}}


def _run(collection: Mapping[str, Any], items: list[Item]) -> dict[str, Any]:
    """A collection of these requests; two may have one name."""
    return {**collection, "item": [{**item, "id": f"{place}"} for place, item in enumerate(items)]}
