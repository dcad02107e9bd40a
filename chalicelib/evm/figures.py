"""The key figures of a node at a date, from its sums: what a KPI shows, in hours or in money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from chalicelib.evm import reasons
from chalicelib.evm.amounts import MICRO, MONEY, rounded
from chalicelib.evm.earned_schedule import TIME_FIGURES, Timing, timing
from chalicelib.evm.metrics import (
    AMOUNT_PLACES,
    AMOUNTS,
    FORECASTS,
    RATIO_PLACES,
    RATIOS,
    Exact,
    Forecast,
    exact_metrics,
)
from chalicelib.evm.sums import Cut, Spent

Measure = Literal["hours", "cost"]


@dataclass(frozen=True, slots=True)
class Node:
    """The sums of a node at the end of ``as_of``.

    ``money`` is None when an activity with a budget has no planned rate; ``unbaselined`` are the
    budget hours (in millionths) of activities that the chosen baseline does not hold.
    """

    as_of: date
    hours: Cut
    money: Cut | None
    spent: Spent
    unbaselined: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts to 0.01 in hours or money, ratios and working days to 0.0001; None has a reason.

    ``eac``, ``etc`` and ``vac`` follow the forecast chosen of ``forecasts``. ``reasons`` gives a
    stable code for every field that is None (``forecasts.<name>`` within ``forecasts``), and beside
    a figure that needs a word: a ``forecast_finish`` that is ``finished``, a ``cpi`` in money with
    ``unrated_hours``. ``*_hours`` are hours in either measure.
    """

    bac: Decimal | None
    pv: Decimal | None
    ev: Decimal | None
    ac: Decimal | None
    se: Decimal | None
    spi: Decimal | None
    cpi: Decimal | None
    sv: Decimal | None
    cv: Decimal | None
    eac: Decimal | None
    etc: Decimal | None
    vac: Decimal | None
    tcpi: Decimal | None
    percent_complete: Decimal | None
    percent_spent: Decimal | None
    ev_dated: Decimal | None
    es: Decimal | None
    sv_t: Decimal | None
    spi_t: Decimal | None
    forecast_finish: date | None
    forecasts: Mapping[str, Decimal | None]
    reasons: Mapping[str, str]
    unbaselined_hours: Decimal
    undated_hours: Decimal
    unrated_hours: Decimal
    level_of_effort_hours: Decimal


def figures(node: Node, measure: Measure = "hours", forecast: Forecast = "cpi") -> Figures:
    """Every key figure of a node."""
    exact, time = exact_figures(node, measure, forecast), schedule_timing(node, measure)
    why = {name: value.reason for name, value in exact.items() if value.reason} | dict(time.reasons)
    if measure == "cost" and node.spent.unrated and not exact["cpi"].reason:
        why["cpi"] = reasons.UNRATED_HOURS
    return Figures(
        **{name: exact[name].rounded(AMOUNT_PLACES) for name in AMOUNTS},
        **{name: exact[name].rounded(RATIO_PLACES) for name in RATIOS},
        es=_days(time.es),
        sv_t=_days(time.sv_t),
        spi_t=_days(time.spi_t),
        forecast_finish=time.forecast_finish,
        forecasts=MappingProxyType({name: exact[f"forecasts.{name}"].rounded(AMOUNT_PLACES) for name in FORECASTS}),
        reasons=MappingProxyType(why),
        unbaselined_hours=_hours(node.unbaselined),
        undated_hours=_hours(node.hours.budgets.undated),
        unrated_hours=_hours(node.spent.unrated),
        level_of_effort_hours=_hours(node.hours.budgets.effort),
    )


def exact_figures(node: Node, measure: Measure, forecast: Forecast) -> dict[str, Exact]:
    """The figures of :func:`~chalicelib.evm.metrics.exact_metrics` for a node, in hours or money."""
    hours_ev, hours_ac = Fraction(node.hours.earned_value, MICRO), Fraction(node.spent.hours, MICRO)
    if measure == "hours":
        amounts = _amounts(node.hours, MICRO)
        return exact_metrics(*amounts[:3], hours_ac, ev_dated=amounts[3], forecast=forecast)
    cost = Fraction(node.spent.money, MONEY)
    if node.money is None:
        return exact_metrics(None, None, None, cost, hours_ev=hours_ev, hours_ac=hours_ac, forecast=forecast)
    bac, pv, ev, dated = _amounts(node.money, MONEY)
    return exact_metrics(bac, pv, ev, cost, ev_dated=dated, hours_ev=hours_ev, hours_ac=hours_ac, forecast=forecast)


def schedule_timing(node: Node, measure: Measure) -> Timing:
    """The figures of time, by what is planned and earned in hours or in money."""
    side = node.hours if measure == "hours" else node.money
    if side is None:
        return Timing(reasons=dict.fromkeys(TIME_FIGURES, reasons.NO_PLANNED_RATE))
    return timing(side.schedule, node.as_of)


def _amounts(side: Cut, unit: int) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """BAC, PV, EV and the EV of dated work, in whole units."""
    bac, pv = Fraction(side.bac, unit), Fraction(side.planned_value, unit)
    return bac, pv, Fraction(side.earned_value, unit), Fraction(side.ev_dated, unit)


def _days(value: Fraction | None) -> Decimal | None:
    return None if value is None else rounded(value, RATIO_PLACES)


def _hours(millionths: int) -> Decimal:
    return rounded(Fraction(millionths, MICRO), AMOUNT_PLACES)
