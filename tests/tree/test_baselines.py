"""Baselines are frozen whole, holidays are dates without work."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.storage.work import Decided, commit
from chalicelib.times import utc_now
from chalicelib.tree import baselines
from chalicelib.tree.bringing_back import brought_back
from chalicelib.tree.rows import Frozen
from tests.stage import Stage
from tests.tree.callers import owner
from tests.tree.conftest import Tree
from tests.tree.work import finish, one_step, unfinished


def frozen(company: str, activity: str) -> list[tuple[str, Decimal, str | None]]:
    rows = store().each(Query(model=Frozen, hash=key(company, activity), between=("baseline#", "baseline#~")))
    return [(row.sk, row.budget_hours, row.baseline_start) for row in rows]


def test_a_baseline_keeps_budget_hours_dates_and_calendar(tree: Tree, stage: Stage) -> None:
    company = stage.made["company"]["id"]
    *_, activity = tree.branch()
    tree.change(activity, budget_hours=10, baseline_start="2026-06-01", baseline_finish="2026-06-05")
    path = f"/projects/{tree.project}"
    tree.client.ok("POST", f"{path}/holidays/", {"date": "2026-06-03", "name": "King's day"})
    made = tree.client.ok("POST", f"{path}/baselines/", {"name": "Contract"})
    assert made["number"] == 1 and made["name"] == "Contract" and made["frozen_at"]
    tree.change(activity, budget_hours=20)
    tree.client.ok("DELETE", f"{path}/holidays/2026-06-03/")
    assert tree.client.ok("POST", f"{path}/baselines/", {"name": "Revised"})["number"] == 2
    assert frozen(company, activity) == [
        ("baseline#01", Decimal(10), "2026-06-01"),
        ("baseline#02", Decimal(20), "2026-06-01"),
    ]
    rows = list(store().each(baselines.baselines_of(company, tree.project)))
    assert [(row.number, row.holidays, row.working_days) for row in rows] == [
        (1, {"2026-06-03": "King's day"}, [1, 2, 3, 4, 5]),
        (2, {}, [1, 2, 3, 4, 5]),
    ]
    assert tree.client.ok("GET", f"{path}/baselines/")["results"][0] == made


@pytest.mark.long
def test_a_freeze_is_there_once_it_is_whole(tree: Tree, stage: Stage) -> None:
    """A crash at any step of a freeze leaves the state before or after; imports and large moves wait for it."""
    company = stage.made["company"]["id"]
    discipline = tree.branch()[2]
    activities = [tree.activity(f"A{n}", discipline, budget_hours=n) for n in range(95)]
    commit(store(), lambda reading: baselines.freeze(reading, owner(company), tree.project, "Contract", utc_now()))
    path, counts = f"/projects/{tree.project}/baselines/", [0]
    assert tree.client.send("POST", f"/api/v1{path}", {"name": "Other"}).status == 409
    for number in (0, 1, 0):
        tree.change(activities[number], budget_hours=777)  # what it was is kept, once
    late = tree.activity("Late", discipline, budget_hours=9)
    while work := unfinished(company):
        one_step(company, work[0].id)
        counts.append(tree.client.ok("GET", path)["count"])
    assert len(counts) > 2 and counts == [0] * (len(counts) - 1) + [1]
    assert frozen(company, late) == []
    assert [frozen(company, id)[0][1] for id in activities] == [Decimal(n) for n in range(95)]


def test_what_was_there_when_a_freeze_began_is_in_it_whatever_the_clocks_of_the_functions_say(
    tree: Tree, stage: Stage
) -> None:
    company = stage.made["company"]["id"]
    *_, activity = tree.branch()
    behind = utc_now() - timedelta(seconds=4)
    commit(store(), lambda reading: baselines.freeze(reading, owner(company), tree.project, "Contract", behind))
    finish(company)
    assert len(frozen(company, activity)) == 1


def test_what_is_made_or_comes_back_while_a_baseline_is_frozen_is_not_in_it_though_it_is_changed_at_once(
    tree: Tree, stage: Stage
) -> None:
    company = stage.made["company"]["id"]
    *_, discipline, activity = tree.branch()
    gone = tree.activity("Gone", discipline)
    assert tree.client.send("DELETE", f"/api/v1/wbs/{gone}/").status == 204
    ahead = utc_now() + timedelta(seconds=4)
    commit(store(), lambda reading: baselines.freeze(reading, owner(company), tree.project, "Contract", ahead))
    made = tree.activity("Made", discipline)
    commit(store(), lambda reading: Decided(brought_back(reading, company, gone, utc_now()), None))
    for late in (made, gone):
        tree.change(late, budget_hours=7)
    finish(company)
    assert [len(frozen(company, each)) for each in (activity, made, gone)] == [1, 0, 0]
    commit(store(), lambda reading: baselines.freeze(reading, owner(company), tree.project, "Revised", utc_now()))
    finish(company)
    assert [len(frozen(company, each)) for each in (activity, made, gone)] == [2, 1, 1]


def test_a_project_has_at_most_twenty_baselines(tree: Tree, stage: Stage) -> None:
    path = f"/api/v1/projects/{tree.project}/baselines/"
    numbers = [tree.client.send("POST", path, {"name": "B"}).body["number"] for _ in range(20)]
    assert numbers == list(range(1, 21))
    reply = tree.client.send("POST", path, {"name": "B"})
    assert (reply.status, reply.body["code"]) == (409, "in_use") and "20" in reply.body["detail"]
    assert stage.person("engineer", f"e{tree.project}").send("POST", path, {"name": "B"}).status == 403
    finish(stage.made["company"]["id"])


def test_holidays_are_listed_by_date_and_each_is_there_once(tree: Tree, stage: Stage) -> None:
    path = f"/projects/{tree.project}/holidays/"
    tree.client.ok("POST", path, {"date": "2026-12-26"})
    tree.client.ok("POST", path, {"date": "2026-12-25", "name": "Christmas"})
    assert tree.client.ok("GET", path)["results"] == [
        {"date": "2026-12-25", "name": "Christmas"},
        {"date": "2026-12-26", "name": None},
    ]
    twice = tree.client.send("POST", f"/api/v1{path}", {"date": "2026-12-25"})
    assert (twice.status, list(twice.body["errors"])) == (409, ["date"])
    assert [tree.client.send("DELETE", f"/api/v1{path}2026-12-26/").status for _ in range(2)] == [204, 404]
    assert tree.client.send("DELETE", f"/api/v1{path}2026-99-99/").status == 404
    assert (
        stage.person("foreman", f"f{tree.project}").send("POST", f"/api/v1{path}", {"date": "2026-01-01"}).status == 403
    )


def test_a_page_of_a_short_list_is_followed_by_its_links(tree: Tree) -> None:
    path = f"/projects/{tree.project}/holidays/"
    days = [f"2026-03-{day:02d}" for day in range(1, 6)]
    for day in days:
        tree.client.ok("POST", path, {"date": day})
    found, link = [], f"{path}?page_size=2"
    while link:
        page = tree.client.ok("GET", link.removeprefix("/api/v1"))
        found += [row["date"] for row in page["results"]]
        link = page["next"]
    assert found == days and page["count"] == 5
    back = tree.client.ok("GET", page["previous"].removeprefix("/api/v1"))
    assert [row["date"] for row in back["results"]] == days[2:4]
    assert tree.client.send("GET", f"/api/v1{path}?page=9").status == 404


def test_an_archived_project_takes_no_entries(tree: Tree, stage: Stage) -> None:
    tree.branch()
    hand = stage.owner.ok("POST", "/operatives/", {"name": "Ola"})["id"]
    stage.owner.ok("PATCH", f"/projects/{tree.project}/", {"status": "archived"})
    body = {"project": tree.project, "operative": hand, "date": "2026-06-08", "hours": 8, "cost_code": "C-1"}
    reply = stage.owner.send("POST", "/api/v1/labour/", body)
    assert (reply.status, reply.body["code"]) == (409, "inactive")
