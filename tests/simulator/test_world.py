"""A history is its seed's alone, right when the product is, and wrong when the product is made wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.labour.states import Need
from infra.simulator import __main__ as simulator
from infra.simulator.planted import FAULTS, ROOT
from infra.simulator.stage import standing
from infra.simulator.world import history

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


def test_a_seed_gives_the_same_history_again(app: Any) -> None:
    first, again, other = told(app, 4), told(app, 4), told(app, 5)
    assert first == again != other and any("died" in line for line in (*first, *other))


def test_a_product_that_is_wrong_is_found_with_the_least_number_of_steps(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the rule that nobody approves their own hours."""
    from chalicelib.labour import states

    right = states._unmet
    monkeypatch.setattr(states, "_unmet", lambda need, facts: None if need is Need.NOT_OWN else right(need, facts))
    seed = next(seed for seed in range(1, 20) if simulator.failure(app, seed, 120) is not None)
    steps = simulator.shortest(app, seed, 120)
    wrong = simulator.failure(app, seed, steps)
    assert wrong is not None and "own_entry" in wrong
    assert simulator.failure(app, seed, steps - 1) is None


def test_every_planted_fault_is_still_a_change_of_one_place() -> None:
    assert len(FAULTS) >= 40 and len({each.name for each in FAULTS}) == len(FAULTS)
    for each in FAULTS:
        assert Path(ROOT, "chalicelib", each.module).read_text().count(each.before) == 1, each.name
