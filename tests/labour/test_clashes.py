"""Clashes: detected with the write that causes or clears them, listed, resolved, and never forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from tests.labour.conftest import DAY, NEXT, Site, code

UNRESOLVED = (409, "clash_unresolved")


def two(site: Site, hand: str | None = None, **values: Any) -> tuple[str, str, str]:
    """An operative whose day two people have handed in, and both entries."""
    hand = hand or site.hand()
    return hand, site.entry(hand, hours=4, **values), site.entry(hand, site.supervisor, hours=4, **values)


def resolve(site: Site, hand: str, keep: list[str], reject: bool, **values: Any) -> Any:
    body = {"keep": keep, "reject_rest": reject, "note": "asked the crew", **values}
    return site.manager.send("POST", f"/api/v1/clashes/{hand}{DAY.replace('-', '')}/resolve/", body)


def test_a_clash_is_seen_at_once_and_holds_every_entry_under_it_back(site: Site) -> None:
    _, first, second = two(site)
    refused = site.act(site.manager, first, "approve")
    assert code(refused) == UNRESOLVED
    told = refused.body["clash"]
    assert told["kinds"] == ["duplicate_submitter"] and [each["id"] for each in told["entries"]] == [second]
    there = site.manager.send("GET", told["link"])
    assert there.status == 200 and there.body["id"] == told["id"] == site.read(first)["clash"]
    assert site.read(second)["allowed_actions"] == ["delete", "edit", "reject"]
    clash = there.body
    assert (clash["status"], clash["total_hours"], clash["kinds"]) == ("open", "8.00", ["duplicate_submitter"])
    assert {each["id"] for each in clash["entries"]} == {first, second}


@pytest.mark.parametrize("cure", ["delete", "reject", "edit", "other day", "other operative"])
def test_it_clears_by_itself_when_the_facts_no_longer_clash(site: Site, cure: str) -> None:
    hand = site.hand()
    first, second = site.entry(hand, hours=10), site.entry(hand, hours=10)
    assert code(site.act(site.manager, first, "approve")) == UNRESOLVED
    path = f"/labour/{second}/"
    if cure == "reject":
        site.act(site.manager, second, "reject", {"reason": "twice"})
    elif cure == "delete":
        site.foreman.ok("DELETE", path)
    else:
        change = {"edit": {"hours": 6}, "other day": {"date": NEXT}, "other operative": {"operative": site.hand()}}
        site.foreman.ok("PATCH", path, change[cure])
    assert (site.clash(hand)["status"], site.clash(hand)["kinds"]) == ("cleared", [])
    assert site.act(site.manager, first, "approve").status == 200


def test_a_draft_is_left_out_until_it_is_submitted(site: Site) -> None:
    hand = site.hand()
    first, draft = site.entry(hand, hours=1), site.entry(hand, site.supervisor, hours=1, status="draft")
    assert site.read(first)["clash"] is None
    site.act(site.supervisor, draft, "submit")
    assert site.read(first)["clash"] is not None


def test_a_change_of_date_evaluates_both_days(site: Site) -> None:
    hand, first, second = two(site)
    third = site.entry(hand, date=NEXT, hours=1)
    site.supervisor.ok("PATCH", f"/labour/{second}/", {"date": NEXT})
    assert site.clash(hand)["status"] == "cleared" and site.clash(hand, NEXT)["status"] == "open"
    assert site.read(first)["clash"] is None and site.read(third)["clash"] is not None


def test_an_entry_approved_earlier_keeps_counting_and_the_others_wait(site: Site) -> None:
    hand = site.hand()
    first = site.entry(hand)
    site.act(site.manager, first, "approve")
    second = site.entry(hand, site.supervisor)
    assert site.read(first)["status"] == "approved" and site.read(first)["clash"] is not None
    assert code(site.act(site.manager, second, "approve")) == UNRESOLVED
    refused = resolve(site, hand, [second], True)
    assert code(refused) == (409, "invalid_transition") and site.read(first)["status"] == "approved"
    assert site.clash(hand)["status"] == "open"


def test_resolving_rejects_the_rest_and_lets_the_right_ones_pass(site: Site) -> None:
    hand, first, second = two(site)
    clash = resolve(site, hand, [first], True).body
    assert clash["status"] == "resolved"
    chosen = clash["resolution"]
    assert (chosen["keep"], chosen["rejected"], chosen["note"]) == ([first], [second], "asked the crew")
    assert chosen["by"] == site.user("project_manager") and chosen["at"]
    rest = site.read(second)
    assert (rest["status"], rest["rejection_reason"]) == ("rejected", "asked the crew")
    assert site.act(site.manager, first, "approve").status == 200
    assert site.clash(hand)["status"] == "resolved"


def test_what_becomes_of_a_kept_entry_leaves_it_resolved_and_a_new_one_opens_it_again(site: Site) -> None:
    hand, first, second = two(site)
    resolve(site, hand, [first, second], False)
    site.act(site.manager, first, "approve")
    site.act(site.manager, first, "reopen", {"reason": "x"})
    site.act(site.manager, second, "reject", {"reason": "x"})
    site.foreman.ok("DELETE", f"/labour/{first}/")
    assert site.clash(hand)["status"] == "resolved"
    site.entry(hand, hours=1)
    assert site.clash(hand)["status"] == "cleared"
    site.act(site.supervisor, second, "submit")
    clash = site.clash(hand)
    assert clash["status"] == "open" and clash["resolution"] is None
    steps = [(step["status"], step["note"]) for step in clash["history"]]
    assert steps == [("open", None), ("resolved", "asked the crew"), ("cleared", None), ("open", None)]


def test_an_entry_neither_kept_nor_rejected_stays_held_back(site: Site) -> None:
    hand, first, second = two(site)
    resolve(site, hand, [first], False)
    assert code(site.act(site.manager, second, "approve")) == UNRESOLVED
    assert "approve" not in site.read(second)["allowed_actions"]
    assert resolve(site, hand, [first, second], False).status == 200
    assert site.act(site.manager, second, "approve").status == 200


def test_resolving_is_refused_by_field_state_and_permission(site: Site) -> None:
    hand, first, _ = two(site)
    assert resolve(site, hand, ["nosuchentry1"], False).body["errors"] == {
        "keep": ["nosuchentry1 is no entry of this clash."]
    }
    bad = site.manager.send("POST", f"/api/v1/clashes/{hand}20260608/resolve/", {"keep": "x", "colour": 1})
    assert set(bad.body["errors"]) == {"keep", "colour", "reject_rest", "note"}
    path = f"/api/v1/clashes/{hand}20260608/resolve/"
    body = {"keep": [first], "reject_rest": True, "note": "x"}
    assert code(site.client("project_planner").send("POST", path, body)) == (403, "permission_denied")
    assert resolve(site, hand, [first], True).status == 200
    assert code(resolve(site, hand, [first], True)) == (409, "invalid_transition")
    assert code(resolve(site, site.hand(), [first], True)) == (404, "not_found")


def test_resolving_needs_the_permission_on_every_project_with_an_entry_in_it(site: Site) -> None:
    """Rows of a project they may not see give only date, hours and status."""
    other = site.new_project()
    hand = site.hand()
    first = site.entry(hand)
    second = site.entry(hand, site.supervisor, project=other, cost_code=None)
    member, user = site.person("engineer", "here only")
    site.owner.ok("POST", f"/projects/{site.project}/memberships/", {"user": user, "role": "foreman"})
    seen = member.ok("GET", f"/clashes/{hand}20260608/")
    shown = {tuple(sorted(each)) for each in seen["entries"]}
    assert ("date", "hours", "status") in shown and len(shown) == 2
    assert second not in str(seen) and other not in str(seen)
    refused = site.act(member, first, "approve")
    assert code(refused) == UNRESOLVED and refused.body["clash"]["entries"] == [
        {"date": DAY, "hours": "8.00", "status": "submitted"}
    ]
    path = f"/api/v1/clashes/{hand}20260608/resolve/"
    body = {"keep": [first], "reject_rest": False, "note": "x"}
    assert code(member.send("POST", path, body)) == (403, "permission_denied")


def test_the_daily_cap_of_the_moment_judges_an_approval(site: Site) -> None:
    """Cap lowered 16 to 12: 14 hours wait, and the clash is there; raised again, they pass."""
    hand = site.hand()
    first, second = site.entry(hand, hours=7), site.entry(hand, hours=7)
    try:
        site.owner.ok("PATCH", "/company/", {"daily_cap_hours": 12})
        assert "approve" not in site.read(first)["allowed_actions"] and site.read(first)["clash"]
        refused = site.act(site.manager, first, "approve")
        assert code(refused) == UNRESOLVED and refused.body["clash"]["kinds"] == ["over_daily_cap"]
        assert site.manager.send("GET", refused.body["clash"]["link"]).body["status"] == "open"
    finally:
        site.owner.ok("PATCH", "/company/", {"daily_cap_hours": 16})
    assert "approve" in site.read(first)["allowed_actions"]
    assert site.act(site.manager, first, "approve").status == 200
    assert site.clash(hand)["status"] == "cleared"
    assert site.act(site.manager, second, "approve").status == 200


def test_after_a_change_of_the_cap_a_job_evaluates_the_days_that_hold_entries_not_yet_approved(site: Site) -> None:
    hand, done = site.hand(), site.hand()
    site.entry(hand, hours=14)
    site.act(site.manager, site.entry(done, hours=14), "approve")
    for cap, status in ((12, "open"), (16, "cleared")):
        site.owner.ok("PATCH", "/company/", {"daily_cap_hours": cap})
        jobs = [row for row in work_off_all(site) if row["kind"] == "labour_cap"]
        assert {(job["status"], job["done"], job["total"]) for job in jobs} == {("succeeded", 2, 2)}
        found = {row["operative"]: row["status"] for row in listed(site, f"?operative={hand}")}
        assert found == {hand: status}
    assert listed(site, f"?operative={done}") == []


def work_off_all(site: Site) -> list[dict[str, Any]]:
    """Every job carried out, as if two minutes had passed, and then shown."""
    from chalicelib.storage.queries import Query
    from chalicelib.storage.store import store
    from chalicelib.work.rows import UNFINISHED, Intent

    unfinished = list(store().items(Query(model=Intent, hash="unfinished", list=UNFINISHED, keys_only=True)))
    return [site.work_off(row["pk"]["S"].partition("#")[2], timedelta(minutes=2)) for row in unfinished]


def listed(site: Site, query: str, by: Any = None) -> list[Any]:
    return list((by or site.owner).ok("GET", f"/clashes/{query}")["results"])


def test_clashes_are_listed_by_every_filter(site: Site) -> None:
    hand, *_ = two(site)
    _, *_ = two(site, hand, date=NEXT)
    late = site.hand()
    site.entry(late, hours=20)
    for query, expected in (
        (f"?operative={hand}", {(hand, DAY), (hand, NEXT)}),
        (f"?operative={hand}&date_from={NEXT}", {(hand, NEXT)}),
        (f"?operative={hand}&date_to={DAY}", {(hand, DAY)}),
        (f"?operative={late}&kind=over_daily_cap", {(late, DAY)}),
        (f"?operative={late}&kind=duplicate_submitter", set()),
        (f"?operative={hand}&status=open", {(hand, DAY), (hand, NEXT)}),
        (f"?operative={hand}&status=resolved", set()),
        (f"?operative={hand}&project={site.new_project()}", set()),
    ):
        assert {(row["operative"], row["date"]) for row in listed(site, query)} == expected, query
    everyone = listed(site, f"?project={site.project}&status=open&page_size=200")
    assert {hand, late} <= {row["operative"] for row in everyone}
    assert [row["date"] for row in everyone] == sorted((row["date"] for row in everyone), reverse=True)
    wrong = site.owner.send("GET", f"/api/v1/clashes/?date_from={NEXT}&date_to={DAY}")
    assert list(wrong.body["errors"]) == ["date_to"]


def test_a_clash_is_seen_by_whoever_may_see_one_of_its_entries(site: Site) -> None:
    client, user = site.person("operative", "clashing")
    hand = site.hand(user=user)
    two(site, hand)
    assert [row["operative"] for row in listed(site, "", client)] == [hand]
    other, *_ = two(site)
    assert client.send("GET", f"/api/v1/clashes/{other}20260608/").status == 404
    assert client.send("GET", f"/api/v1/clashes/{hand}20260608/").status == 200
    assert client.send("GET", "/api/v1/clashes/nonsense/").status == 404


def test_clashes_are_read_incrementally(site: Site) -> None:
    hand, first, second = two(site)
    since = "2020-01-01T00:00:00Z"
    path, rows = f"/clashes/?updated_since={since}&operative={hand}", []
    page = site.owner.ok("GET", path)
    rows += page["results"]
    assert [row["status"] for row in rows] == ["open"] and page["synced_until"]
    resolve(site, hand, [first, second], False)
    page = site.owner.ok("GET", path)
    assert [row["status"] for row in page["results"]] == ["resolved"]
    assert page["results"][0]["updated_at"] > rows[0]["updated_at"]
    labour = site.owner.ok("GET", f"/labour/?updated_since={since}&include_deleted=true&operative={hand}")
    assert all("hours" in row for row in labour["results"])


def test_an_operatives_day_holds_200_entries_and_what_is_over_already_can_still_be_reduced(site: Site) -> None:
    hand = site.hand()
    rows = [site.hours(hand, hours=0.01, cost_code=None)] * 50
    sheets = [site.foreman.ok("POST", "/labour/bulk/", {"entries": rows})["entries"] for _ in range(4)]
    ids = [row["id"] for sheet in sheets for row in sheet]
    refused = site.foreman.send("POST", "/api/v1/labour/", site.hours(hand))
    assert code(refused) == (409, "in_use") and "200" in refused.body["detail"]
    draft = site.foreman.send("POST", "/api/v1/labour/", site.hours(hand, status="draft"))
    assert draft.status == 409
    elsewhere = site.entry(hand, date=NEXT)
    assert site.foreman.send("PATCH", f"/api/v1/labour/{elsewhere}/", {"date": DAY}).status == 409
    assert site.foreman.ok("PATCH", f"/labour/{ids[0]}/", {"hours": 0.02})["hours"] == "0.02"
    site.foreman.ok("DELETE", f"/labour/{ids[1]}/")
    assert site.foreman.send("POST", "/api/v1/labour/", site.hours(hand, hours=0.01)).status == 201
