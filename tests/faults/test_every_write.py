"""Whatever happens to a write at any of its storage calls, a retry with its key leaves exactly one effect.

The routes come from the declarations, the calls are counted: a new endpoint is covered by being a route
with a scenario. Each outcome is compared with that of an uninterrupted run from the same tables.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.http.routes import ROUTES
from chalicelib.labour.slipped_in import TOGETHER
from chalicelib.storage.store import store
from tests.faults import harness
from tests.faults.harness import PATIENT, SOON, Died, Fault, Run, storage
from tests.faults.scenarios import SCENARIOS, Site, route_of
from tests.stage import Reply

LONG = ("(many nodes)", "(several transactions)", "(a large move)")


def scenarios(long: pytest.MarkDecorator) -> pytest.MarkDecorator:
    """Every scenario; those of work in several transactions have many calls to fail at, and a gate of their own."""
    marked = [pytest.param(name, marks=long) if name.endswith(LONG) else name for name in SCENARIOS]
    return pytest.mark.parametrize("name", marked)


every_scenario = scenarios(pytest.mark.every_fault)
short_scenarios = scenarios(pytest.mark.long_work)


@contextmanager
def prepared(site: Site, name: str) -> Iterator[Run]:
    """A scenario ready to run; the site is afterwards as it was."""
    clean = harness.saved()
    try:
        yield Run(name, SCENARIOS[name](site))
    finally:
        harness.put_back(clean)


def test_every_write_route_has_a_scenario_and_every_scenario_a_route() -> None:
    routes = {f"{route.method} {route.path}" for route in ROUTES if route.writes and not route.page}
    assert routes == {route_of(name) for name in SCENARIOS}


def test_the_comparison_tells_different_effects_and_answers_apart(site: Site) -> None:
    with prepared(site, "POST /api/v1/labour") as run:
        once = run.expected(run.send)
        twice = run.expected(run.without_key, lambda: run.send() and None)
        assert once.answer == twice.answer
        assert once.effect != twice.effect
    with prepared(site, "PATCH /api/v1/labour/{id}") as run:
        assert run.expected(run.meanwhile, run.send).answer != run.expected(run.send).answer


def test_a_process_dies_and_a_reply_is_lost_though_the_call_is_refused() -> None:
    """The first request of a minute finds its place of requests taken by an older minute, and asks again."""

    def taken() -> dict[str, Any]:
        raise harness.refused("ConditionalCheckFailedException")

    with pytest.raises(Died):
        harness.dies(0, after=True)(0, taken)
    with pytest.raises(harness.ReadTimeoutError):
        harness.loses_reply(0)(0, taken)


@pytest.mark.long
@every_scenario
def test_a_process_that_dies_after_any_call_and_a_retry_leave_one_effect_and_the_answer(site: Site, name: str) -> None:
    with prepared(site, name) as run:
        dies_everywhere(run, after=True)


@pytest.mark.every_fault
@every_scenario
def test_a_process_that_dies_before_any_call_and_a_retry_leave_one_effect_and_the_answer(site: Site, name: str) -> None:
    with prepared(site, name) as run:
        dies_everywhere(run, after=False)


def dies_everywhere(run: Run, *, after: bool) -> None:
    """Die at each call in turn and retry."""
    wanted = run.expected(run.send)
    assert wanted.answer.startswith("2"), wanted.answer
    for number in run.numbers():
        committed = die(run, number, after=after)
        retried = run.send()
        assert run.outcome(retried) == wanted, number
        assert ("idempotency-replayed" in retried.headers) is committed
        replays(run, retried)


def die(run: Run, number: int, *, after: bool) -> bool:
    """Whether the effect was committed when the process died.

    A function near its end takes no further step of work that has begun; one with time left dies in the steps.
    """
    for gateway in (SOON, PATIENT):
        run.again()
        with storage(harness.dies(number, after=after)) as client:
            try:
                run.send(gateway)
            except Died:
                harness.lock_runs_out()
                return client.committed
    pytest.fail(f"no run came to call {number}")


def replays(run: Run, first: Reply) -> None:
    """The same once more: byte for byte, and said to be a replay."""
    before = harness.rows()
    again = run.send()
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotency-replayed"] == "true"
    assert [again.headers.get(name) for name in ("location", "etag")] == [
        first.headers.get(name) for name in ("location", "etag")
    ]
    assert harness.rows() == before


@pytest.mark.every_fault
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@short_scenarios
def test_it_holds_when_somebody_changes_the_row_between_the_death_and_the_retry(
    site: Site, name: str, after: bool
) -> None:
    """Work that has begun takes effect later: the other change may come first (an import then gives up), or be 409."""
    with prepared(site, name) as run:
        first = run.expected(run.send, run.meanwhile)
        second, alone = run.expected(run.meanwhile, run.send), run.expected(run.send)
        for number in run.numbers():
            committed = die(run, number, after=after)
            run.meanwhile()
            right = [first if committed else second, *([second, alone] if _is_work(name) else [])]
            reply = run.send()
            gives_up = committed and reply.status == 409 and "Nothing was imported" in reply.text
            assert gives_up or run.outcome(reply) in right, number


def _is_work(name: str) -> bool:
    """Whether the request begins work of several transactions."""
    return name.endswith(LONG) or "wbs/import" in name


Kind = Callable[[int], Fault]


@pytest.mark.every_fault
@pytest.mark.parametrize("fault", [harness.loses_reply, harness.never_arrives])
@short_scenarios
def test_a_fault_near_the_functions_end_is_the_answer_or_503_and_a_retry_gives_the_answer(
    site: Site, name: str, fault: Kind
) -> None:
    with prepared(site, name) as run:
        wanted = run.expected(run.send)
        for number in run.numbers():
            run.again()
            with storage(fault(number)):
                first = run.send(SOON)
            assert first.status == 503 or run.outcome(first).answer == wanted.answer, number
            harness.lock_runs_out()
            assert run.outcome(run.send()) == wanted, number


def throttles_three_times(number: int) -> Fault:
    return harness.throttles(number, 3)


@pytest.mark.every_fault
@pytest.mark.parametrize("fault", [harness.loses_reply, harness.never_arrives, throttles_three_times])
@pytest.mark.parametrize("keyed", [True, False], ids=["with key", "without key"])
@short_scenarios
def test_a_passing_fault_is_not_noticed(site: Site, name: str, fault: Kind, keyed: bool) -> None:
    with prepared(site, name) as run:
        send = run.send if keyed else run.without_key
        wanted = run.expected(send)
        for number in run.numbers():
            run.again()
            with storage(fault(number)):
                reply = send()
            assert "idempotency-replayed" not in reply.headers
            assert run.outcome(reply) == wanted, number


@pytest.mark.every_fault
@pytest.mark.parametrize("error", [harness.refused("ThrottlingException"), harness.ReadTimeoutError(endpoint_url="x")])
@short_scenarios
def test_storage_that_stays_down_is_503_after_bounded_repeats_and_a_retry_gives_the_answer(
    site: Site, name: str, error: Exception
) -> None:
    with prepared(site, name) as run:
        wanted = run.expected(run.send)
        for number in run.numbers():
            run.again()
            with storage(harness.stays_down(number, error)) as client:
                down = run.send()
            if down.status == 200 and _is_work(name):  # it has taken effect, and only clearing up is left
                assert run.outcome(down).answer == wanted.answer, number
            else:
                said = (down.status, down.body["code"], down.headers["retry-after"])
                assert said == (503, "unavailable", "1"), number
            together = 8 * TOGETHER if "(many nodes)" in name else 0  # hours are looked for on many activities at once
            assert len(client.calls) < number + 40 + together
            release_locks()
            assert run.outcome(run.send()) == wanted, number


def release_locks() -> None:
    """The functions that hold locks, or the turn to rotate secrets, have had their time."""
    for row in store().client.scan(TableName=store().name("companies"))["Items"]:
        if "S" in row.get("turn", {}):
            kept = {field: value for field, value in row.items() if field != "turn"}
            store().client.put_item(TableName=store().name("companies"), Item=kept)
    name = store().name("idempotency")
    for item in store().client.scan(TableName=name)["Items"]:
        if item.get("status") == {"S": "INPROGRESS"}:
            store().client.put_item(TableName=name, Item={**item, "in_progress_expiration": {"N": "1"}})


@pytest.mark.every_fault
@short_scenarios
def test_a_slow_first_run_that_wakes_after_its_retry_commits_nothing_and_gives_the_kept_answer(
    site: Site, name: str
) -> None:
    with prepared(site, name) as run:
        wanted = run.expected(run.send)
        for number in run.numbers():
            run.again()
            retried: list[Reply] = []

            def retry(retried: list[Reply] = retried) -> None:
                harness.lock_runs_out()
                retried.append(run.send())

            with storage(harness.sleeps(number, retry)) as client:
                woken = run.send(SOON)
            if not retried:
                assert woken.status == 503  # of work of several steps it has no time to come to that call
                continue
            assert run.outcome(retried[0]) == wanted, number
            if woken.status == 503 and client.calls.count("transact_write_items") > 1:
                continue  # its work was carried out meanwhile, and it has no time left to see that
            assert (woken.status, woken.text) == (retried[0].status, retried[0].text), number
            assert json.dumps(woken.headers.get("etag")) == json.dumps(retried[0].headers.get("etag"))


@pytest.mark.parametrize(
    ("name", "together", "rounds"),
    [
        ("PATCH /api/v1/projects/{id}", 2, 4),
        ("POST /api/v1/labour", 2, 4),
        ("POST /api/v1/labour/{id}/approve", 2, 5),
        ("POST /api/v1/clock-events/ingest", 2, 5),
        ("POST /api/v1/clock-events/ingest (an out alone)", 2, 5),
        ("POST /api/v1/clock-events/ingest (a late in)", 2, 5),
        ("POST /api/v1/clock-events/ingest (overlapping an entry)", 2, 5),
        ("POST /api/v1/clock-events/ingest (a correction)", 2, 5),
        ("POST /api/v1/clock-events/ingest (no project named)", 3, 5),
    ],
)
def test_a_write_with_a_key_makes_no_more_calls_than_promised(
    site: Site, name: str, together: int, rounds: int
) -> None:
    """``together`` calls travel beside another: the address's count, rows read ahead, active projects."""
    with prepared(site, name) as run:
        assert run.calls() - together == rounds
