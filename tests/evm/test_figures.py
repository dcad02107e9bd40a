"""The key figures of a node, in the words of the specification."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from chalicelib.evm.amounts import MICRO, micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Rule
from chalicelib.evm.figures import Figures, figures
from chalicelib.evm.metrics import FORECASTS
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import Activity, Booking, node
from chalicelib.evm.reasons import IN_WORDS
from tests.evm.strategies import calendars, days, projects, rates

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
FRIDAY = date(2026, 3, 6)
BESIDE = {"finished", "unrated_hours"}


def march(day: int) -> date:
    return date(2026, 3, day)


def activity(hours: int, start: int = 0, finish: int = 0, done: str = "0", rule: Rule = Rule.PERCENT) -> Activity:
    plan = Plan(micro_hours(hours), march(start) if start else None, march(finish) if finish else None)
    measured = (Measurement(FRIDAY, percent_complete=Decimal(done)),) if done != "0" else ()
    return Activity(f"{hours}", (), plan, rule, measurements=measured)


class TestWorkWithoutDatesHasNoPlannedValue:
    """Work without dates has no PV. So SPI, SV, ES and forecasts of time compare dated work only; its
    budget is in BAC and is shown as `undated_hours` (`ev_dated` is the EV that these compare)."""

    def test_undated_work_does_not_hide_a_delay(self) -> None:
        found = figures(node([activity(100, 2, 13, "0.25"), activity(100, done="0.25")], WEEK, FRIDAY))
        assert (found.bac, found.ev, found.ev_dated, found.undated_hours) == (200, 50, 25, 100)
        assert (found.pv, found.spi, found.sv) == (50, Decimal("0.5"), -25)
        assert (found.es, found.sv_t, found.spi_t) == (Decimal("2.5"), Decimal("-2.5"), Decimal("0.5"))
        assert found.forecast_finish == march(27)
        assert found.percent_complete == Decimal("0.25")

    @pytest.mark.parametrize(("start", "finish"), [(0, 13), (2, 0)])
    def test_one_date_is_no_plan(self, start: int, finish: int) -> None:
        found = figures(node([activity(100, start, finish, "0.5")], WEEK, FRIDAY))
        assert (found.undated_hours, found.ev_dated, found.reasons["es"]) == (100, 0, "no_baseline")

    def test_dated_work_done_is_finished_while_undated_work_goes_on(self) -> None:
        found = figures(node([activity(100, 2, 13, "1"), activity(100, done="0.25")], WEEK, march(20)))
        assert (found.forecast_finish, found.reasons["forecast_finish"]) == (FRIDAY, "finished")


class TestLevelOfEffortEarnsByTheCalendar:
    """Level of effort earns by the calendar: it is in PV and EV but not in ES, SV(t), SPI(t)."""

    def test_it_dilutes_spi_and_not_spi_t(self) -> None:
        effort = activity(100, 2, 13, rule=Rule.LEVEL_OF_EFFORT)
        found = figures(node([activity(100, 2, 13, "0.25"), effort], WEEK, FRIDAY))
        assert (found.pv, found.ev, found.ev_dated, found.level_of_effort_hours) == (100, 75, 75, 100)
        assert (found.spi, found.spi_t, found.forecast_finish) == (Decimal("0.75"), Decimal("0.5"), march(27))

    def test_its_dates_move_no_forecast(self) -> None:
        """Supervision to the end of the month, and the building work on its plan."""
        effort = activity(100, 2, 31, rule=Rule.LEVEL_OF_EFFORT)
        found = figures(node([activity(100, 2, 13, "0.5"), effort], WEEK, FRIDAY))
        assert (found.spi_t, found.forecast_finish) == (1, march(13))

    def test_alone_it_has_no_time(self) -> None:
        found = figures(node([activity(100, 2, 13, rule=Rule.LEVEL_OF_EFFORT)], WEEK, FRIDAY))
        assert (found.spi, found.es, found.reasons["spi_t"]) == (1, None, "no_baseline")


class TestEveryNullHasItsReason:
    """A ratio whose denominator is 0 is null, never 0, infinity or an error, and `reasons` says why for
    every null, those inside `forecasts` too."""

    @given(projects(), calendars, days, rates)
    def test_in_hours_and_in_money(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date, rate: Decimal | None
    ) -> None:
        found = node(activities, calendar, as_of, rate)
        for measure in ("hours", "cost"):
            for forecast in FORECASTS:
                shown = figures(found, measure, forecast)
                why = {name: reason for name, reason in shown.reasons.items() if reason not in BESIDE}
                assert set(why) == _nulls(shown)
                assert set(shown.reasons.values()) <= set(IN_WORDS)

    def test_nothing_at_all(self) -> None:
        assert set(figures(node([], WEEK, FRIDAY)).reasons) == {
            "se", "spi", "cpi", "eac", "etc", "vac", "tcpi", "percent_complete", "percent_spent",
            "es", "sv_t", "spi_t", "forecast_finish", "forecasts.cpi", "forecasts.spi_cpi",
        }  # fmt: skip


class TestMoney:
    """BAC, PV and EV = hours x `planned_rate`; AC = approved hours x kept rate; hours without one are
    reported as `unrated_hours`."""

    WORK = (Booking(march(2), 30 * MICRO, Decimal("40.00")), Booking(march(3), 10 * MICRO, None))

    def _costs(self, rate: Decimal | None) -> Figures:
        one = activity(100, 2, 13, "0.5")
        booked = Activity(one.id, (), one.plan, one.rule, work=self.WORK, measurements=one.measurements)
        return figures(node([booked], WEEK, FRIDAY, rate), "cost")

    def test_a_cost_cpi_with_unrated_hours_carries_a_reason_beside_it(self) -> None:
        found = self._costs(Decimal("50.00"))
        assert (found.bac, found.pv, found.ev, found.ac) == (5000, 2500, 2500, 1200)
        assert (found.cpi, found.unrated_hours) == (Decimal("2.0833"), 10)
        assert found.reasons == {"cpi": "unrated_hours"}
        assert found.se == Decimal("0.8")  # 40 / 50, in hours always

    def test_without_a_planned_rate_null_with_the_reason_no_planned_rate(self) -> None:
        found = self._costs(None)
        assert found.ac == 1200
        assert set(found.reasons.values()) == {"no_planned_rate"}
        assert {"bac", "pv", "ev", "spi", "cpi", "es", "spi_t", "forecast_finish", "forecasts.cpi"} <= set(
            found.reasons
        )

    def test_budget_hours_without_dates_stay_in_hours(self) -> None:
        found = figures(node([activity(100)], WEEK, FRIDAY, Decimal(50)), "cost")
        assert (found.bac, found.undated_hours) == (5000, 100)


def _nulls(shown: Figures) -> set[str]:
    nulls = {field.name for field in fields(shown) if getattr(shown, field.name) is None}
    return nulls | {f"forecasts.{name}" for name, value in shown.forecasts.items() if value is None}
