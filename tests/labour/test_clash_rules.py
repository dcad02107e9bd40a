"""Clashes of one operative's day: raised, resolved, raised again, cleared, and nothing of it lost."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid, InvalidTransition
from chalicelib.labour.actors import Actor
from chalicelib.labour.clash_rules import (
    CLEARED,
    CLOCK,
    OPEN,
    RESOLVED,
    Choice,
    Clash,
    DayEntry,
    Evaluated,
    covers,
    evaluate,
    holds_back,
    kinds,
    resolve,
    set_aside,
    total_hours,
)

CAP = Decimal(16)
BEA = Actor("bea")
NOW = "2026-06-08T12:00:00.000000Z"


def entry(hours: Any = 8, submitter: str | None = "ann", status: str = "submitted") -> DayEntry:
    return DayEntry(Decimal(hours), submitter, status, "p1")


def judged(day: dict[str, DayEntry], clash: Clash | None = None, cap: Decimal = CAP) -> Evaluated:
    return evaluate(day, clash, cap, NOW, "ann")


def opened(day: dict[str, DayEntry]) -> Clash:
    clash = judged(day).clash
    assert clash is not None and clash.status == OPEN
    return clash


def settled(day: dict[str, DayEntry], *keep: str, reject: bool = False) -> Clash:
    clash = resolve(day, opened(day), Choice(frozenset(keep), reject, "asked Bea"), NOW, BEA)[0].clash
    assert clash is not None and clash.status == RESOLVED
    return clash


TWO = {"a": entry(), "b": entry(submitter="bea")}


def test_two_different_submitters_clash_and_the_clock_counts_as_one() -> None:
    assert kinds(TWO, CAP) == ("duplicate_submitter",)
    clock = {"a": entry(submitter=CLOCK, hours=4), "b": entry(submitter=CLOCK, hours=4)}
    assert kinds(clock, CAP) == ()
    assert kinds(clock | {"c": entry(1)}, CAP) == ("duplicate_submitter",)


def test_hours_above_the_daily_cap_clash_and_hours_at_it_do_not() -> None:
    assert kinds({"a": entry(8), "b": entry(8)}, CAP) == ()
    assert kinds({"a": entry(8), "b": entry("8.01")}, CAP) == ("over_daily_cap",)


@pytest.mark.parametrize("status", ["draft", "rejected"])
def test_drafts_and_rejected_entries_are_left_out(status: str) -> None:
    day = {"a": entry(), "b": entry(20, "bea", status)}
    assert kinds(day, CAP) == () and total_hours(day) == 8 and judged(day).clash is None


def test_a_clash_clears_by_itself_when_the_facts_no_longer_clash() -> None:
    clash = opened(TWO)
    after = judged({"a": TWO["a"]}, clash)
    assert after.clash is not None and (after.clash.status, after.clash.kinds) == (CLEARED, ())
    assert after.event is not None and after.event.status == CLEARED
    assert judged({"a": TWO["a"]}, after.clash).event is None


def test_a_clash_whose_kinds_change_says_so_and_stays_open() -> None:
    after = judged(TWO | {"c": entry(9)}, opened(TWO))
    assert after.event is not None and after.event.kinds == ("duplicate_submitter", "over_daily_cap")


@pytest.mark.parametrize(
    "day",
    [
        TWO | {"a": entry(status="approved")},
        TWO | {"a": entry(status="rejected")},
        {"b": TWO["b"]},
        {},
    ],
    ids=["approved", "rejected", "deleted", "all deleted"],
)
def test_what_becomes_of_a_kept_entry_leaves_the_clash_resolved(day: dict[str, DayEntry]) -> None:
    """Approving, reopening, rejecting or deleting one leaves it resolved."""
    clash = settled(TWO, "a", "b")
    assert judged(day, clash) == Evaluated(clash)
    assert judged(TWO, clash) == Evaluated(clash)  # reopened


@pytest.mark.parametrize(
    "change",
    [{"c": entry(1)}, {"a": entry(7)}, {"a": entry(submitter="cem")}],
    ids=["a new entry", "other hours", "another submitter"],
)
def test_any_other_new_or_changed_entry_opens_it_again(change: dict[str, DayEntry]) -> None:
    after = judged(TWO | change, settled(TWO, "a", "b"))
    assert after.clash is not None and after.clash.status == OPEN and after.clash.resolution is None
    assert after.event is not None and after.event.status == OPEN


def test_a_changed_entry_that_no_longer_clashes_clears_a_resolved_clash() -> None:
    clash = settled(TWO, "a", reject=True)
    after = judged({"a": entry(7), "b": entry(8, "bea", "rejected")}, clash)
    assert after.clash is not None and after.clash.status == CLEARED
    again = judged({"a": entry(7), "b": entry(8, "bea")}, after.clash)
    assert again.clash is not None and again.clash.status == OPEN


def test_resolving_with_the_rest_rejected_stays_resolved_though_nothing_clashes_any_more() -> None:
    found, rejected = resolve(TWO, opened(TWO), Choice(frozenset({"a"}), True, "right"), NOW, BEA)
    assert rejected == ("b",) and found.event is not None and found.event.keep == ("a",)
    assert judged({"a": TWO["a"], "b": entry(8, "bea", "rejected")}, found.clash) == Evaluated(found.clash)


def test_an_entry_that_was_set_aside_stays_held_back_until_somebody_chooses_again() -> None:
    clash = settled(TWO, "a")
    assert not holds_back(clash, "a") and holds_back(clash, "b") and set_aside(clash, TWO) == {"b"}
    both = resolve(TWO, clash, Choice(frozenset({"a", "b"}), False, "both are right"), NOW, BEA)[0].clash
    assert both is not None and not holds_back(both, "b")


def test_rejecting_the_rest_with_an_approved_entry_among_them_is_refused() -> None:
    day = TWO | {"b": entry(8, "bea", "approved")}
    with pytest.raises(InvalidTransition, match="reopen it first"):
        resolve(day, opened(day), Choice(frozenset({"a"}), True, "x"), NOW, BEA)
    assert resolve(day, opened(day), Choice(frozenset({"a"}), False, "x"), NOW, BEA)[1] == ()


def test_only_an_open_clash_is_resolved_and_only_by_its_own_entries() -> None:
    with pytest.raises(InvalidTransition, match="resolved"):
        resolve(TWO, settled(TWO, "a", "b"), Choice(frozenset({"a"}), False, "x"), NOW, BEA)
    with pytest.raises(Invalid) as refused:
        resolve(TWO | {"d": entry(1, "d", "draft")}, opened(TWO), Choice(frozenset({"a", "d"}), False, "x"), NOW, BEA)
    assert refused.value.errors == {"keep": ["d is no entry of this clash."]}


def test_a_higher_cap_clears_and_a_lower_one_opens() -> None:
    day = {"a": entry(14)}
    assert judged(day).clash is None
    clash = judged(day, cap=Decimal(12)).clash
    assert clash is not None and clash.kinds == ("over_daily_cap",)
    cleared = judged(day, clash)
    assert cleared.clash is not None and cleared.clash.status == CLEARED


entries = st.builds(
    DayEntry,
    st.decimals("0.01", "24", places=2),
    st.sampled_from(["ann", "bea", CLOCK]),
    st.sampled_from(["draft", "submitted", "approved", "rejected"]),
    st.just("p1"),
)
days = st.dictionaries(st.sampled_from("abcd"), entries)


@given(st.lists(st.one_of(days, st.frozensets(st.sampled_from("abcd"))), max_size=12))
def test_no_resolution_is_ever_lost_and_no_status_lies(steps: list[Any]) -> None:
    """Over any course of days and resolutions: each resolution is an event, open means that the facts clash."""
    day: dict[str, DayEntry] = {}
    clash: Clash | None = None
    events, resolutions = [], 0
    for step in steps:
        if isinstance(step, dict):
            day = step
            found = judged(day, clash)
        elif (
            clash is not None
            and clash.status == OPEN
            and step <= {id for id, each in day.items() if each.status in {"submitted", "approved"}}
        ):
            found, _ = resolve(day, clash, Choice(step, False, "why"), NOW, BEA)
            resolutions += 1
        else:
            continue
        changed = found.clash != clash
        assert changed == (found.event is not None)
        clash = found.clash
        events += [found.event] if found.event else []
        if clash is None:
            assert not kinds(day, CAP)
        elif clash.status == RESOLVED:
            assert covers(clash, day) and clash.resolution in events
        else:
            assert (clash.status == OPEN) == bool(kinds(day, CAP)) and clash.kinds == kinds(day, CAP)
    assert sum(event.status == RESOLVED for event in events) == resolutions
