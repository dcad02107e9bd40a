"""Work of more than one transaction comes to its end, once, whoever takes its steps and wherever they die."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from chalicelib.handlers.work import forward_begun, resume_unfinished
from chalicelib.ids import new_id
from chalicelib.operatives.rows import ClockIdClaim
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from chalicelib.work import intents
from chalicelib.work.kinds import KINDS
from chalicelib.work.rows import Intent
from infra.local.lambda_context import LambdaContext
from infra.local.schedule import scheduled_event
from infra.local.stream_events import stream_event, stream_record
from tests.faults.harness import Died, dies, loses_reply, storage, throttles
from tests.stage import Client, Stage, running
from tests.work.counting import KIND


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    KINDS[KIND] = "tests.work.counting:step"
    with running() as stage:
        yield stage
    del KINDS[KIND]


def begin(company: str, total: int = 5, awaited: bool = False, by: str | None = None, **arguments: Any) -> Intent:
    intent = intents.begun(company, KIND, arguments, utc_now(), total=total, awaited=awaited, by=by)
    store().transact([intents.put(intent)])
    return intent


def written(intent: Intent) -> int:
    return store().count(Query(model=ClockIdClaim, hash=f"{intent.pk}#counted"))


def end(intent: Intent) -> Intent:
    found = intents.find(store(), intent.pk.partition("#")[0], intent.id)
    assert found is not None
    return found


def test_work_goes_to_its_end_and_keeps_its_answer(stage: Stage) -> None:
    intent = begin(new_id())
    intents.forward(store(), intent.pk.partition("#")[0], intent.id)
    assert (end(intent).status, end(intent).done, written(intent)) == ("succeeded", 5, 5)
    assert intents.carry_out(store(), intent.pk.partition("#")[0], intent.id) == (201, b'{"written":5}')


def calls_of(company: str) -> int:
    intent = begin(company, total=3)
    with storage(lambda number, request: request()) as seen:
        intents.forward(store(), company, intent.id)
    return len(seen.calls)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_wherever_a_runner_dies_another_goes_on_and_no_step_is_taken_twice(stage: Stage, after: bool) -> None:
    company = new_id()
    for at in range(calls_of(company)):
        intent = begin(company, total=3)
        with storage(dies(at, after=after)), pytest.raises(Died):
            intents.forward(store(), company, intent.id)
        intents.forward(store(), company, intent.id)
        assert (end(intent).status, written(intent)) == ("succeeded", 3), at


def test_a_step_whose_reply_is_lost_or_that_is_throttled_is_taken_once(stage: Stage) -> None:
    company = new_id()
    for at in range(calls_of(company)):
        for fault in (loses_reply(at), throttles(at, 2)):
            intent = begin(company, total=3)
            with storage(fault):
                intents.forward(store(), company, intent.id)
            assert (end(intent).status, written(intent)) == ("succeeded", 3), at


def test_several_runners_at_once_take_each_step_once(stage: Stage) -> None:
    company = new_id()
    intent = begin(company, total=20)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: intents.forward(store(), company, intent.id), range(4)))
    assert (end(intent).status, end(intent).done, written(intent)) == ("succeeded", 20, 20)


def test_work_that_may_not_be_done_fails_and_says_why(stage: Stage) -> None:
    company = new_id()
    intent = begin(company, refused_at=0)
    intents.forward(store(), company, intent.id)
    failed = end(intent)
    assert (failed.status, failed.result, written(intent)) == ("failed", None, 0)
    assert failed.errors == [
        {"code": "conflict", "detail": "It may not be."},
        {"field": "code", "messages": ["Taken."]},
    ]


def test_no_step_is_taken_before_its_time(stage: Stage) -> None:
    company, now = new_id(), utc_now()
    intent = begin(company, total=3, waits=30)
    for seconds, done in ((0, 1), (29, 1), (31, 2), (62, 3)):
        intents.forward(store(), company, intent.id, lambda seconds=seconds: now + timedelta(seconds=seconds))
        assert end(intent).done == done, seconds


def test_work_that_a_request_waits_for_is_left_to_it_and_done_by_others_when_it_does_not_come_back(
    stage: Stage,
) -> None:
    company, now = new_id(), utc_now()
    intent = begin(company, awaited=True)
    intents.forward(store(), company, intent.id)
    assert end(intent).done == 0
    assert intents.carry_out(store(), company, intent.id)[0] == 201
    left = begin(company, awaited=True)
    intents.forward(store(), company, left.id, lambda: now + intents.OF_REQUEST + timedelta(seconds=5))
    assert end(left).status == "succeeded"


def test_the_stream_function_carries_out_what_has_begun(stage: Stage) -> None:
    company = new_id()
    intent = begin(company)
    keys = {"pk": {"S": intent.pk}, "sk": {"S": "intent"}}
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/wbsync-test-work/stream/now"
    event = stream_event([stream_record("INSERT", keys, {**keys, **intent.serialize()}, None, 1)], arn)
    assert forward_begun("work_forward", event, LambdaContext("work_forward", 30)) == {"batchItemFailures": []}
    assert end(intent).status == "succeeded"


def test_the_schedule_carries_out_what_was_left_of_every_company(stage: Stage) -> None:
    left = [begin(new_id()) for _ in range(3)]
    assert resume_unfinished("work_resume", scheduled_event("work_resume"), LambdaContext("work_resume", 120)) >= 3
    assert {end(intent).status for intent in left} == {"succeeded"}


def test_a_job_is_read_by_who_started_it_and_by_who_could_have_and_is_not_there_for_anybody_else(
    stage: Stage,
) -> None:
    company, planner = stage.made["company"]["id"], stage.person("project_planner", "p")
    foreman = stage.person("foreman", "f")
    mine = begin(company, by=planner.ok("GET", "/me/")["user"]["id"])
    intents.forward(store(), company, mine.id)
    shown = planner.ok("GET", f"/jobs/{mine.id}/")
    assert (shown["kind"], shown["status"], shown["done"], shown["total"]) == (KIND, "succeeded", 5, 5)
    assert shown["result"] == {"written": 5} and shown["errors"] == []
    assert foreman.send("GET", f"/api/v1/jobs/{mine.id}/").status == 404
    shared = intents.begun(company, KIND, {}, utc_now(), total=1, permission="approve")
    store().transact([intents.put(shared)])
    assert foreman.ok("GET", f"/jobs/{shared.id}/")["status"] == "queued"
    assert planner.send("GET", f"/api/v1/jobs/{shared.id}/").status == 404
    other = begin(new_id())
    assert _status(stage.owner, other.id) == _status(stage.owner, new_id()) == 404


def _status(client: Client, id: str) -> int:
    return client.send("GET", f"/api/v1/jobs/{id}/").status


def test_work_that_is_not_there_is_unavailable_to_whoever_waits_for_it(stage: Stage) -> None:
    with pytest.raises(Unavailable, match="same Idempotency-Key"):
        intents.carry_out(store(), stage.made["company"]["id"], new_id())
