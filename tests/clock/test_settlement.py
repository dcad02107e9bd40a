"""What events become: pairs by time, whatever the order, and what people settled stays."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.clock import moments
from chalicelib.clock.pairing import LONGEST
from chalicelib.clock.values import Decision, Site, Worker
from tests.clock.world import NOW, ORIGIN, ZONE, World, at, facts


def day(number: int, time: str) -> str:
    return f"2026-11-{number:02}T{time}:00Z"


def name(text: str, kind: str) -> str:
    moment = moments.parse(text)
    assert moment
    return f"{moment.text}#{kind}"


def hours(world: World) -> list[str]:
    return [str(each[2]) for each in world.entries]


def test_a_lone_in_and_out_across_midnight_are_one_entry_on_the_first_day() -> None:
    world = World()
    assert world.send(day(2, "22:00")).status == "open"
    outcome = world.send(None, day(3, "06:00"))
    assert (outcome.status, outcome.of) == ("matched", name(day(2, "22:00"), "in"))
    [entry] = [event.entry for event in world.events.values() if event.entry]
    assert (entry.date, entry.hours) == ("2026-11-02", Decimal("8.00"))


def test_a_lone_out_waits_and_is_paired_when_its_in_arrives() -> None:
    world = World()
    outcome = world.send(None, day(2, "15:00"))
    assert (outcome.status, outcome.reason) == ("needs_review", "no_clock_in")
    assert world.send(day(2, "07:00")).status == "matched"
    assert world.told(name(day(2, "15:00"), "out")) == ("matched", None)
    assert hours(world) == ["8.00"]


def test_day_two_pairs_with_its_own_in_also_when_day_ones_out_comes_a_week_late() -> None:
    world = World()
    for text in ("07:00",):
        world.send(day(2, text))
        world.send(day(3, text))
    world.send(None, day(3, "15:00"))
    assert [each[0].day for each in world.entries] == [3]
    world.send(None, day(2, "16:00"))
    assert [(each[0].day, str(each[2])) for each in world.entries] == [(2, "9.00"), (3, "8.00")]


def test_of_two_ins_then_one_out_the_later_in_is_paired() -> None:
    world = World()
    world.send(day(2, "07:00"))
    world.send(day(2, "07:05"))
    world.send(None, day(2, "15:05"))
    assert [each[0].minute for each in world.entries] == [5]
    assert world.told(name(day(2, "07:00"), "in")) == ("open", None)


def test_pairs_are_worked_out_anew_when_a_late_punch_arrives() -> None:
    world = World()
    world.send(day(2, "07:00"))
    world.send(None, day(2, "16:00"))
    assert hours(world) == ["9.00"]
    world.send(day(2, "13:00"))
    assert hours(world) == ["3.00"]
    assert world.told(name(day(2, "07:00"), "in")) == ("open", None)
    world.send(None, day(2, "12:00"))
    assert hours(world) == ["5.00", "3.00"]


@pytest.mark.parametrize(
    ("by_a_person", "reason"),
    [
        ({"status": "approved"}, "entry_approved"),
        ({"hours": Decimal("7.50")}, "entry_changed"),
        ({"worked_on": True}, "entry_changed"),
        ({"status": "rejected"}, "entry_rejected"),
    ],
)
def test_a_late_punch_inside_a_settled_shift_waits_for_review_and_changes_nothing(
    by_a_person: dict[str, Any], reason: str
) -> None:
    world = World()
    world.send(day(2, "07:00"))
    world.send(None, day(2, "16:00"))
    world.change_entry(name(day(2, "07:00"), "in"), **by_a_person)
    before = world.entries
    for sent in ((day(2, "13:00"), None), (None, day(2, "12:00"))):
        outcome = world.send(*sent)
        if sent[0]:
            assert (outcome.status, outcome.reason, outcome.refused) == ("needs_review", reason, True)
    assert world.entries == before
    assert world.send(day(2, "20:00")).status == "open", "another shift is free to begin"


def test_the_out_of_a_pair_sent_by_itself_too_is_the_same_punch_and_takes_no_other_in() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)):
        world = World()
        sends = [(day(2, "06:00"), None), (None, day(2, "15:00")), (day(2, "07:00"), day(2, "15:00"))]
        for place in order:
            world.send(*sends[place])
        assert hours(world) == ["8.00"], order
        assert world.told(name(day(2, "06:00"), "in")) == ("open", None)
        assert world.told(name(day(2, "15:00"), "out")) == ("matched", None)


def test_a_pair_completes_an_open_shift_and_its_lone_out_stays_part_of_it() -> None:
    world = World()
    world.send(day(2, "07:00"))
    world.send(None, day(2, "15:00"))
    first = [event.entry.id for event in world.events.values() if event.entry]
    world.send(day(2, "07:00"), day(2, "15:00"))
    assert [event.entry.id for event in world.events.values() if event.entry] == first
    assert world.told(name(day(2, "15:00"), "out")) == ("matched", None)


def test_overlapping_pairs_wait_for_review_until_the_time_is_free() -> None:
    world = World()
    world.send(day(2, "07:00"), day(2, "15:00"))
    blocked = world.send(day(2, "09:00"), day(2, "17:00"))
    assert (blocked.status, blocked.reason) == ("needs_review", "overlaps_another_shift")
    assert world.send(day(2, "17:00"), day(2, "18:00")).status == "matched", "to touch is no overlap"
    world.send(day(2, "07:00"), day(2, "09:00"))
    world.settle(name(day(2, "09:00"), "in"))
    assert hours(world) == ["2.00", "8.00", "1.00"]


def test_a_shift_that_waited_for_time_is_hours_with_the_punch_that_frees_it() -> None:
    """An in and a late out made one long shift of three, until the first one's own out came."""
    world = World()
    world.send(day(2, "07:00"))
    world.send(None, day(2, "10:00"))
    assert world.send(day(2, "08:00"), day(2, "09:00")).reason == "overlaps_another_shift"
    world.send(None, day(2, "08:00"))
    assert hours(world) == ["1.00", "1.00"]


