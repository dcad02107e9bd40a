"""A manager closes a project's days up to a date; after that nothing inside changes, without exception."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.labour import periods
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from tests.labour.conftest import DAY, NEXT, Site, code
from tests.stage import Client, Reply

LATER = timedelta(minutes=2)


@pytest.fixture
def place(site: Site) -> Site:
    """The site with a project of its own, so that every test closes days of its own."""
    return Site(site.stage, site.people)


def close(site: Site, closed_to: str = DAY, by: Client | None = None, **values: Any) -> Reply:
    path = f"/api/v1/projects/{site.project}/periods/"
    return (by or site.manager).send("POST", path, {"closed_to": closed_to, **values})


def closed(site: Site, closed_to: str = DAY, **values: Any) -> dict[str, Any]:
    """A closing with its job carried out."""
    reply = close(site, closed_to, **values)
    assert reply.status == 202, reply
    return site.work_off(reply.body["id"], LATER)


def reopen(site: Site, **values: Any) -> Reply:
    return site.manager.send("POST", f"/api/v1/projects/{site.project}/periods/reopen/", {"reason": "late", **values})


def shown(site: Site) -> list[dict[str, Any]]:
    return list(site.manager.ok("GET", f"/projects/{site.project}/periods/")["results"])


def test_closing_is_announced_at_once_and_finished_by_a_job(place: Site) -> None:
    done = place.entry(place.hand())
    place.act(place.manager, done, "approve")
    reply = close(place)
    assert reply.status == 202 and reply.headers["location"] == f"/api/v1/jobs/{reply.body['id']}/"
    assert [(row["status"], row["closed_to"]) for row in shown(place)] == [("closing", DAY)]
    refused = place.foreman.send("POST", "/api/v1/labour/", place.hours(place.hand()))
    assert code(refused) == (409, "period_closed")
    early = place.work_off(reply.body["id"])
    assert early["status"] in {"queued", "running"}
    job = place.work_off(reply.body["id"], LATER)
    assert (job["status"], job["result"]) == ("succeeded", {"closed_to": DAY})
    [row] = shown(place)
    assert (row["status"], row["closed_by"]) == ("closed", place.user("project_manager"))
    assert row["figures"].keys() >= {"bac", "pv", "ev", "ac"}


def test_nothing_inside_a_closed_period_changes_without_exception(place: Site) -> None:
    hand, clashing = place.hand(), place.hand()
    draft, done, outside = place.entry(hand, status="draft"), place.entry(hand), place.entry(hand, date=NEXT)
    place.act(place.manager, done, "approve")
    held = [place.entry(clashing, date=NEXT, hours=15) for _ in range(2)]
    assert closed(place)["status"] == "succeeded"
    inside, elsewhere = "/api/v1/labour/", f"/api/v1/labour/{outside}/"
    for refused in (
        place.foreman.send("POST", inside, place.hours(hand)),
        place.foreman.send("POST", inside, place.hours(hand, status="draft")),
        place.foreman.send("PATCH", f"{inside}{draft}/", {"hours": 1}),
        place.foreman.send("PATCH", f"{inside}{draft}/", {"date": NEXT}),
        place.foreman.send("PATCH", elsewhere, {"date": DAY}),
        place.foreman.send("DELETE", f"{inside}{draft}/"),
        place.act(place.foreman, draft, "submit"),
        place.act(place.manager, done, "reopen", {"reason": "x"}),
    ):
        assert code(refused) == (409, "period_closed")
    assert place.read(draft)["allowed_actions"] == [] == place.read(done)["allowed_actions"]
    assert place.act(place.manager, outside, "approve").status == 200
    closed(place, NEXT, force=True)
    body = {"keep": held[:1], "reject_rest": True, "note": "x"}
    path = f"/api/v1/clashes/{clashing}{NEXT.replace('-', '')}/resolve/"
    assert place.manager.send("POST", path, body).status == 409


def test_entries_that_are_submitted_or_clashing_are_listed_and_stand_in_the_way(place: Site) -> None:
    waiting, hand = place.entry(place.hand()), place.hand()
    done = place.entry(hand)
    place.act(place.manager, done, "approve")
    other = place.entry(hand, place.supervisor)
    place.entry(place.hand(), date=NEXT)
    refused = close(place)
    assert code(refused) == (409, "in_use")
    listed = {row["id"]: (row["status"], bool(row["clash"])) for row in refused.body["entries"]}
    assert listed == {waiting: ("submitted", False), done: ("approved", True), other: ("submitted", True)}
    assert shown(place) == []


def test_force_rejects_what_is_submitted_inside_with_the_reason_period_closed(place: Site) -> None:
    sheet = [place.hours(place.hand()) for _ in range(periods.MOST_REJECTED + 1)]
    ids = [row["id"] for row in place.foreman.ok("POST", "/labour/bulk/", {"entries": sheet})["entries"]]
    after = place.entry(place.hand(), date=NEXT)
    job = closed(place, force=True)
    assert job["status"] == "succeeded"
    rows = place.manager.ok("GET", f"/labour/?project={place.project}&date={DAY}")["results"]
    assert {row["id"] for row in rows} == set(ids)
    assert {(row["status"], row["rejection_reason"]) for row in rows} == {("rejected", "period closed")}
    assert place.read(after)["status"] == "submitted"
    last = place.manager.ok("GET", f"/labour/{ids[0]}/history/")["results"][-1]
    assert (last["by"], last["reason"]) == (place.user("project_manager"), "period closed")


def slip_in(place: Site, hand: str) -> str:
    """An entry that a request commits which has read the project before the closing was announced."""
    from chalicelib.labour import entries
    from chalicelib.labour.surroundings import Wants
    from chalicelib.storage.work import Decided, commit
    from tests.labour.racing import caller_of

    seen = Reading(store())
    seen.rows(*Wants(place.project, hand, DAY, "C-1").places(place.company))
    caller = caller_of(place.company, place.user("foreman"))

    def decide(reading: Reading) -> Decided[Any]:
        return entries.create(seen, caller, place.hours(hand), datetime.now(UTC))

    assert close(place).status == 202
    return str(commit(store(), decide).answer.entry.id)


def test_what_slips_in_beside_an_unforced_closing_fails_its_job_and_leaves_the_period_as_it_was(place: Site) -> None:
    id = slip_in(place, place.hand())
    job = shown(place)[0]["job"]
    done = place.work_off(job, LATER)
    assert done["status"] == "failed" and id in str(done["errors"])
    assert shown(place) == []
    assert place.act(place.manager, id, "approve").status == 200


def test_what_slips_in_beside_a_forced_closing_is_rejected(place: Site) -> None:
    hand = place.hand()
    ids = [place.entry(hand, hours=1)]
    reply = close(place, force=True)
    assert place.read(ids[0])["status"] == "submitted"  # nothing is settled before running requests are over
    assert place.work_off(reply.body["id"], LATER)["status"] == "succeeded"
    assert place.read(ids[0])["status"] == "rejected"


def test_reopening_needs_a_reason_and_opens_wholly_or_back_to_an_earlier_day(place: Site) -> None:
    hand = place.hand()
    assert code(reopen(place)) == (409, "invalid_transition")
    closed(place, "2026-06-01")
    closed(place, DAY)
    blank = place.manager.send("POST", f"/api/v1/projects/{place.project}/periods/reopen/", {})
    assert blank.body["errors"].keys() == {"reason"}
    assert code(reopen(place, closed_to=DAY)) == (400, "validation_error")
    answer = reopen(place, closed_to="2026-06-01").body
    assert answer["closed_to"] == "2026-06-01" and [row["closed_to"] for row in answer["reopened"]] == [DAY]
    assert place.entry(hand)
    assert code(place.foreman.send("POST", "/api/v1/labour/", place.hours(hand, date="2026-06-01"))) == (
        409,
        "period_closed",
    )
    newest, oldest = shown(place)
    assert (newest["status"], newest["reason"], newest["reopened_by"]) == (
        "reopened",
        "late",
        place.user("project_manager"),
    )
    assert oldest["status"] == "closed"
    assert reopen(place).status == 200
    assert place.entry(hand, date="2026-06-01")
    assert {row["status"] for row in shown(place)} == {"reopened"}


def test_a_second_closing_waits_for_the_first_and_goes_further(place: Site) -> None:
    reply = close(place)
    assert code(close(place, NEXT)) == (409, "in_use")
    assert code(reopen(place)) == (409, "invalid_transition")
    place.work_off(reply.body["id"], LATER)
    assert code(close(place, DAY)) == (409, "conflict")
    assert close(place, NEXT).status == 202


def test_only_those_who_close_periods_do_and_dates_have_bounds(place: Site) -> None:
    assert code(close(place, by=place.foreman)) == (403, "permission_denied")
    assert code(place.manager.send("POST", "/api/v1/projects/nosuchproject/periods/", {"closed_to": DAY})) == (
        404,
        "not_found",
    )
    far = close(place, "2999-01-01")
    assert far.status == 400 and list(far.body["errors"]) == ["closed_to"]


@pytest.mark.parametrize("ahead", [0, 4, 30])
def test_a_sheet_accepted_before_the_announcement_is_written_before_the_period_is_judged(
    place: Site, ahead: int
) -> None:
    """Work that goes on after its request died is still a change of before.

    So it is where the clock of its function is ahead, or where the closing's request took long.
    """
    from chalicelib.labour import crew_sheets
    from chalicelib.work import intents
    from tests.labour.racing import caller_of

    caller = caller_of(place.company, place.user("foreman"))
    now = datetime.now(UTC) + timedelta(seconds=ahead)
    sheet = crew_sheets.planned(Reading(store()), caller, {0: place.hours(place.hand())}, now, "manual")
    intent, pieces = crew_sheets.begin(caller, sheet, now)
    store().transact([*intents.pieces(place.company, intent.id, pieces, now), intents.put(intent)])
    reply = close(place)
    assert place.work_off(reply.body["id"], LATER)["status"] == "running"
    place.work_off(intent.id, LATER)
    assert place.work_off(reply.body["id"], LATER + LATER)["status"] == "failed"


def test_a_late_punch_inside_a_closed_period_waits_for_a_person(place: Site) -> None:
    hand = place.hand(external_clock_id=f"L{place.project}")
    closed(place)
    device = Client(place.stage.gateway, {"X-Inbound-Secret": place.stage.made["ingest_secret"]})
    code_of = place.owner.ok("GET", f"/projects/{place.project}/")["code"]
    punch = {"clock_id": f"L{place.project}", "project_code": code_of, "clock_in": f"{DAY}T07:00:00Z"}
    event = device.ok("POST", "/clock-events/ingest/", punch | {"clock_out": f"{DAY}T15:00:00Z"})
    assert (event["status"], event["reason"], event["labour_entry"]) == ("needs_review", "period_closed", None)
    assert hand


assert periods.REQUEST_TIME < LATER
