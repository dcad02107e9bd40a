"""Shifts in any form, order, number and company of others always end as exactly the right entries."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tests.clock.conftest import Gates
from tests.examples import slow
from tests.stage import Client

ORIGIN = datetime(2026, 11, 1, tzinfo=UTC)
Event = dict[str, Any]


class Hand(Struct):
    """An operative to be: the shifts worked, and what nobody has told the service yet when the devices send them."""

    shifts: list[tuple[int, int, int]]  # minutes after the origin, and the break
    person: str  # what is missing of the operative, or "nothing"
    place: str  # what is missing of the project
    name: str = ""
    code: str = ""


PERSONS = ("nothing", "operative", "clock ID", "active again")
PLACES = ("nothing", "project", "active again", "period reopened")


def at(minute: int) -> str:
    return (ORIGIN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


@st.composite
def hands(draw: st.DrawFn) -> Hand:
    shifts, now = [], draw(st.integers(0, 900))
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(61, 800))
        shifts.append((now, now + length, draw(st.sampled_from((0, 0, 30, 60)))))
        now += length + draw(st.integers(0, 1300))
    return Hand(shifts, draw(st.sampled_from(PERSONS)), draw(st.sampled_from(PLACES)))


WAYS = ("pair", "punches", "both", "corrected", "completed", "break later", "other project first")


def stories(draw: st.DrawFn, hand: Hand) -> Iterator[list[Event]]:
    """What devices send of each shift; in one list the order stays: a correction comes after what it corrects."""
    for start, finish, pause in hand.shifts:
        who = {"clock_id": hand.name, "project_code": hand.code}
        begun, ended = {**who, "clock_in": at(start)}, {**who, "clock_out": at(finish), "break_minutes": pause}
        whole = {**begun, **ended}
        way = draw(st.sampled_from(WAYS))
        if way == "corrected":
            wrong = {**whole, "clock_out": at(finish - draw(st.integers(1, 60))), "break_minutes": 0}
            yield [wrong, whole]
            continue
        if way == "break later":
            yield [{**whole, "break_minutes": None}, {**begun, "break_minutes": pause}]
            continue
        if way == "other project first":
            yield [{**whole, "project_code": "P-1"}, begun]
            continue
        ways = {"pair": [whole], "punches": [begun, ended], "both": [begun, ended, whole], "completed": [begun, whole]}
        yield from ([event] for event in ways[way])


def shuffled(draw: st.DrawFn, told: list[list[Event]]) -> list[Event]:
    """The lists woven into each other, with some events sent again after they were sent first."""
    order = draw(st.permutations([place for place, events in enumerate(told) for _ in events]))
    left = [iter(events) for events in told]
    sent = [next(left[place]) for place in order]
    for _ in range(draw(st.integers(0, 4)) if sent else 0):
        place = draw(st.integers(0, len(sent) - 1))
        sent.insert(draw(st.integers(place + 1, len(sent))), sent[place])
    return sent


def also_sent(draw: st.DrawFn, told: list[list[Event]]) -> list[Event]:
    """What another device sends too, at any time: any event but the one that corrects others, which is to come last."""
    return [event for events in told for event in events[: max(1, len(events) - 1)] if draw(st.booleans())]


def requests(draw: st.DrawFn, events: list[Event]) -> list[Any]:
    """The events one by one and in batches."""
    bodies: list[Any] = []
    while events:
        many = draw(st.integers(1, 5))
        taken, events = events[:many], events[many:]
        bodies.append(taken[0] if len(taken) == 1 else {"events": taken})
    return bodies


@pytest.mark.long
@given(st.data())
@slow(6)
def test_shifts_end_as_exactly_their_entries(gates: Gates, data: st.DataObject) -> None:
    crew = data.draw(st.lists(hands(), min_size=1, max_size=3))
    devices: list[list[Any]] = []
    comes: list[Callable[[], Any]] = []
    for hand in crew:
        number = len(gates.hands)
        hand.name, hand.code = f"w{number}", f"w-{number}"
        gates.hands[hand.name] = ""
        comes += [operative_comes(gates, hand), project_comes(gates, hand)]
        told = list(stories(data.draw, hand))
        half = data.draw(st.integers(0, len(told)))
        for part, other in ((told[:half], told[half:]), (told[half:], told[:half])):
            sends = shuffled(data.draw, [*part, *([event] for event in also_sent(data.draw, other))])
            devices += [requests(data.draw, sends)] if sends else []

    def device(bodies: list[Any]) -> list[int]:
        client = Client(gates.stage.gateway, gates.device.headers)
        return [client.send("POST", "/api/v1/clock-events/ingest/", body).status for body in bodies]

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(device, bodies) for bodies in devices]
        others = [pool.submit(each) for each in comes]
        statuses = {status for each in running for status in each.result()}
        [each.result() for each in others]
    assert statuses <= {200, 201}
    gates.settle_later()
    for hand in crew:
        rows = gates.manager.ok("GET", f"/labour/?operative={gates.hands[hand.name]}&page_size=200")["results"]
        found = sorted((row["date"], row["hours"]) for row in rows)
        assert found == sorted(entry(*shift) for shift in hand.shifts)
        events = gates.manager.ok("GET", f"/clock-events/?clock_id={hand.name}&page_size=200")["results"]
        assert {event["status"] for event in events} == {"matched"}
        assert {event["labour_entry"] for event in events} == {row["id"] for row in rows}


def entry(start: int, finish: int, pause: int) -> tuple[str, str]:
    """The date and hours of a shift; Dublin is at UTC in November."""
    minutes = finish - start - pause
    hundredths = (minutes * 100 + 30) // 60
    return at(start)[:10], f"{hundredths // 100}.{hundredths % 100:02}"


def operative_comes(gates: Gates, hand: Hand) -> Callable[[], Any]:
    """What brings what is missing of the operative, done while the devices send."""
    manager = Client(gates.stage.gateway, gates.manager.headers)
    named = {} if hand.person == "clock ID" else {"external_clock_id": hand.name}

    def make() -> None:
        gates.hands[hand.name] = manager.ok("POST", "/operatives/", {"name": hand.name, **named})["id"]

    def change(**values: Any) -> None:
        manager.ok("PATCH", f"/operatives/{gates.hands[hand.name]}/", values)

    if hand.person == "operative":
        return make
    make()
    if hand.person == "clock ID":
        return lambda: change(external_clock_id=hand.name)
    if hand.person == "active again":
        change(active=False)
        return lambda: change(active=True)
    return lambda: None


def project_comes(gates: Gates, hand: Hand) -> Callable[[], Any]:
    """What brings what is missing of the project."""
    manager = Client(gates.stage.gateway, gates.manager.headers)

    def make(status: str = "on_hold") -> str:
        made = manager.ok("POST", "/projects/", {"code": hand.code, "name": hand.code, "status": status})
        return f"/projects/{made['id']}/"

    if hand.place == "project":
        return make
    if hand.place == "nothing":
        make()
        return lambda: None
    project = make("completed" if hand.place == "active again" else "on_hold")
    if hand.place == "active again":
        return lambda: manager.ok("PATCH", project, {"status": "on_hold"})
    manager.ok("POST", f"{project}periods/", {"closed_to": "2026-11-20"})
    gates.settle_later()
    return lambda: manager.ok("POST", f"{project}periods/reopen/", {"reason": "late sheets"})
