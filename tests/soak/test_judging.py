"""The soak's judgement can fail: on what is lost, doubled, made by nobody or counted wrongly, and on bad answers."""

from decimal import Decimal
from typing import Any

import pytest

from infra.demo import Client
from infra.soak.__main__ import complaints
from infra.soak.judging import approved, explained, spent_by_node, spent_wrongly, told_to_both_ends
from infra.soak.memory import is_flat
from infra.soak.site import EVERYBODY, Site, Told

DAY = "2026-01-05"
HANDS = {"one": "gate-1", "two": "gate-2", "by hand": None}
NODES = {
    "top": {"parent": None, "name": "Plant"},
    "left": {"parent": "top", "name": "Left"},
    "right": {"parent": "top", "name": "Right"},
}


def site(**told: Any) -> Site:
    """Devices 1 and 2 have worked eight hours and a bit on a day."""
    nobody = Client("http://nowhere.example", "")
    found = Site(nobody, nobody, "company", "project", "node", "secret", 3, {})
    found.worked = {(1, DAY): Decimal("8.02"), (2, DAY): Decimal("8.03")}
    for name, value in told.items():
        setattr(found, name, value)
    return found


def entry(id: str, operative: str, hours: float, source: str = "clock", **values: Any) -> dict[str, Any]:
    return {"id": id, "operative": operative, "date": DAY, "hours": hours, "source": source, **values}


ONE, TWO = entry("a", "one", 8.02), entry("b", "two", 8.03)


def test_each_kept_shift_is_one_entry_of_the_hours_that_were_told() -> None:
    assert explained([ONE, TWO], HANDS, site()) == []
    assert explained([ONE], HANDS, site()) == [f"lost: (2, '{DAY}')"]
    assert explained([ONE, TWO, {**TWO, "id": "c"}], HANDS, site()) == [f"doubled: (2, '{DAY}')"]
    [wrong] = explained([ONE, {**TWO, "hours": 8.02}], HANDS, site())
    assert wrong.startswith("b of") and "8.02" in wrong and "8.03" in wrong


def test_hours_are_those_that_a_person_set_where_one_did() -> None:
    changed = site(edited={"b": Decimal("4.25")})
    assert explained([ONE, {**TWO, "hours": 4.25}], HANDS, changed) == []
    assert len(explained([ONE, TWO], HANDS, changed)) == 1


def test_what_a_person_deleted_is_not_lost_and_does_not_come_back() -> None:
    gone = site(deleted={"b": TWO})
    assert explained([ONE], HANDS, gone) == []
    assert explained([ONE, {**TWO, "id": "c"}], HANDS, gone) == [f"doubled: (2, '{DAY}')"]


def test_an_entry_that_neither_a_device_nor_a_person_made_is_wrong() -> None:
    by_hand = entry("m", "one", 1, "manual")
    assert explained([ONE, TWO, by_hand], HANDS, site(made={"m"})) == []
    assert explained([ONE, TWO, by_hand], HANDS, site()) == ["nobody made m"]
    assert explained([ONE, TWO], HANDS, site(made={"m"})) == ["lost: m"]
    assert explained([ONE, TWO], HANDS, site(made={"m"}, deleted={"m": by_hand})) == []
    for strange in (entry("s", "by hand", 8), {**entry("s", "one", 8.02), "date": "2026-01-06"}):
        [wrong] = explained([ONE, TWO, strange], HANDS, site())
        assert wrong.startswith("s of") and wrong.endswith("told were None")


def test_most_shifts_are_told_to_both_ends() -> None:
    assert told_to_both_ends(100, 80) == []
    assert told_to_both_ends(100, 79) and told_to_both_ends(0, 0)


def test_approved_hours_are_compared_with_the_actual_ones_node_by_node() -> None:
    entries = [
        {"wbs": "left", "status": "approved", "hours": 8.02},
        {"wbs": "left", "status": "approved", "hours": 0.1},
        {"wbs": "right", "status": "approved", "hours": 1},
        {"wbs": "right", "status": "submitted", "hours": 7},
    ]
    right = {"top": Decimal("9.12"), "left": Decimal("8.12"), "right": Decimal(1)}
    assert spent_by_node(entries, NODES) == right and approved(entries) == Decimal("9.12")
    assert spent_wrongly(entries, NODES, right) == []
    exchanged = {"top": Decimal("9.12"), "left": Decimal(1), "right": Decimal("8.12")}
    assert len(spent_wrongly(entries, NODES, exchanged)) == 2
    assert len(spent_wrongly(entries, NODES, {"top": Decimal("9.12"), "left": Decimal("8.12")})) == 1
    assert len(spent_wrongly([], NODES, {**right, "top": Decimal(0)})) == 2


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    assert is_flat([100.0, 180.0, 200.0, 205.0, 204.0, 206.0, 205.0, 207.0])
    assert not is_flat([100.0 + 20 * n for n in range(40)])


def told(*answers: tuple[str, int]) -> Told:
    found = Told()
    for each in answers:
        found.add(*each)
    return found


def test_an_answer_from_500_on_and_a_connection_that_broke_are_failures() -> None:
    answers = told(("device", 200), ("reader", 503), ("reader", 503), ("mirror", 0), ("foreman", 0))
    assert answers.failures == {"reader 503": 2, "mirror 0": 1, "foreman 0": 1}


@pytest.mark.parametrize("status", [404, 409])
def test_a_person_may_come_too_late_and_a_program_may_not(status: int) -> None:
    assert told(("foreman", status), ("corrector", status), ("manager", status)).failures == {}
    for who in ("device", "reader", "mirror"):
        assert told((who, status)).failures == {f"{who} {status}": 1}
    assert told(("foreman", 403)).failures == {"foreman 403": 1}


def test_whoever_was_never_answered_well_is_named() -> None:
    answers = told(*((who, 200) for who in EVERYBODY - {"foreman"}), ("foreman", 409))
    assert answers.silent == ["foreman"]


def test_whatever_the_service_says_beside_its_steps_is_a_complaint() -> None:
    steps = "[wbsync    0.1 s] starting a local AWS (moto)\n[wbsync    9.0 s] ready: http://127.0.0.1:1\n"
    assert complaints(steps) == ""
    failed = 'labour_rollup failed on 7 records\nTraceback (most recent call last):\n{"level":"ERROR"}\n'
    assert complaints(steps + failed + "[wbsync   20.0 s] stopped\n") == failed
