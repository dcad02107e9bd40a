"""A history is its seed's alone, right when the product is, and wrong when the product is made wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.labour.states import Need
from chalicelib.storage.store import store
from infra.simulator import __main__ as simulator
from infra.simulator import world as worlds
from infra.simulator.clients import KINDS, THEMES
from infra.simulator.planted import FAULTS as PLANTED
from infra.simulator.planted import ROOT
from infra.simulator.stage import standing
from infra.simulator.world import FAULTS, history, left_out_of, theme_of

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with standing() as application:
        yield application


def told(app: Any, seed: int) -> list[str]:
    with history(app, seed, 80) as world:
        world.run()
        return world.log


@pytest.mark.parametrize("seed", SEEDS)
def test_the_product_keeps_its_promises(app: Any, seed: int) -> None:
    assert simulator.failure(app, seed, 120) is None


@pytest.mark.long
def test_a_seed_gives_the_same_history_again(app: Any) -> None:
    first, again, other = told(app, 4), told(app, 4), told(app, 5)
    assert first == again != other and any(" dies: " in line for line in (*first, *other))


@pytest.mark.long
def test_a_product_that_is_wrong_is_found_with_few_steps_and_kinds(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule that nobody approves their own hours."""
    from chalicelib.labour import states

    right = states._unmet
    monkeypatch.setattr(states, "_unmet", lambda need, facts: None if need is Need.NOT_OWN else right(need, facts))
    without = frozenset(KINDS) - {"create", "approve", "pay"} | set(FAULTS) - {"conflicts"}
    seed = next(seed for seed in range(1, 20) if simulator.failure(app, seed, 40, without) is not None)
    steps, least = simulator.shortest(app, seed, 40, without)
    wrong = simulator.failure(app, seed, steps, least)
    assert wrong is not None and "own_entry" in wrong
    assert simulator.failure(app, seed, steps - 1, least) is None
    assert least > without


def test_a_write_of_what_a_transaction_under_way_writes_is_a_conflict(app: Any) -> None:
    with history(app, 1, 10) as world, world.function(None, 30):
        name = store().name("projects")
        items = [{"Put": {"TableName": name, "Item": {"pk": {"S": "a"}, "sk": {"S": sk}}}} for sk in "12"]
        world.flying = [frozenset({(name, ("a", "2"))})]
        with pytest.raises(ClientError) as refused:
            world.transact_write_items(TransactItems=items)
        assert [each["Code"] for each in refused.value.response["CancellationReasons"]] == [
            "None",
            "TransactionConflict",
        ]
        with pytest.raises(ClientError, match="TransactionConflictException"):
            world.put_item(TableName=name, Item=items[1]["Put"]["Item"])
        world.put_item(TableName=name, Item=items[0]["Put"]["Item"])


def test_a_function_ends_when_its_time_is_over(app: Any) -> None:
    with history(app, 1, 10) as world:
        with world.function(None, 30, "rollup"):
            world.wait(31)
            world.get_item(TableName=store().name("projects"), Key={"pk": {"S": "a"}, "sk": {"S": "1"}})
            pytest.fail("it goes on")
        assert [line.split("  ")[-1] for line in world.log] == ["rollup dies: its time is up"]


def test_what_is_tried_for_ever_is_wrong(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MOST_CALLS", 50)
    wrong = simulator.failure(app, 1, 10)
    assert wrong is not None and "tries again and again: 51 storage calls" in wrong


def test_the_kinds_of_a_theme_happen_in_its_histories() -> None:
    assert set().union(*THEMES) <= KINDS.keys()
    assert {theme_of(seed) for seed in range(100)} == {*THEMES, frozenset()}
    assert not any(theme_of(seed) & left_out_of(seed) for seed in range(100))


def test_every_planted_fault_is_still_a_change_of_one_place() -> None:
    assert len(PLANTED) >= 70 and len({each.name for each in PLANTED}) == len(PLANTED)
    for each in PLANTED:
        assert Path(ROOT, "chalicelib", each.module).read_text().count(each.before) == 1, each.name
