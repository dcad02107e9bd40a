"""A batch: each event answered for itself, kept in few transactions, in time, and taken up by its retry."""

import time
from typing import Any

import pytest

from app import app
from chalicelib.clock.batches import MOST_ITEMS
from infra.local.gateway import Gateway
from tests.clock.conftest import DAY, Gates
from tests.clock.faulty import Broken, Counting, Refusing
from tests.faults.harness import PATIENT, replaced
from tests.pace import within
from tests.stage import Client

INGEST = "/api/v1/clock-events/ingest/"
MANY = 64


def shift(clock_id: str, start: str = "07:00", finish: str = "15:00") -> dict[str, Any]:
    times = {"clock_in": f"{DAY}T{start}:00Z", "clock_out": f"{DAY}T{finish}:00Z"}
    return {"clock_id": clock_id, "project_code": "P-1", **times}


@pytest.fixture(scope="module")
def crew(gates: Gates) -> list[str]:
    return [gates.hand() for _ in range(MANY)]


@pytest.mark.parametrize("key", [None, "a-batch"])
def test_a_batch_takes_at_most_one_transaction_for_fifteen_events(
    gates: Gates, crew: list[str], key: str | None
) -> None:
    start = "07:00" if key else "16:00"
    headers = {"Idempotency_Key": key} if key else {}
    events = [shift(clock_id, start, start[:2] + ":45") for clock_id in crew]
    with replaced(Counting) as client:
        reply = gates.send({"events": events}, **headers)
    assert [each["status_code"] for each in reply.body["results"]] == [201] * MANY
    spent = client.calls.count("transact_write_items") - bool(key)  # the last one completes the key
    assert spent <= -(-MANY // 15)
    assert max(client.items) <= MOST_ITEMS + 2
    again = gates.send({"events": events}, **headers)
    if key:
        assert (again.text, again.headers["idempotency-replayed"]) == (reply.text, "true")
    else:
        assert [each["status_code"] for each in again.body["results"]] == [200] * MANY


def test_the_ins_and_outs_of_a_crew_in_one_batch_are_their_shifts(gates: Gates) -> None:
    hands = [gates.hand() for _ in range(12)]
    outs = [{"clock_id": hand, "project_code": "P-1", "clock_out": f"{DAY}T15:00:00Z"} for hand in hands]
    ins = [{"clock_id": hand, "project_code": "P-1", "clock_in": f"{DAY}T07:00:00Z"} for hand in hands]
    results = gates.send({"events": [*outs, *ins, *outs]}).body["results"]
    assert [each["status_code"] for each in results] == [201] * 24 + [200] * 12
    assert {each["status"] for each in results} == {"matched"}
    assert {hour for hand in hands for hour in gates.hours(hand)} == {"8.00"}


def test_a_month_of_one_hand_in_one_batch_is_a_month_of_entries(gates: Gates) -> None:
    hand = gates.hand()
    days = [f"2026-10-{day:02}" for day in range(1, 32)]
    punches = [
        {"clock_id": hand, "project_code": "P-1", name: f"{day}T{time}:00Z"}
        for name, time in (("clock_out", "15:00"), ("clock_in", "07:00"))
        for day in reversed(days)
    ]
    results = gates.send({"events": punches}).body["results"]
    assert {each["status_code"] for each in results} == {201}
    assert gates.hours(hand) == ["8.00"] * 31


def test_an_event_that_cannot_be_processed_is_kept_as_sent_and_the_others_go_on(gates: Gates) -> None:
    hands = [gates.hand() for _ in range(3)]
    with replaced(lambda sound: Broken(sound, hands[1])):
        results = gates.send({"events": [shift(hand) for hand in hands]}).body["results"]
        alone = gates.send(shift(hands[1]))
    assert [each["status_code"] for each in results] == [201] * 3
    assert [each["reason"] for each in results] == [None, "processing_failed", None]
    assert (alone.status, alone.body["reason"]) == (200, "processing_failed")
    event = gates.event(results[1]["id"])
    assert hands[1] in event["as_sent"] and event["clock_in"] == f"{DAY}T07:00:00Z"
    assert gates.send(shift(hands[1])).body["status"] == "matched", "processed anew when it is sent again"
    assert gates.event(results[1]["id"])["as_sent"] is None


def test_an_event_that_storage_refuses_is_kept_as_sent_and_the_others_go_on(gates: Gates) -> None:
    hands = [gates.hand() for _ in range(3)]
    with replaced(lambda sound: Refusing(sound, gates.hands[hands[1]])):
        results = gates.send({"events": [shift(hand) for hand in hands]}).body["results"]
    assert [each["reason"] for each in results] == [None, "processing_failed", None]
    assert gates.hours(hands[0]) == gates.hours(hands[2]) == ["8.00"]


@pytest.mark.parametrize("key", [None, "refused-by-storage"])
def test_a_single_event_that_storage_refuses_is_kept_as_sent_too(gates: Gates, key: str | None) -> None:
    hand = gates.hand()
    headers = {"Idempotency_Key": key} if key else {}
    with replaced(lambda sound: Refusing(sound, gates.hands[hand])):
        replies = [gates.device.send("POST", INGEST, shift(hand), **headers) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201 if key else 200]
    assert {reply.body["reason"] for reply in replies} == {"processing_failed"}
    assert len({reply.body["id"] for reply in replies}) == 1
    assert gates.send(shift(hand)).body["status"] == "matched"


@pytest.mark.long
@pytest.mark.parametrize("key", [None, "in-time"])
def test_a_batch_ends_in_time_with_a_503_whose_retry_takes_up_the_rest(gates: Gates, key: str | None) -> None:
    hands = [gates.hand() for _ in range(40)]
    events = {"events": [shift(hand) for hand in hands]}
    headers = {"Idempotency_Key": key} if key else {}
    now = [0.0]

    def takes() -> None:
        now[0] += 9

    statuses = []
    for _ in range(4):
        began = now[0]
        device = Client(Gateway(app, 29, now=lambda: now[0]), gates.device.headers)
        with replaced(lambda sound: Counting(sound, takes)):
            reply = device.send("POST", INGEST, events, **headers)
        assert now[0] - began < 29
        statuses.append(reply.status)
        if reply.status == 200:
            break
        assert reply.headers["retry-after"]
    assert statuses[0] == 503 and statuses[-1] == 200
    assert {each["status"] for each in reply.body["results"]} == {"matched"}
    assert {hour for hand in hands for hour in gates.hours(hand)} == {"8.00"}


@pytest.mark.long
def test_a_full_batch_takes_less_than_half_of_the_functions_time_of_cpu(gates: Gates) -> None:
    hands = [gates.hand() for _ in range(100)]
    device = Client(PATIENT, gates.device.headers)
    began = time.process_time()
    results = device.send("POST", INGEST, {"events": [shift(hand) for hand in hands]}).body["results"]
    assert len(results) == 100
    assert within(time.process_time() - began, 14.5 / 5)
