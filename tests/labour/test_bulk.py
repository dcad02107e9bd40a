"""Many entries in one request: all or nothing, each named, and safe to run twice at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.labour.conftest import DAY, NEXT, Site, code
from tests.stage import Client, Reply


def send(client: Client, rows: list[Any], query: str = "", **headers: str) -> Reply:
    return client.send("POST", f"/api/v1/labour/bulk/{query}", {"entries": rows}, **headers)


def approve(client: Client, **body: Any) -> Any:
    return client.ok("POST", "/labour/bulk-approve/", body)


def test_a_crew_sheet_becomes_entries_in_its_order(site: Site) -> None:
    hands = [site.hand() for _ in range(4)]
    rows = [site.hours(hand, date=day, hours=4) for day in (DAY, NEXT) for hand in hands]
    reply = send(site.foreman, rows)
    assert (reply.status, reply.body["errors"]) == (201, [])
    made = reply.body["entries"]
    assert [(row["operative"], row["date"]) for row in made] == [(row["operative"], row["date"]) for row in rows]
    assert {row["status"] for row in made} == {"submitted"} and made[0]["cost_code"] == "C-1"
    assert site.read(made[0]["id"])["hours"] == "4.00"


def test_every_bad_row_is_named_and_nothing_is_written(site: Site) -> None:
    hand, idle = site.hand(), site.hand()
    site.owner.ok("PATCH", f"/operatives/{idle}/", {"active": False})
    rows = [
        site.hours(hand),
        site.hours(hand, hours=25),
        site.hours("nosuchone1"),
        site.hours(hand, cost_code="Q"),
        site.hours(idle),
        site.hours(hand, colour="red"),
        "no object",
        site.hours(hand, date="2999-01-01"),
    ]
    reply = send(site.foreman, rows)
    assert code(reply) == (400, "validation_error")
    assert set(reply.body["errors"]) == {
        "entries.1.hours",
        "entries.2.operative",
        "entries.3.cost_code",
        "entries.4.operative",
        "entries.5.colour",
        "entries.6.body",
        "entries.7.date",
    }
    assert site.manager.ok("GET", f"/labour/?operative={hand}")["count"] == 0


def test_a_partial_sheet_writes_the_good_rows_and_names_the_others(site: Site) -> None:
    hand = site.hand()
    rows = [site.hours(hand, hours=1), site.hours(hand, hours=-1), site.hours("nosuchone1"), site.hours(hand, hours=2)]
    body = send(site.foreman, rows, "?partial=true").body
    assert [row["hours"] for row in body["entries"]] == ["1.00", "2.00"]
    assert [(row["index"], list(row["errors"])) for row in body["errors"]] == [(1, ["hours"]), (2, ["operative"])]
    assert site.manager.ok("GET", f"/labour/?operative={hand}")["count"] == 2


@pytest.mark.parametrize("rows", [[], "x", [{}] * 501], ids=["none", "no list", "too many"])
def test_a_sheet_has_1_to_500_rows(site: Site, rows: Any) -> None:
    reply = site.foreman.send("POST", "/api/v1/labour/bulk/", {"entries": rows})
    assert reply.status == 400 and list(reply.body["errors"]) == ["entries"]


def test_people_log_only_their_own_hours_by_sheet_too(site: Site) -> None:
    client, user = site.person("operative", "sheet")
    mine = site.hand(user=user)
    body = send(client, [site.hours(mine), site.hours(site.hand())], "?partial=true").body
    assert [row["operative"] for row in body["entries"]] == [mine]
    assert [(row["index"], row["code"]) for row in body["errors"]] == [(1, "permission_denied")]


def test_the_same_sheet_with_the_same_key_is_written_once(site: Site) -> None:
    hand = site.hand()
    rows = [site.hours(hand, hours=1)] * 3
    first, again = (send(site.foreman, rows, Idempotency_Key="sheet-1") for _ in range(2))
    assert first.text == again.text and again.headers["idempotency-replayed"] == "true"
    assert site.manager.ok("GET", f"/labour/?operative={hand}")["count"] == 3


def test_a_sheet_that_clashes_is_written_and_its_rows_tell_of_the_clash(site: Site) -> None:
    hand = site.hand()
    made = send(site.foreman, [site.hours(hand, hours=9), site.hours(hand, hours=9)]).body["entries"]
    assert {row["clash"] for row in made} == {f"{hand}20260608"}
    assert site.clash(hand)["kinds"] == ["over_daily_cap"]


def test_bulk_approve_skips_and_names_what_is_approved_own_clashing_or_without_a_cost_code(site: Site) -> None:
    good, done, own, bare = (site.hand() for _ in range(4))
    ids = {
        "good": site.entry(good),
        "done": site.entry(done),
        "own": site.entry(own, site.manager),
        "bare": site.entry(bare, cost_code=None),
        "draft": site.entry(site.hand(), status="draft"),
        "clash": site.entry(site.hand(), hours=20),
        "none": "nosuchentry1",
    }
    site.act(site.supervisor, ids["done"], "approve")
    answer = approve(site.manager, ids=list(ids.values()))
    assert answer["approved"] == [ids["good"]]
    assert {row["id"]: row["code"] for row in answer["skipped"]} == {
        ids["done"]: "invalid_transition",
        ids["own"]: "own_entry",
        ids["bare"]: "cost_code_required",
        ids["draft"]: "invalid_transition",
        ids["clash"]: "clash_unresolved",
        ids["none"]: "not_found",
    }
    assert all(row["detail"] for row in answer["skipped"])


def test_a_crew_day_is_approved_by_project_and_date(site: Site) -> None:
    project = site.new_project()
    site.activity_of(project, "C-1")
    rows = [site.hours(site.hand(), project=project) for _ in range(5)]
    rows.append(site.hours(site.hand(), project=project, date=NEXT))
    ids = [row["id"] for row in send(site.foreman, rows).body["entries"]]
    answer = approve(site.manager, project=project, date=DAY)
    assert (set(answer["approved"]), answer["skipped"]) == (set(ids[:5]), [])
    assert site.read(ids[5])["status"] == "submitted"
    assert approve(site.manager, project=project, date=DAY) == {"approved": [], "skipped": []}


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": ["a"], "date": DAY}, {"project": "p"}, {"ids": [], "project": "p", "date": DAY}, {"ids": ["a"] * 501}],
)
def test_bulk_approve_takes_ids_or_a_day(site: Site, body: Any) -> None:
    assert site.manager.send("POST", "/api/v1/labour/bulk-approve/", body).status == 400


def test_a_day_of_a_project_is_for_those_who_approve_there(site: Site) -> None:
    planner, user = site.person("project_planner", "approves elsewhere")
    site.owner.ok("POST", f"/projects/{site.new_project()}/memberships/", {"user": user, "role": "foreman"})
    reply = planner.send("POST", "/api/v1/labour/bulk-approve/", {"project": site.project, "date": DAY})
    assert code(reply) == (403, "permission_denied")
    id = site.entry(site.hand())
    assert [row["code"] for row in approve(planner, ids=[id])["skipped"]] == ["permission_denied"]


def test_many_are_rejected_with_one_reason(site: Site) -> None:
    ids = [site.entry(site.hand()) for _ in range(3)]
    site.act(site.manager, ids[0], "approve")
    body = {"ids": ids, "reason": "no permit"}
    answer = site.manager.ok("POST", "/labour/bulk-reject/", body)
    assert set(answer["rejected"]) == set(ids[1:])
    assert [(row["id"], row["code"]) for row in answer["skipped"]] == [(ids[0], "invalid_transition")]
    assert site.read(ids[1])["rejection_reason"] == "no permit"


def test_two_bulk_approvals_at_once_approve_each_entry_once(site: Site) -> None:
    project = site.new_project()
    site.activity_of(project, "C-1")
    rows = [site.hours(site.hand(), project=project) for _ in range(12)]
    ids = {row["id"] for row in send(site.foreman, rows).body["entries"]}
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda client: approve(client, ids=sorted(ids)), (site.manager, site.supervisor)))
    assert {*found[0]["approved"], *found[1]["approved"]} == ids
    assert not {*found[0]["approved"]} & {*found[1]["approved"]}
    for id in ids:
        actions = [row["action"] for row in site.manager.ok("GET", f"/labour/{id}/history/")["results"]]
        assert actions == ["create", "approve"]
