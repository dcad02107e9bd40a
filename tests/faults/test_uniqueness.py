"""Uniqueness holds when twenty requests race: one gets the value, the others a conflict that names the field."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from chalicelib.storage.store import store
from infra import company
from tests.faults import harness
from tests.faults.harness import Conflicting, Meeting, Rows
from tests.faults.scenarios import Site
from tests.stage import Client, Reply

RACERS = 20
FRESH = count(1)
"""Numbers for names that nobody else has."""


@dataclass(frozen=True)
class Sent:
    """A request of a race."""

    client: Client
    method: str
    path: str
    body: dict[str, Any]

    def send(self, key: str | None = None) -> Reply:
        """By a client of its own."""
        headers = {} if key is None else {"Idempotency_Key": key}
        return Client(harness.PATIENT, self.client.headers).send(
            self.method, f"/api/v1{self.path}", self.body, **headers
        )


def race(requests: list[Sent], keyed: bool) -> list[Reply]:
    """The answers to requests that all decide before any of them commits; with keys each has its own."""
    keys = [f"race-{next(FRESH)}" if keyed else None for _ in requests]
    with harness.replaced(lambda sound: Meeting(sound, len(requests))), ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(Sent.send, requests, keys))


def changed(before: Rows) -> Counter[str]:
    """How many rows of each table have come, gone or changed."""
    after = harness.rows()
    keys = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    return Counter(key.split(" ")[0].rpartition("-")[2] for key in keys)


def one_won(requests: list[Sent], replies: list[Reply], field: str) -> tuple[Sent, Reply]:
    """The request that got the value; all others got a conflict that names the field, and nothing else."""
    [won] = [place for place, reply in enumerate(replies) if reply.status in {200, 201}]
    for place, reply in enumerate(replies):
        if place != won:
            assert (reply.status, reply.body["code"]) == (409, "conflict"), reply
            assert set(reply.body["errors"]) == {field} and all(reply.body["errors"][field])
            assert reply.headers["content-type"] == "application/problem+json"
    return requests[won], replies[won]


def spelt(text: str, number: int) -> str:
    """The same value in comparison form, as somebody else writes it."""
    return (text, text.upper(), f" {text}  ", text.replace(" ", "  "))[number % 4]


def project(site: Site, value: str, number: int = 0) -> Sent:
    return Sent(site.manager, "POST", "/projects/", {"code": spelt(value, number), "name": f"Project {next(FRESH)}"})


def operative(site: Site, value: str, number: int = 0) -> Sent:
    """A clock ID is what a device sends: letters of another case are another ID."""
    return Sent(site.manager, "POST", "/operatives/", {"name": f"Hand {next(FRESH)}", "external_clock_id": value})


def user(site: Site, value: str, number: int = 0) -> Sent:
    body = {"name": f"User {next(FRESH)}", "email": (value, value.upper())[number % 2], "role": "foreman"}
    return Sent(site.owner, "POST", "/users/", body)


def top(site: Site, value: str, number: int = 0) -> Sent:
    return Sent(site.manager, "POST", f"/projects/{site.project}/wbs/", {"name": spelt(value, number)})


def below(site: Site, value: str, number: int = 0) -> Sent:
    body = {"name": spelt(value, number), "parent": site.discipline, "cost_code": f"X-{next(FRESH)}"}
    return Sent(site.manager, "POST", f"/projects/{site.project}/wbs/", body)


def activity(site: Site, value: str, number: int = 0) -> Sent:
    body = {"name": f"Activity {next(FRESH)}", "parent": site.discipline, "cost_code": spelt(value, number)}
    return Sent(site.manager, "POST", f"/projects/{site.project}/wbs/", body)


Makes = Callable[[Site, str, int], Sent]
UNIQUE: dict[str, tuple[str, Makes, str]] = {
    "project code": ("code", project, "straße 7"),
    "cost code": ("cost_code", activity, "straße 7"),
    "name at the top": ("name", top, "straße 7"),
    "name below a parent": ("name", below, "straße 7"),
    "clock ID": ("external_clock_id", operative, "Gate 7"),
    "e-mail": ("email", user, "straße@race.example"),
}
CHANGEABLE = ["project code", "clock ID", "e-mail"]
KEYS = pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with keys"])


@pytest.fixture(autouse=True)
def _tables(site: Site) -> Iterator[None]:
    """Every race starts from the site as it was made."""
    start = harness.saved()
    yield
    harness.put_back(start)


@KEYS
@pytest.mark.parametrize("name", UNIQUE)
def test_of_twenty_that_race_for_a_value_one_gets_it_and_only_its_rows_are_left(
    site: Site, name: str, keyed: bool
) -> None:
    field, makes, value = UNIQUE[name]
    start, before = harness.saved(), harness.rows()
    alone = makes(site, value, 0).send("alone" if keyed else None)
    expected = changed(before)
    harness.put_back(start)
    requests = [makes(site, value, number) for number in range(RACERS)]
    replies = race(requests, keyed)
    _, won = one_won(requests, replies, field)
    assert (alone.status, won.status) == (201, 201)
    assert changed(before) == expected, "what one request alone leaves"
    assert makes(site, value, 1).send().status == 409


@KEYS
@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_change_races_with_a_creation_and_the_value_is_free_again_when_the_winner_gives_it_up(
    site: Site, name: str, keyed: bool
) -> None:
    field, makes, value = UNIQUE[name]
    requests = [makes(site, value, number) for number in range(RACERS // 2)]
    for number in range(RACERS // 2):
        made = makes(site, f"{next(FRESH)}.{value}", 0)
        id = made.send().body["id"]
        wanted = makes(site, value, number).body[field]
        requests.append(Sent(made.client, "PATCH", f"{made.path}{id}/", {field: wanted}))
    replies = race(requests, keyed)
    won, reply = one_won(requests, replies, field)
    holder = won.path if won.method == "PATCH" else f"{won.path}{reply.body['id']}/"
    assert makes(site, value, 1).send().status == 409
    freed = Sent(won.client, "PATCH", holder, {field: f"{next(FRESH)}.{value}"})
    assert freed.send("freed" if keyed else None).status == 200
    again = [makes(site, value, number) for number in range(RACERS)]
    one_won(again, race(again, keyed), field)


def test_a_clock_id_that_is_taken_away_is_free_again(site: Site) -> None:
    site.manager.ok("PATCH", f"/operatives/{site.hand}/", {"external_clock_id": None})
    again = [operative(site, "77") for _ in range(RACERS)]
    one_won(again, race(again, keyed=False), "external_clock_id")


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_value_is_unique_in_its_company_only(site: Site, name: str) -> None:
    field, makes, value = UNIQUE[name]
    rival = site.stage.owner.token(company.create("Rival", "pro", "UTC", "rival@rival.example")["token"])
    ours = [makes(site, value, number) for number in range(RACERS // 2)]
    theirs = [Sent(rival, sent.method, sent.path, sent.body) for sent in ours]
    replies = race([*ours, *theirs], keyed=False)
    one_won(ours, replies[: len(ours)], field)
    one_won(theirs, replies[len(ours) :], field)


def test_a_cost_code_is_unique_in_its_project_and_a_name_among_its_siblings_only(site: Site) -> None:
    other = site.manager.ok("POST", "/projects/", {"code": "P-2", "name": "Pier"})["id"]
    parent = None
    for name in ("North", "Ground", "Concrete"):
        parent = site.manager.ok("POST", f"/projects/{other}/wbs/", {"name": name, "parent": parent})["id"]
    body = {"name": "Pour", "parent": parent, "cost_code": "C-1"}
    assert Sent(site.manager, "POST", f"/projects/{other}/wbs/", body).send().status == 201
    assert site.manager.send("POST", f"/api/v1/projects/{other}/wbs/", {"name": "Concrete"}).status == 201


def test_twenty_siblings_that_are_made_at_once_all_come_to_be_each_in_a_place_of_its_own(site: Site) -> None:
    requests = [top(site, f"Sibling {number}") for number in range(RACERS)]
    replies = race(requests, keyed=False)
    assert [reply.status for reply in replies] == [201] * RACERS
    assert len({reply.body["position"] for reply in replies}) == RACERS


def test_twenty_at_once_meet_no_503_on_storage_that_cancels_overlapping_transactions(site: Site) -> None:
    """The row that they share is their parent's; each conflict of one is the success of another."""
    requests = [below(site, f"Sibling {number}") for number in range(RACERS)]
    requests += [project(site, "one code", number) for number in range(RACERS)]
    sound, paused = store().client, store().sleep
    conflicting = Conflicting(sound)
    store().client, store().sleep = conflicting, time.sleep
    try:
        replies = race(requests, keyed=True)
    finally:
        store().client, store().sleep = sound, paused
    assert conflicting.conflicts > 0
    assert [reply.status for reply in replies[:RACERS]] == [201] * RACERS
    one_won(requests[RACERS:], replies[RACERS:], "code")
