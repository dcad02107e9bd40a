"""`ETag`, `If-Match`, and changes of one row at once: all of them survive, or the client is told."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

import pytest

from chalicelib.http.routes import ROUTES
from tests.faults import harness
from tests.faults.harness import Meeting, storage
from tests.faults.scenarios import SCENARIOS, Sent, Site, route_of
from tests.stage import Client, Reply

RACERS = 20
READABLE = {route.path for route in ROUTES if route.method == "GET"}
OTHERS = {"(a small move)", "(a large move)", "(many nodes)"}  # what happens meanwhile there is to other nodes
VERSIONED = [
    name
    for name in SCENARIOS
    if name.split()[0] in {"PATCH", "DELETE"} and name.split()[1] in READABLE and not name.endswith(tuple(OTHERS))
    if name != "DELETE /api/v1/tokens/{id}"  # it changes once, and is 404 then: tests/access/test_tokens.py
]


@pytest.fixture(autouse=True)
def _tables(site: Site) -> Iterator[None]:
    """Every test starts from the site as it was made."""
    start = harness.saved()
    yield
    harness.put_back(start)


def tag_of(sent: Sent) -> str:
    return sent.client.send("GET", f"/api/v1{sent.path}").headers["etag"]


def send(name: str, sent: Sent, tag: str) -> Reply:
    client = Client(harness.PATIENT, sent.client.headers)
    return client.send(name.split()[0], f"/api/v1{sent.path}", sent.body, If_Match=tag)


def stale(reply: Reply) -> bool:
    return (reply.status, reply.body["code"]) == (412, "precondition_failed")


def test_every_change_of_a_single_resource_is_among_them() -> None:
    changes = {f"{route.method} {route.path}" for route in ROUTES if route.method in {"PATCH", "DELETE"}}
    listed_only = {
        "DELETE /api/v1/tokens/{id}",
        "DELETE /api/v1/projects/{id}/holidays/{date}",
        "PATCH /api/v1/wbs/{id}/progress/{measurement}",
        "DELETE /api/v1/wbs/{id}/progress/{measurement}",
    }
    assert {route_of(name) for name in VERSIONED} == changes - listed_only


@pytest.mark.parametrize("name", VERSIONED)
def test_the_tag_changes_with_the_row_and_a_stale_one_is_412_and_changes_nothing(site: Site, name: str) -> None:
    sent = SCENARIOS[name](site)
    old = tag_of(sent)
    assert tag_of(sent) == old
    assert sent.meanwhile is not None
    sent.meanwhile()
    new, before = tag_of(sent), harness.rows()
    assert new != old
    for tag in (old, f'{old}, "another"', '"unheard-of"', old.strip('"'), f"W/{new}"):
        assert stale(send(name, sent, tag))
    assert harness.rows() == before
    start = harness.saved()
    for tag in ("*", f"{old}, {new}", new):
        harness.put_back(start)
        done = send(name, sent, tag)
        assert done.status in {200, 204}
        if done.status == 200:
            assert done.headers["etag"] == tag_of(sent) not in {old, new}


@pytest.mark.parametrize("name", VERSIONED)
def test_no_change_of_another_slips_in_between_the_check_of_the_tag_and_the_write(site: Site, name: str) -> None:
    sent = SCENARIOS[name](site)
    assert sent.meanwhile is not None
    start, tag = harness.saved(), tag_of(sent)
    with storage(harness.sound) as client:
        assert send(name, sent, tag).status in {200, 204}
    for number in range(client.calls.index("transact_write_items") + 1):
        harness.put_back(start)
        with storage(harness.sleeps(number, sent.meanwhile)):
            assert stale(send(name, sent, tag)), f"changed before call {number}"


FIELDS: dict[str, Callable[[Site], tuple[Client, str, dict[str, Any]]]] = {
    "project": lambda site: (
        site.owner,
        f"/projects/{site.project}/",
        {
            "code": "P-20",
            "name": "Pier",
            "status": "on_hold",
            "currency": "USD",
            "contract_value": 12,
            "planned_rate": 41.5,
            "start_date": "2026-01-01",
            "finish_date": "2026-12-31",
            "timezone": "Asia/Tokyo",
            "working_days": [1, 2, 6],
        },
    ),
    "operative": lambda site: (
        site.owner,
        f"/operatives/{site.hand}/",
        {
            "name": "Olga",
            "external_clock_id": "78",
            "trade": "mason",
            "employer": "Us",
            "hourly_rate": 33,
            "user": site.stage.made["owner"]["id"],
            "projects": [site.project],
            "active": False,
        },
    ),
    "user": lambda site: (
        site.owner,
        f"/users/{_id(site.foreman)}/",
        {"name": "Fay Two", "email": "fay.two@a.example", "role": "supervisor"},
    ),
    "company": lambda site: (
        site.owner,
        "/company/",
        {
            "name": "Acme Two",
            "timezone": "Asia/Tokyo",
            "currency": "USD",
            "daily_cap_hours": 12,
            "auto_add_operatives": True,
        },
    ),
    "membership": lambda site: (site.owner, _membership(site), {"role": "engineer", "expires_on": "2099-01-01"}),
    "activity": lambda site: (
        site.manager,
        f"/wbs/{site.activity}/",
        {
            "name": "Pour two",
            "cost_code": "C-20",
            "budget_hours": 12.5,
            "planned_rate": 41.5,
            "unit": "m3",
            "quantity": 3,
        },
    ),
    "entry": lambda site: (
        site.foreman,
        site.entry(),
        {"hours": 7.25, "quantity": 3, "note": "Second lift", "date": "2026-06-09", "operative": site.operative("Ida")},
    ),
}


def _id(client: Client) -> str:
    return str(client.ok("GET", "/me/")["user"]["id"])


def _membership(site: Site) -> str:
    path = f"/projects/{site.project}/memberships/"
    site.owner.ok("POST", path, {"user": _id(site.foreman), "role": "supervisor"})
    return f"{path}{_id(site.foreman)}/"


def test_every_resource_that_can_be_changed_is_among_those_that_race() -> None:
    assert len(FIELDS) == len({route.path for route in ROUTES if route.method == "PATCH" and route.path in READABLE})


def race(client: Client, path: str, requests: list[tuple[str, Any]], **headers: str) -> list[Reply]:
    """The answers to requests that have all read the row before any of them writes it."""

    def one(request: tuple[str, Any]) -> Reply:
        return Client(harness.PATIENT, client.headers).send(request[0], f"/api/v1{path}", request[1], **headers)

    with harness.replaced(lambda sound: Meeting(sound, len(requests))), ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(one, requests))


def number_of(tag: str) -> int:
    return int(tag.strip('"').rpartition("-")[2])


@pytest.mark.parametrize("name", FIELDS)
def test_twenty_changes_of_different_fields_at_once_all_survive_each_with_a_tag_of_its_own(
    site: Site, name: str
) -> None:
    client, path, values = FIELDS[name](site)
    before = client.send("GET", f"/api/v1{path}").headers["etag"]
    requests = [("PATCH", {field: value}) for field, value in islice(cycle(values.items()), RACERS)]
    replies = race(client, path, requests)
    assert [reply.status for reply in replies] == [200] * RACERS
    row = client.send("GET", f"/api/v1{path}")
    assert {field: _plain(row.body[field], value) for field, value in values.items()} == values
    tags = sorted(number_of(reply.headers["etag"]) for reply in replies)
    assert tags == list(range(tags[0], tags[0] + RACERS)) and tags[0] == number_of(before) + 1
    assert number_of(row.headers["etag"]) == tags[-1]
    for reply, (_, body) in zip(replies, requests, strict=True):
        [(field, value)] = body.items()
        assert _plain(reply.body[field], value) == value, "the answer shows the change that it confirms"


def _plain(found: Any, sent: Any) -> Any:
    """A figure, read with its digits, as the number that was sent."""
    number = isinstance(sent, int | float) and not isinstance(sent, bool)
    return type(sent)(Decimal(found)) if number else found


@pytest.mark.parametrize("name", FIELDS)
def test_of_twenty_changes_that_name_the_same_version_one_is_made(site: Site, name: str) -> None:
    client, path, values = FIELDS[name](site)
    tag = client.send("GET", f"/api/v1{path}").headers["etag"]
    requests = [("PATCH", {field: value}) for field, value in islice(cycle(values.items()), RACERS)]
    replies = race(client, path, requests, If_Match=tag)
    assert sorted(reply.status for reply in replies) == [200] + [412] * (RACERS - 1)
    assert number_of(client.send("GET", f"/api/v1{path}").headers["etag"]) == number_of(tag) + 1


@pytest.mark.parametrize("name", ["entry", "membership"])
def test_a_deletion_and_changes_that_name_the_same_version_exclude_each_other(site: Site, name: str) -> None:
    client, path, values = FIELDS[name](site)
    tag = client.send("GET", f"/api/v1{path}").headers["etag"]
    changes = [("PATCH", {field: value}) for field, value in islice(cycle(values.items()), RACERS // 2)]
    replies = race(client, path, [*changes, *[("DELETE", None)] * (RACERS // 2)], If_Match=tag)
    [won] = [reply.status for reply in replies if reply.status < 300]
    assert {reply.status for reply in replies} - {won} <= ({404} if won == 204 else {412})
    assert client.send("GET", f"/api/v1{path}").status == (404 if won == 204 else 200)


def test_twenty_changes_of_entries_of_one_operatives_day_all_survive(site: Site) -> None:
    """They share the row of the day."""
    entries = [site.entry(hours=1) for _ in range(4)]
    fields = [{"hours": 2}, {"note": "Rain"}, {"quantity": 3}, {"cost_code": "C-1"}, {"project": site.project}]
    sent = [(path, body) for path in entries for body in fields]

    def one(request: tuple[str, Any]) -> int:
        path, body = request
        return Client(harness.PATIENT, site.foreman.headers).send("PATCH", f"/api/v1{path}", body).status

    with harness.replaced(lambda sound: Meeting(sound, RACERS)), ThreadPoolExecutor(RACERS) as pool:
        assert list(pool.map(one, sent)) == [200] * RACERS
    for path in entries:
        row = site.foreman.ok("GET", path)
        assert (row["hours"], row["note"], row["quantity"]) == ("2.00", "Rain", "3.0000")
    totals = site.manager.ok("GET", f"/labour/?operative={site.hand}&totals=true")["totals"]
    assert totals["hours"] == "8.00"
