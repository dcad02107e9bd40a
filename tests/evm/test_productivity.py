"""By cost code: spent hours per unit against budget hours per unit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.amounts import MICRO
from chalicelib.evm.productivity import productivity


class TestSpentHoursPerUnitAgainstBudgetHoursPerUnit:
    def test_formwork(self) -> None:
        """100 h for 200 m2; 72 h for 130 m2 so far."""
        found = productivity(100 * MICRO, 72 * MICRO, Decimal(200), Decimal(130))
        assert (found.budget_hours_per_unit, found.spent_hours_per_unit) == (Decimal("0.5"), Decimal("0.5538"))
        assert found.ratio == Decimal("1.1077")

    def test_every_null_has_its_reason(self) -> None:
        found = productivity(100, 72, None, Decimal(0))
        assert found.reasons == {
            "budget_hours_per_unit": "no_quantity",
            "spent_hours_per_unit": "nothing_installed",
            "ratio": "nothing_installed",
        }
        assert productivity(0, 72, Decimal(2), Decimal(1)).reasons == {"ratio": "no_budget"}

    @given(*[st.integers(0, 10**9)] * 2, *[st.decimals(0, 10**6, places=2)] * 2)
    def test_null_exactly_where_a_denominator_is_zero(
        self, budget: int, spent: int, quantity: Decimal, installed: Decimal
    ) -> None:
        found = productivity(budget, spent, quantity, installed)
        assert (found.budget_hours_per_unit is None) == (quantity == 0)
        assert (found.spent_hours_per_unit is None) == (installed == 0)
        assert (found.ratio is None) == (0 in (quantity, installed, budget))
