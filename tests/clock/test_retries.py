"""An event that failed for a reason of ours is tried again by itself, and is processed once that reason is gone."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock.retries import DELAYS, KIND
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from chalicelib.work import intents
from chalicelib.work.rows import UNFINISHED, Intent
from tests.clock.conftest import Gates, told
from tests.clock.faulty import Broken, Refusing
from tests.faults.harness import replaced


def waiting() -> list[Intent]:
    found = store().each(Query(model=Intent, hash="unfinished", list=UNFINISHED))
    return [row for row in found if row.kind == KIND]


def after(minutes: float) -> None:
    """What the schedule does so many minutes from now."""
    later = utc_now() + timedelta(minutes=minutes)
    for row in waiting():
        intents.forward(store(), str(row.pk).partition("#")[0], row.id, lambda: later)


def failing(gates: Gates, kind: str, clock_id: str) -> Any:
    return replaced(
        lambda sound: Broken(sound, clock_id) if kind == "broken" else Refusing(sound, gates.hands[clock_id])
    )


@pytest.mark.parametrize("kind", ["broken", "refused"])
def test_an_event_that_failed_becomes_hours_by_itself(gates: Gates, kind: str) -> None:
    hand = gates.hand()
    with failing(gates, kind, hand):
        sent = gates.punch(hand, "07:00", "15:00")
        assert told(sent) == (201, "needs_review", "processing_failed")
        after(1.5)
        assert gates.event(sent.body["id"])["reason"] == "processing_failed"
    after(2)
    assert gates.hours(hand) == [], "the second attempt comes five minutes after the first"
    after(10)
    event = gates.event(sent.body["id"])
    assert (event["status"], event["reason"], event["as_sent"]) == ("matched", None, None)
    assert gates.hours(hand) == ["8.00"]
    assert not waiting()


def test_attempts_end_after_half_a_day_and_then_a_person_is_asked(gates: Gates) -> None:
    hand, minutes = gates.hand(), 0.0
    with failing(gates, "broken", hand):
        sent = gates.punch(hand, "07:00", "15:00")
        for delay in DELAYS:
            assert len(waiting()) == 1
            minutes += delay.total_seconds() / 60 + 1
            after(minutes)
        assert not waiting()
    assert gates.event(sent.body["id"])["status"] == "needs_review"
    assert told(gates.punch(hand, "07:00", "15:00")) == (200, "matched", None)


@pytest.mark.parametrize("kind", ["broken", "refused"])
def test_a_correction_that_failed_corrects_by_itself(gates: Gates, kind: str) -> None:
    hand = gates.hand()
    gates.punch(hand, "07:00", "15:00")
    with failing(gates, kind, hand):
        sent = gates.punch(hand, "07:00", "16:00")
        assert told(sent) == (201, "needs_review", "processing_failed")
        assert told(gates.punch(hand, "07:00", "15:00"))[2] == "processing_failed"
    after(2)
    assert gates.hours(hand) == ["9.00"]


def test_sent_again_meanwhile_it_is_settled_once(gates: Gates) -> None:
    hand = gates.hand()
    with failing(gates, "broken", hand):
        gates.punch(hand, "07:00", "15:00")
    assert told(gates.punch(hand, "07:00", "15:00")) == (200, "matched", None)
    after(2)
    assert gates.hours(hand) == ["8.00"]
    assert not waiting()


def test_what_fails_when_its_cause_has_come_is_tried_again_and_holds_up_no_other(gates: Gates) -> None:
    code = f"later-{len(gates.hands)}"
    hands = [gates.hand() for _ in range(3)]
    for hand in hands:
        assert told(gates.punch(hand, "07:00", "15:00", project_code=code))[2] == "unknown_project_code"
    with failing(gates, "refused", hands[1]):
        gates.manager.ok("POST", "/projects/", {"code": code, "name": code})
        gates.settle_later()
    after(10)
    assert [gates.hours(hand) for hand in hands] == [["8.00"]] * 3


@pytest.mark.long
def test_a_device_may_correct_an_event_as_often_as_it_likes_and_the_last_one_counts(gates: Gates) -> None:
    hand = gates.hand()
    outs = [f"{8 + n // 60:02}:{n % 60:02}" for n in range(105)]
    for out in outs:
        assert gates.punch(hand, "07:00", out).status in {200, 201}
    assert gates.hours(hand) == ["2.73"]
    assert told(gates.punch(hand, "07:00", outs[50])) == (200, "matched", None)
    assert gates.hours(hand) == ["2.73"], "an earlier version is a repeat"
