"""One company's data is never visible to another, by any path, filter, id or error text."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from chalicelib.handlers.wbs import NodeCreate, NodePatch
from chalicelib.http.route import Route
from chalicelib.ids import new_id
from infra import company
from tests.access.test_routes import filled, guarded
from tests.examples import slow
from tests.stage import Client, Stage

NODES = ("parent", "under", "wbs", "node")
LISTS = {"projects": "project", "ids": "labour", "keep": "labour"}
PLAIN = {  # what other fields of a body get, so that the request reaches the ids in it
    "name": "N",
    "role": "foreman",
    "label": "L",
    "date": "2026-06-03",
    "hours": 1,
    "reason": "r",
    "note": "n",
    "active": True,
    "status": "draft",
    "code": "NEW",
    "email": "new@isolation.example",
}


@dataclass
class House:
    """A company with one of everything; ``ids`` by what a path, filter or body calls them."""

    name: str
    client: Client
    made: dict[str, Any]
    ids: dict[str, str]


def build(stage: Stage, name: str) -> House:
    made = company.create(name, "pro", "UTC", f"owner@{name.lower()}.example", owner_name=f"{name} owner")
    owner = stage.owner.token(made["token"])
    project = owner.ok("POST", "/projects/", {"code": f"{name}-P", "name": f"{name} project"})["id"]
    node = None
    for level in ("North", "Ground", "Concrete", "Pour"):
        more = {"cost_code": f"{name}-C", "budget_hours": 10} if level == "Pour" else {}
        body = {"name": f"{name} {level}", "parent": node, **more}
        node = owner.ok("POST", f"/projects/{project}/wbs/", body)["id"]
    hand = {"name": f"{name} hand", "external_clock_id": f"{name}-1", "hourly_rate": 30}
    operative = owner.ok("POST", "/operatives/", hand)["id"]
    person = {"name": f"{name} person", "email": f"person@{name.lower()}.example", "role": "foreman"}
    user = owner.ok("POST", "/users/", person)["id"]
    owner.ok("POST", f"/projects/{project}/memberships/", {"user": user, "role": "project_manager"})
    token = owner.ok("POST", "/tokens/", {"label": f"{name} token", "user": user})["id"]
    hours = {"project": project, "operative": operative, "date": "2026-06-01", "hours": 8, "note": f"{name} note"}
    entry = owner.ok("POST", "/labour/", hours | {"cost_code": f"{name}-C", "status": "submitted"})["id"]
    ids = {"project": project, "operative": operative, "user": user, "submitted_by": user, "labour": entry}
    ids |= {"projects": project, "operatives": operative, "users": user, "tokens": token, "cost_code": f"{name}-C"}
    return House(name, owner, made, ids | dict.fromkeys(NODES, str(node)))


@pytest.fixture(scope="module")
def houses(stage: Stage) -> tuple[House, House]:
    return build(stage, "Alpha"), build(stage, "Bravo")


def nowhere(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same forms that name nothing."""
    found = {name: new_id() for name in ids}
    return found | dict.fromkeys(NODES, new_id() + new_id()) | {"cost_code": "NO-SUCH"}


def slots(route: Route) -> list[str]:
    """The places of a request that take an id: in the path, the filters and the body."""
    named = {item.encode_name for model in (route.query, route.body) if model for item in fields(model)}
    known = set(NODES) | set(LISTS) | {"project", "operative", "user", "submitted_by", "cost_code"}
    if route.body in {NodeCreate, NodePatch}:
        known -= {"cost_code"}  # a node is given a code there: it names nothing
    return sorted(
        {f"in:{name}" for name in named & known} | {f"at:{name}" for name in re.findall(r"{(\w+)}", route.path)}
    )