def test_a_correction_follows_until_a_person_has_changed_or_approved_the_entry() -> None:
    world = World()
    first = name(day(2, "07:00"), "in")
    world.send(day(2, "07:00"), day(2, "15:00"))
    assert world.send(day(2, "07:00"), day(2, "16:00")).status == "matched"
    assert hours(world) == ["9.00"]
    assert world.send(day(2, "07:00"), day(2, "15:00")).shift is None, "what was sent before is a repeat"
    assert hours(world) == ["9.00"]
    world.change_entry(first, status="approved")
    refused = world.send(day(2, "07:00"), day(2, "17:00"))
    assert (refused.status, refused.reason, refused.refused) == ("needs_review", "entry_approved", True)
    world.change_entry(first, status="submitted")
    world.settle(first)
    assert (world.told(first), hours(world)) == (("matched", None), ["10.00"])
    world.change_entry(first, hours=Decimal(4))
    refused = world.send(day(2, "07:00"), day(2, "18:00"))
    assert (refused.reason, refused.refused, hours(world)) == ("entry_changed", True, ["4"])


def test_a_correction_that_cannot_be_hours_is_kept_and_the_entry_stays() -> None:
    world = World()
    world.send(day(2, "07:00"), day(2, "15:00"))
    outcome = world.send(day(2, "07:00"), day(2, "06:00"))
    assert (outcome.reason, outcome.withdraw, hours(world)) == ("out_before_in", False, ["8.00"])
    assert world.send(day(2, "07:00"), day(2, "14:00")).status == "matched"
    assert hours(world) == ["7.00"]


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"owner": None}, "unmatched_operative", "unknown_clock_id"),
        ({"owner": Worker("ann", False)}, "needs_review", "operative_inactive"),
        ({"active": ("P", "Q")}, "unmatched_project", "no_single_project"),
        ({"active": ()}, "unmatched_project", "no_single_project"),
        ({"sites": {"P": Site("P", ZONE, "active", "2026-11-02")}}, "needs_review", "period_closed"),
    ],
)
def test_a_pair_waits_under_its_cause_and_becomes_hours_once_when_that_is_gone(
    changes: dict[str, Any], status: str, reason: str
) -> None:
    world = World(facts(**changes))
    outcome = world.send(day(2, "07:00"), day(2, "15:00"))
    assert (outcome.status, outcome.reason, bool(outcome.causes)) == (status, reason, True)
    assert hours(world) == []
    world.facts = facts()
    for _ in range(3):
        world.settle(outcome.name)
        assert hours(world) == ["8.00"]


def test_an_entry_is_not_put_in_doubt_by_what_changes_after_it_was_made() -> None:
    world = World()
    sent = world.send(day(2, "07:00"), day(2, "15:00"))
    for changes in ({"owner": Worker("ann", False), "workers": {"ann": Worker("ann", False)}}, {"active": ("P", "Q")}):
        world.facts = facts(**changes)
        world.settle(sent.name)
        assert world.told(sent.name) == ("matched", None)
    assert hours(world) == ["8.00"]


