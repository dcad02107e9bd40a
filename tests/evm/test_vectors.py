"""Every published or derived worked example gives its expected figures."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from chalicelib.evm.amounts import MICRO, micro_hours, rounded
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import earned_schedule
from chalicelib.evm.earning import DayWork, Measurement, Milestone, Rule, earned_series
from chalicelib.evm.metrics import measure
from chalicelib.evm.planned_value import (
    Plan,
    planned_from_changes,
    planned_value,
    slope_changes,
)

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text())["vectors"]
DAY = date(2026, 1, 5)

Json = Any


def _metrics(inputs: Json) -> Json:
    figures = measure(*(_number(inputs.get(name)) for name in ("bac", "pv", "ev", "ac")))
    return _fields(figures) | {f"eac_{name}": value for name, value in figures.forecasts.items()}


def _fields(figures: object) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in figures.__slots__}  # type: ignore[attr-defined]


def _series(inputs: Json) -> Json:
    return {"periods": [_metrics({**inputs, **row}) | {"period": row["period"]} for row in inputs["periods"]]}


def _earned_schedule(inputs: Json) -> Json:
    pv = [Decimal(value) for value in inputs["pv"]]
    ev = Decimal(inputs["ev"][inputs["at"] - 1])
    return asdict(earned_schedule(pv, ev, inputs["at"], Decimal(inputs["planned_duration"])))


def _planned_value(inputs: Json) -> Json:
    calendar = WorkCalendar(frozenset(inputs["working_days"]), frozenset(map(date.fromisoformat, inputs["holidays"])))
    start, finish, as_of = (date.fromisoformat(inputs[k]) for k in ("start", "finish", "as_of"))
    plan = Plan(micro_hours(Decimal(inputs["budget"])), start, finish)
    pv = planned_value(plan, calendar, as_of)
    assert planned_from_changes(slope_changes(plan, calendar), calendar, as_of) == pv
    return {
        "pv": rounded(Fraction(pv, MICRO), 2),
        "working_days_total": calendar.working_days(start, finish),
        "working_days_elapsed": calendar.working_days(start, min(as_of, finish)),
    }


def _earning_rule(inputs: Json) -> Json:
    if "activities" not in inputs:
        return _earned(inputs)
    activities = [_earned({"rule": inputs["rule"], **row}) for row in inputs["activities"]]
    ev = sum(row["ev"] for row in activities)
    budget = sum(Decimal(row["budget"]) for row in inputs["activities"])
    percent = rounded(Fraction(ev) / Fraction(budget), 4)
    return {"ev": ev, "percent_complete": percent, "activities": activities}


def _earned(inputs: Json) -> Json:
    rule, budget = Rule(inputs["rule"]), micro_hours(Decimal(inputs["budget"]))
    if rule is Rule.LEVEL_OF_EFFORT:
        assert earned_series(budget, rule, None, (), (), ()) == ()
        ev = micro_hours(Decimal(inputs["pv"]))
    else:
        series = earned_series(budget, rule, _number(inputs.get("quantity")), *_field(inputs))
        ev = series[-1][1] if series else 0
    figures = measure(Fraction(budget, MICRO), None, Fraction(ev, MICRO), None)
    return {"ev": figures.ev, "percent_complete": figures.percent_complete}


def _field(inputs: Json) -> tuple[list[Milestone], list[DayWork], list[Measurement]]:
    """The vector's facts as milestones, approved work and measurements."""
    steps = inputs.get("milestones", [])
    milestones = [Milestone(str(n), Decimal(step["weight"])) for n, step in enumerate(steps)]
    work = [DayWork(DAY, MICRO, Decimal(inputs.get("installed", 0)))]
    measured = [Measurement(DAY, milestone=str(n)) for n, step in enumerate(steps) if step["done"]]
    if "percent" in inputs:
        measured.append(Measurement(DAY, percent_complete=Decimal(inputs["percent"]) / 100))
    if inputs.get("finished"):
        later = DAY + timedelta(days=1)
        measured.append(Measurement(later, percent_complete=Decimal(1)))
    return milestones, work if inputs.get("started", True) else [], measured


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


KINDS: dict[str, Callable[[Json], Json]] = {
    "metrics": _metrics,
    "series": _series,
    "earned_schedule": _earned_schedule,
    "planned_value": _planned_value,
    "earning_rule": _earning_rule,
}


def _agree(expected: Json, actual: Json) -> None:
    """Every expected field, to its printed digits; a null has a reason where reasons are kept."""
    for name, value in expected.items():
        if isinstance(value, list):
            for want, got in zip(value, actual[name], strict=True):
                _agree(want, got)
        elif name.endswith("_reason"):
            _has_reason(name.removesuffix("_reason"), actual)
        else:
            assert (None if value is None else str(value)) == _text(actual[name]), name


def _has_reason(name: str, actual: Json) -> None:
    assert actual[name] is None
    if name in actual.get("reasons", {}):
        assert actual["reasons"][name]
    else:  # a forecast named by itself, or the earned schedule
        assert name.startswith("eac_") or actual["reason"]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector: Json) -> None:
    _agree(vector["expected"], KINDS[vector["kind"]](vector["inputs"]))


def test_all_vectors_of_every_kind_are_here() -> None:
    assert len(VECTORS) == 43
    assert {vector["kind"] for vector in VECTORS} == set(KINDS)