def ask(client: Client, route: Route, given_ids: dict[str, str], other: dict[str, str], foreign: list[str]) -> Any:
    """One request with the foreign slots filled from ``other``; its answer without what differs by nature."""

    def pick(slot: str, name: str) -> str:
        return (other if slot in foreign else given_ids)[name]

    group = route.path.split("/")[3]
    at = given_ids | ({group: pick("at:id", group)} if group in given_ids and "{id}" in route.path else {})
    at |= {"user": pick("at:user", "user")} if "{user}" in route.path else {}
    chosen: dict[str, Any] = {}
    for model, plain in ((route.body, PLAIN), (route.query, {})):
        for item in fields(model) if model else ():
            name = item.encode_name
            if f"in:{name}" in foreign:
                value = pick(f"in:{name}", LISTS.get(name, name))
                chosen[name] = [value] if name in LISTS else value
            elif name in given_ids and item.required:
                chosen[name] = given_ids[name]
            elif name in plain and item.required:
                chosen[name] = plain[name]
    query = "&".join(f"{name}={value}" for name, value in chosen.items() if not route.writes)
    reply = client.send(route.method, f"{filled(route, at)}?{query}", chosen if route.writes else None)
    text = reply.text
    for id in sorted({*other.values(), *chosen.values()} if not route.writes else set(other.values()), key=len):
        text = text.replace(str(id), "<id>")
    return reply, re.sub(r'("request_id":)"[^"]*"', r"\1", text)


@slow(100)
@given(st.data())
def test_another_companys_ids_answer_exactly_as_ids_that_do_not_exist(
    houses: tuple[House, House], data: st.DataObject
) -> None:
    own, other = data.draw(st.permutations(houses))
    route = data.draw(st.sampled_from([route for route in guarded() if slots(route)]), label="route")
    foreign = data.draw(st.lists(st.sampled_from(slots(route)), min_size=1, unique=True), label="foreign")
    if route.method == "DELETE" and "at:id" not in foreign:
        foreign.append("at:id")  # or it deletes one's own
    seen, shown = ask(own.client, route, own.ids, other.ids, foreign)
    missing, expected = ask(own.client, route, own.ids, nowhere(own.ids), foreign)
    assert (seen.status, shown) == (missing.status, expected)
    assert other.name not in seen.text
    assert not route.writes or not 200 <= seen.status < 300 or '"skipped"' in seen.text


def test_what_two_companies_make_is_listed_by_each_alone(houses: tuple[House, House]) -> None:
    for own, other in (houses, houses[::-1]):
        for group in ("projects", "operatives", "users", "tokens", "labour", "memberships"):
            reply = own.client.send("GET", f"/api/v1/{group}/")
            assert reply.body["count"] == len(reply.body["results"]) > 0
            text = reply.text
            assert other.name not in text and not any(id in text for id in other.ids.values())


def test_a_cursor_of_one_company_is_no_page_of_another(houses: tuple[House, House]) -> None:
    own, other = houses
    link = own.client.ok("GET", "/users/?page_size=1")["next"]
    assert own.client.send("GET", link).status == 200
    assert other.client.send("GET", link).body["code"] == "invalid_page"


def test_a_punch_that_names_another_companys_clock_id_and_project_finds_neither(
    stage: Stage, houses: tuple[House, House]
) -> None:
    own, other = houses
    device = Client(stage.gateway, {"X-Inbound-Secret": own.made["ingest_secret"]})
    times = {"clock_in": "2026-06-05T07:00:00Z", "clock_out": "2026-06-05T15:00:00Z"}
    foreign, unknown = (
        device.send("POST", "/api/v1/clock-events/ingest/", {"clock_id": clock, "project_code": code, **times}).body
        for clock, code in ((f"{other.name}-1", f"{other.name}-P"), ("no-1", "no-P"))
    )
    kept = ("status", "reason", "labour_entry", "duplicate")
    assert [foreign[name] for name in kept] == [unknown[name] for name in kept]
    assert foreign["status"] == "unmatched_operative"


def test_the_same_email_clock_id_and_codes_exist_in_several_companies(houses: tuple[House, House]) -> None:
    own, other = houses
    person = {"name": "Both", "email": f"person@{other.name.lower()}.example", "role": "operative"}
    assert own.client.send("POST", "/api/v1/users/", person).status == 201
    assert own.client.send("POST", "/api/v1/users/", person).status == 409
    hand = {"name": "Both", "external_clock_id": f"{other.name}-1"}
    assert own.client.send("POST", "/api/v1/operatives/", hand).status == 201