def test_the_project_is_the_named_one_else_the_operatives_only_active_one_else_the_companys() -> None:
    sites = {id: Site(id, ZONE, "on_hold" if id == "H" else "active") for id in "PQRH"}
    ways = [
        (("P",), (), "", "P"),
        (("P", "Q"), (), "q", "Q"),
        (("P", "Q"), ("R",), "", "R"),
        (("P",), ("R", "H"), "", "R"),
        (("P",), ("R", "Q"), "", None),
        (("P",), ("H",), "", None),
        (("P", "Q"), (), "", None),
        (("P",), (), "unheard", None),
    ]
    for active, own, code, expected in ways:
        ann = Worker("ann", True, own)
        codes = {id.lower(): id for id in sites}
        world = World(facts(owner=ann, workers={"ann": ann}, sites=sites, codes=codes, active=active))
        outcome = world.send(day(2, "07:00"), day(2, "15:00"), project_code=code)
        assert outcome.project == expected, (active, own, code)
        assert (outcome.status == "matched") is (expected is not None)


def test_what_a_person_fixed_stays_and_a_later_correction_waits() -> None:
    world = World()
    sent = world.send(day(2, "17:00"), day(2, "15:00"))
    assert sent.reason == "out_before_in"
    start = moments.parse(day(2, "07:00"))
    fixed = Decision(NOW + timedelta(hours=1), clock_in=start)
    world.events[sent.name] = replace(world.events[sent.name], decision=fixed)
    world.settle(sent.name)
    assert hours(world) == ["8.00"]
    world.sent = 7200
    later = world.send(day(2, "17:00"), day(2, "23:00"))
    assert (later.status, later.reason, later.refused, hours(world)) == (
        "needs_review",
        "entry_changed",
        True,
        ["8.00"],
    )


def test_what_a_person_dismissed_stays_so_and_its_time_is_free() -> None:
    world = World()
    sent = world.send(day(2, "07:00"))
    world.events[sent.name] = replace(world.events[sent.name], closed="dismissed", closed_at=NOW + timedelta(hours=1))
    world.settle(sent.name)
    assert world.told(sent.name) == ("dismissed", "dismissed")
    assert world.send(None, day(2, "15:00")).reason == "no_clock_in"


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (timedelta(hours=24), None),
        (timedelta(hours=24, seconds=2), "in_the_future"),
        (-timedelta(days=366) + timedelta(minutes=1), None),
        (-timedelta(days=366, minutes=1), "too_old"),
    ],
)
def test_an_instant_too_far_ahead_or_back_waits_for_review(offset: timedelta, reason: str | None) -> None:
    world = World()
    outcome = world.send((NOW + offset).isoformat())
    assert outcome.reason == reason


def test_a_field_that_makes_no_sense_is_named() -> None:
    world = World()
    outcome = world.send(day(2, "07:00"), day(2, "15:00"), unreadable=("break_minutes",))
    assert (outcome.status, outcome.reason) == ("needs_review", "unreadable_break_minutes")
    assert world.send(day(2, "07:00"), day(2, "15:00"), break_minutes=Decimal(30), unreadable=()).status == "matched"


def test_local_times_in_the_hour_that_comes_twice_are_the_first_unless_only_the_second_makes_sense() -> None:
    """Dublin puts its clocks back from 02:00 to 01:00 on 25 October 2026."""
    for sends in (
        [("2026-10-25T01:30:00", "2026-10-25T01:15:00")],
        [("2026-10-25T01:30:00", None), (None, "2026-10-25T01:15:00")],
    ):
        world = World()
        for sent in sends:
            world.send(*sent)
        assert hours(world) == ["0.75"]
    world = World()
    world.send("2026-10-25T01:15:00", "2026-10-25T01:30:00")
    assert hours(world) == ["0.25"]


# -- any order -------------------------------------------------------------------------------------


