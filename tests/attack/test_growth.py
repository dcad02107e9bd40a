"""What a user can make grow stops at its bound, and what has grown to it can still be read."""

import pytest

from tests.attack.conftest import GATEWAY_BYTES, attacked, no_row_is_larger_than_storage_takes
from tests.faults.scenarios import Site
from tests.stage import Stage

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
        assert reply.status in {201, 400, 409}, reply
    return place


@pytest.mark.parametrize("view", ["", "&view=tree", "&level=4", "&search=0"])
def test_a_page_of_the_largest_rows_is_bounded_in_bytes_and_the_walk_gives_every_row_once(
    stage: Stage, laden: str, view: str
) -> None:
    link, seen = f"/api/v1{laden}/wbs/?page_size=200{view}", list[str]()
    while link:
        reply = attacked(stage.owner, "GET", link)
        assert reply.status == 200 and len(reply.text.encode()) < GATEWAY_BYTES
        seen += [row["id"] for row in reply.body["results"]]
        link = reply.body["next"]
    assert len(seen) == len(set(seen)) > 0
    no_row_is_larger_than_storage_takes()


@pytest.mark.parametrize("group", ["projects", "operatives", "labour", "users", "tokens", "memberships"])
def test_no_page_number_overflows_anything(stage: Stage, group: str) -> None:
    for page in (99_999, 999_999, 1_000_000, 10_737_419, 2**31, 2**63, 10**40):
        for size in (1, 200):
            reply = attacked(stage.owner, "GET", f"/api/v1/{group}/?page={page}&page_size={size}")
            assert (reply.status, reply.body["code"]) == (404, "invalid_page")
