"""What a user can make grow stops at its bound, and what has grown to it can still be read."""

import pytest

from chalicelib.access.makers import MOST_BEHIND, MOST_MAKERS
from chalicelib.people.users import MOST_OWNERS
from chalicelib.tree.plan import MOST_MILESTONE_BYTES, MOST_MILESTONES
from infra import company
from infra.simulator.stage import own_token
from tests.attack.conftest import GATEWAY_BYTES, attacked, no_row_is_larger_than_storage_takes
from tests.faults.scenarios import Site
from tests.stage import Client, Stage

ACTIVITIES = 60
WIDE = "\U0001f9f1"  # four bytes of UTF-8


@pytest.fixture(scope="module")
def laden(site: Site) -> str:
    """Activities with as many and as long milestones as one may have; the project's path."""
    place = f"/projects/{site.project}"
    for number in range(ACTIVITIES):
        milestones = [{"name": f"{part:02}{WIDE * 95}", "weight": 0.02} for part in range(50)]
        body = {"name": f"{number:03}{WIDE * 190}", "parent": site.discipline, "cost_code": f"M-{number}"}
        body |= {"earning_rule": "milestones", "milestones": milestones, "budget_hours": 1}
        reply = site.manager.send("POST", f"/api/v1{place}/wbs/", body)
        assert reply.status == 201, reply
    return place


@pytest.mark.parametrize(
    ("view", "least"), [("", ACTIVITIES), ("&view=tree", 1), ("&level=4", ACTIVITIES), ("&search=0", ACTIVITIES)]
)
def test_a_page_of_the_largest_rows_is_bounded_in_bytes_and_the_walk_gives_every_row_once(
    stage: Stage, laden: str, view: str, least: int
) -> None:
    link, seen = f"/api/v1{laden}/wbs/?page_size=200{view}", list[str]()
    while link:
        reply = attacked(stage.owner, "GET", link)
        assert reply.status == 200 and len(reply.text.encode()) < GATEWAY_BYTES
        seen += [row["id"] for row in reply.body["results"]]
        link = reply.body["next"]
    assert len(seen) == len(set(seen)) >= least
    no_row_is_larger_than_storage_takes()


@pytest.mark.parametrize("group", ["projects", "operatives", "labour", "users", "tokens", "memberships"])
def test_no_page_number_overflows_anything(stage: Stage, group: str) -> None:
    for page in (99_999, 999_999, 1_000_000, 10_737_419, 2**31, 2**63, 10**40):
        for size in (1, 200):
            reply = attacked(stage.owner, "GET", f"/api/v1/{group}/?page={page}&page_size={size}")
            assert (reply.status, reply.body["code"]) == (404, "invalid_page")


@pytest.mark.parametrize(
    ("count", "bytes_each", "status"),
    [
        (MOST_MILESTONES, 200, 201),
        (MOST_MILESTONES, 201, 400),
        (MOST_MILESTONES + 1, 8, 400),
    ],
)
def test_milestones_stop_at_their_number_and_at_the_bytes_of_their_names(
    site: Site, count: int, bytes_each: int, status: int
) -> None:
    assert MOST_MILESTONES * 200 == MOST_MILESTONE_BYTES
    steps = [{"name": f"{n:04}".ljust(bytes_each, "x")[:200], "weight": 0.01} for n in range(count)]
    if bytes_each > 200:  # a name has 200 characters at most, so one of them is wider
        steps[0]["name"] = "\u00e9" + steps[0]["name"][1:]
    body = {"name": f"M {count} {bytes_each}", "parent": site.discipline, "cost_code": f"MS-{count}-{bytes_each}"}
    body |= {"earning_rule": "milestones", "milestones": steps, "budget_hours": 1}
    reply = site.manager.send("POST", f"/api/v1/projects/{site.project}/wbs/", body)
    assert reply.status == status, reply
    assert status == 201 or str(MOST_MILESTONES) in reply.text


def person(owner: Client, number: int, role: str) -> str:
    body = {"name": f"P{number}", "email": f"p{number}@growth.example", "role": role}
    return str(owner.ok("POST", "/users/", body)["id"])


def house(stage: Stage, name: str) -> tuple[Client, str]:
    """The owner of a company of its own."""
    made = company.create(name, "pro", "UTC", f"owner@{name.lower()}.example")
    return stage.owner.token(made["token"]), made["company"]["id"]


def test_owners_stop_at_their_number(stage: Stage) -> None:
    owner, _ = house(stage, "Owners")
    for number in range(MOST_OWNERS - 1):
        person(owner, number, "owner")
    body = {"name": "One more", "email": "more@growth.example", "role": "owner"}
    reply = owner.send("POST", "/api/v1/users/", body)
    assert (reply.status, reply.body["code"]) == (409, "in_use") and str(MOST_OWNERS) in reply.text


def test_a_chain_of_makers_stops_at_its_length(stage: Stage) -> None:
    owner, _ = house(stage, "Chain")
    client = owner
    for number in range(MOST_BEHIND):
        made = client.ok("POST", "/tokens/", {"label": "next", "user": person(owner, number, "admin")})
        client = owner.token(made["token"])
    reply = client.send("POST", "/api/v1/tokens/", {"label": "too far", "user": person(owner, 99, "admin")})
    assert (reply.status, reply.body["code"]) == (409, "in_use") and str(MOST_BEHIND) in reply.text


def test_people_who_made_credentials_for_others_stop_at_their_number(stage: Stage) -> None:
    owner, id = house(stage, "Makers")
    invited = person(owner, 0, "admin")
    for number in range(1, MOST_MAKERS + 2):
        maker = person(owner, number, "admin")
        reply = owner.token(own_token(id, maker)).send("POST", f"/api/v1/users/{invited}/invite/")
        invited = maker
        assert (reply.status == 201) is (number <= MOST_MAKERS), (number, reply)
    assert (reply.status, reply.body["code"]) == (409, "in_use") and str(MOST_MAKERS) in reply.text
