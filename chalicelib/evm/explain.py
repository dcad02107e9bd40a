"""How each key figure comes about: its formula and the sums in it, to be checked with a calculator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

from chalicelib.evm.amounts import MICRO, MONEY, rounded
from chalicelib.evm.earned_schedule import Schedule, Timing, planned_by_working_day
from chalicelib.evm.figures import Figures, Measure, Node, exact_figures, figures, schedule_timing
from chalicelib.evm.metrics import Exact, Forecast
from chalicelib.evm.reasons import IN_WORDS

Value = Decimal | date | None

PLACES = {"hours": 6, "cost": 8}
"""Decimals of the sums shown: all that they have, so that the result comes out to its last digit."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure: in words, as a formula of the names in ``sums``, with the value that is shown.

    ``formula`` is written with + − × ÷ and brackets. ``note`` says in words why the value is null, or
    what is to be known about it.
    """

    figure: str
    words: str
    formula: str
    sums: Mapping[str, Value]
    value: Value
    note: str | None = None


FORMULAS: Mapping[str, tuple[str, str]] = {
    "se": ("hours spent for each hour earned", "ac_hours ÷ ev_hours"),
    "spi": ("earned for each unit planned, of the work that has dates", "ev_dated ÷ pv"),
    "cpi": ("earned for each unit spent", "ev ÷ ac"),
    "sv": ("earned less planned, of the work that has dates", "ev_dated − pv"),
    "cv": ("earned less spent", "ev − ac"),
    "forecasts.cpi": ("the whole budget at the pace so far: BAC ÷ CPI", "bac × ac ÷ ev"),
    "forecasts.budget_rate": ("spent, and the rest as budgeted", "ac + bac − ev"),
    "forecasts.spi_cpi": (
        "spent, and the rest at the pace of cost and schedule: AC + (BAC − EV) ÷ (CPI × SPI)",
        "ac + (bac − ev) × ac × pv ÷ (ev × ev_dated)",
    ),
    "etc": ("still to be spent", "eac − ac"),
    "vac": ("budget left over at the end", "bac − eac"),
    "tcpi": ("pace that the rest needs to keep the budget", "(bac − ev) ÷ (bac − ac)"),
    "percent_complete": ("share of the budget that is earned", "ev ÷ bac"),
    "percent_spent": ("share of the budget that is spent", "ac ÷ bac"),
}

PARTS: Mapping[str, tuple[str, str]] = {
    "bac": ("budget of all activities below", "dated_work + level_of_effort + undated_work"),
    "pv": ("budget planned up to as-of", "dated_work + level_of_effort"),
    "ev": ("percent complete × budget, of all activities below", "dated_work + level_of_effort + undated_work"),
    "ev_dated": ("the same, of the work that has dates", "dated_work + level_of_effort"),
}

HOURS: Mapping[str, str] = {
    "unbaselined_hours": "budget hours now of activities that the baseline does not hold",
    "undated_hours": "budget hours of activities without both baseline dates",
    "unrated_hours": "approved hours that have no rate",
    "level_of_effort_hours": "budget hours of level of effort",
}


def explain(node: Node, measure: Measure = "hours", forecast: Forecast = "cpi") -> tuple[Explanation, ...]:
    """Every figure of :func:`~chalicelib.evm.figures.figures`, in the same order of ideas."""
    shown, exact = figures(node, measure, forecast), exact_figures(node, measure, forecast)
    return (
        *_parts(node, measure, shown),
        *_metrics(node, measure, forecast, shown, exact),
        *_time(node, measure, shown),
        *(
            Explanation(name, words, name, {name: getattr(shown, name)}, getattr(shown, name))
            for name, words in HOURS.items()
        ),
    )


def _parts(node: Node, measure: Measure, shown: Figures) -> Iterator[Explanation]:
    side = node.hours if measure == "hours" else node.money
    for name, (words, formula) in PARTS.items():
        sums = {}
        if side is not None:
            budget = (side.budgets.discrete, side.budgets.effort, side.budgets.undated)
            dated, effort, undated = {
                "bac": budget,
                "pv": (side.pv, side.effort, 0),
            }.get(name, (side.schedule.ev, side.effort, side.undated))
            sums = {"dated_work": dated, "level_of_effort": effort, "undated_work": undated}
        used = {key: _amount(value, measure) for key, value in sums.items() if key in formula}
        yield _explanation(shown, name, words, formula, used)
    yield _spent(node, measure, shown)


def _spent(node: Node, measure: Measure, shown: Figures) -> Explanation:
    if measure == "hours":
        words, amount = "approved hours dated on or before as-of", node.spent.hours
        return _explanation(shown, "ac", words, "approved_hours", {"approved_hours": _amount(amount, measure)})
    words = "approved hours dated on or before as-of, each at the rate kept when it was approved"
    return _explanation(shown, "ac", words, "approved_cost", {"approved_cost": _amount(node.spent.money, measure)})


def _metrics(
    node: Node, measure: Measure, forecast: Forecast, shown: Figures, exact: Mapping[str, Exact]
) -> Iterator[Explanation]:
    known = {name: _exact(value, measure) for name, value in exact.items()}
    known["ac_hours"] = _amount(node.spent.hours, "hours")
    known["ev_hours"] = _amount(node.hours.earned_value, "hours")
    chosen = f"forecasts.{forecast}"
    for name, (words, formula) in [*FORMULAS.items(), ("eac", FORMULAS[chosen])]:
        sums = {key: known[key] for key in _names(formula)}
        yield _explanation(shown, name, words, formula, sums)


def _time(node: Node, measure: Measure, shown: Figures) -> Iterator[Explanation]:
    side, time = node.hours if measure == "hours" else node.money, schedule_timing(node, measure)
    es, at = _days(time.es), Decimal(time.at)
    formula, sums = ("day", {"day": es}) if side is None else _earned_schedule(side.schedule, time, measure)
    words = "the working day since the baseline start at which PV was what EV is now"
    yield _explanation(shown, "es", words, formula, sums)
    yield _explanation(shown, "sv_t", "working days ahead of the plan", "es − at", {"es": es, "at": at})
    yield _explanation(
        shown, "spi_t", "working days of the plan done for each one elapsed", "es ÷ at", {"es": es, "at": at}
    )
    start = None if side is None else side.schedule.start
    yield _explanation(
        shown,
        "forecast_finish",
        "the working day of this number from the baseline start: baseline duration ÷ SPI(t), rounded up",
        "duration × at ÷ es",
        {"baseline_start": start, "duration": Decimal(time.duration), "at": at, "es": es},
    )


def _earned_schedule(schedule: Schedule, time: Timing, measure: Measure) -> tuple[str, Mapping[str, Value]]:
    """Between two days by what is planned on the second; on the day where EV is planned to its end."""
    if time.es is None or schedule.start is None or time.es.denominator == 1:
        return "day", {"day": _days(time.es)}
    planned, day = planned_by_working_day(schedule, schedule.start, time.duration), floor(time.es)
    amounts = {"earned": schedule.ev, "pv_day": planned(day), "pv_next": planned(day + 1)}
    sums: dict[str, Value] = {"day": Decimal(day)}
    return "day + (earned − pv_day) ÷ (pv_next − pv_day)", sums | {
        name: _amount(value, measure) for name, value in amounts.items()
    }


def _explanation(shown: Figures, name: str, words: str, formula: str, sums: Mapping[str, Value]) -> Explanation:
    inner = name.removeprefix("forecasts.")
    value = shown.forecasts[inner] if name.startswith("forecasts.") else getattr(shown, name)
    reason = shown.reasons.get(name)
    return Explanation(name, words, formula, sums, value, IN_WORDS[reason] if reason else None)


def _names(formula: str) -> list[str]:
    return list(
        dict.fromkeys(word for word in formula.replace("(", " ").replace(")", " ").split() if word.isidentifier())
    )


def _amount(value: int, measure: Measure) -> Decimal:
    """All the decimals of a stored amount, less the zeros at the end."""
    return _plain(Fraction(value, MICRO if measure == "hours" else MONEY), PLACES[measure])


def _exact(value: Exact, measure: Measure) -> Decimal | None:
    return None if value.reason else _plain(value.value, PLACES[measure])


def _days(value: Fraction | None) -> Decimal | None:
    return None if value is None else _plain(value, PLACES["hours"])


def _plain(value: Fraction, places: int) -> Decimal:
    text = f"{rounded(value, places):f}"
    return Decimal(text.rstrip("0").rstrip("."))