@st.composite
def shifts(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Shifts of one operative in minutes, apart from each other, day and night."""
    found, now = [], draw(st.integers(0, 600))
    for _ in range(draw(st.integers(1, 7))):
        length = draw(st.integers(1, 840))
        found.append((now, now + length))
        now += length + draw(st.integers(0, 1200))
    return found


def sends(draw: st.DrawFn, shift: tuple[int, int]) -> list[tuple[str | None, str | None]]:
    """A shift as devices may send it: as a pair, as two punches, or both."""
    start, finish = at(shift[0]), at(shift[1])
    way = draw(st.sampled_from(("pair", "singles", "both", "in and pair", "out and pair")))
    return {
        "pair": [(start, finish)],
        "singles": [(start, None), (None, finish)],
        "both": [(start, None), (None, finish), (start, finish)],
        "in and pair": [(start, None), (start, finish)],
        "out and pair": [(None, finish), (start, finish)],
    }[way]  # type: ignore[return-value]  # mypy joins the tuples


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_shifts_split_repeated_and_reordered_in_any_way_are_exactly_their_entries(data: st.DataObject) -> None:
    wanted = data.draw(shifts())
    punches = [punch for shift in wanted for punch in sends(data.draw, shift)]
    punches += data.draw(st.lists(st.sampled_from(punches), max_size=6))
    world = World()
    for punch in data.draw(st.permutations(punches)):
        world.send(*punch)
    expected = [(ORIGIN + timedelta(minutes=start), ORIGIN + timedelta(minutes=finish)) for start, finish in wanted]
    assert [each[:2] for each in world.entries] == expected
    assert {outcome.status for outcome in world.outcomes.values()} == {"matched"}


@given(
    st.lists(st.tuples(st.integers(0, 6000), st.booleans()), min_size=1, max_size=12, unique_by=lambda each: each[0])
)
@settings(max_examples=400, deadline=None)
def test_each_out_belongs_to_the_latest_unpaired_in_at_most_24_hours_before_it_in_any_order(
    punches: list[tuple[int, bool]],
) -> None:
    world = World()
    for minute, out in punches:
        world.send(None, at(minute)) if out else world.send(at(minute))
    free: list[int] = []
    expected = {}
    for minute, out in sorted(punches):
        if not out:
            free.append(minute)
        elif free and minute - free[-1] <= LONGEST.total_seconds() / 60:
            expected[name(at(free.pop()), "in")] = name(at(minute), "out")
    partners = {each: event.partner for each, event in world.events.items() if each.endswith("in") and event.partner}
    assert partners == expected
    spans = sorted((each[0], each[1]) for each in world.entries)
    assert all(first[1] <= then[0] for first, then in pairwise(spans)), "no two overlap"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_an_approved_entry_never_changes_whatever_is_sent(data: st.DataObject) -> None:
    minutes = st.integers(0, 3000)
    world = World()
    for start, finish in data.draw(st.lists(st.tuples(minutes, minutes), min_size=1, max_size=4)):
        world.send(at(start))
        world.send(None, at(finish))
    booked = {each: event.entry for each, event in world.events.items() if event.entry}
    chosen = data.draw(st.sets(st.sampled_from(sorted(booked)))) if booked else set()
    for each in chosen:
        world.change_entry(each, status="approved")
    kept = {each: world.events[each].entry for each in chosen}
    for minute, kind in data.draw(st.lists(st.tuples(minutes, st.sampled_from(("in", "out", "pair"))), max_size=8)):
        text = at(minute)
        world.send(
            None if kind == "out" else text, None if kind == "in" else at(minute + (60 if kind == "pair" else 0))
        )
    assert {each: world.events[each].entry for each in chosen} == kept


def test_the_same_facts_give_the_same_hours_on_both_sides_of_a_change_of_the_clocks() -> None:
    """Lord Howe Island moves by half an hour; Dublin by one."""
    ways = [
        (ZONE, "2026-03-28T22:00:00", "2026-03-29T06:00:00", "7.00"),
        (ZONE, "2026-10-24T22:00:00", "2026-10-25T06:00:00", "9.00"),
        ("Australia/Lord_Howe", "2026-04-04T22:00:00", "2026-04-05T06:00:00", "8.50"),
        ("Australia/Lord_Howe", "2026-10-03T22:00:00", "2026-10-04T06:00:00", "7.50"),
    ]
    for zone, start, finish, expected in ways:
        world = World(facts(zone=zone, sites={"P": Site("P", zone, "active")}))
        world.send(start, finish)
        assert hours(world) == [expected]
        [entry] = [event.entry for event in world.events.values() if event.entry]
        assert entry.date == start[:10]
        world = World(facts(zone=zone, sites={"P": Site("P", zone, "active")}))
        world.send(None, finish)
        world.send(start)
        assert hours(world) == [expected]


def test_a_local_time_is_worked_out_anew_when_its_project_becomes_known() -> None:
    world = World(facts(codes={}))
    sent = world.send("2026-11-02T20:00:00", "2026-11-02T23:00:00", project_code="ny")
    assert sent.reason == "unknown_project_code"
    there = Site("NY", "America/New_York", "active")
    world.facts = facts(codes={"ny": "NY"}, sites={"NY": there})
    world.settle(sent.name)
    assert [each[0] for each in world.entries] == [datetime(2026, 11, 3, 1, tzinfo=UTC)]
    [entry] = [event.entry for event in world.events.values() if event.entry]
    assert entry.date == "2026-11-02"
