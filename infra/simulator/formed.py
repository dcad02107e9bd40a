"""What is formed from the sums of a node: ratios, differences, estimates at completion, and why one is missing.

Written from the formulas of the product's rules alone.
"""

from decimal import Decimal
from fractions import Fraction

from infra.simulator.figures import MILLION, Sums, half_up

FORECASTS = ("cpi", "budget_rate", "spi_cpi")
Known = Fraction | None


def formed(sums: Sums, cost: bool = False, forecast: str = "cpi") -> dict[str, Decimal | None]:
    """Ratios to 0.0001, amounts to 0.01; None where something is not known, or would be divided by 0."""
    bac, pv, ev, ac, dated = _amounts(sums, cost)
    eac = estimates(sums, cost)[forecast]
    fine = {
        "se": over(Fraction(sums.hours_ac), Fraction(sums.hours_ev)),
        "spi": over(dated, pv),
        "cpi": over(ev, ac),
        "tcpi": over(less(bac, ev), less(bac, ac)),
        "percent_complete": over(ev, bac),
        "percent_spent": over(ac, bac),
    }
    coarse = {
        "bac": bac,
        "pv": pv,
        "ev": ev,
        "ac": ac,
        "ev_dated": dated,
        "sv": less(dated, pv),
        "cv": less(ev, ac),
        "eac": eac,
        "etc": less(eac, ac),
        "vac": less(bac, eac),
        "undated_hours": Fraction(sums.undated, MILLION),
        "unrated_hours": Fraction(sums.unrated, MILLION),
        "unbaselined_hours": Fraction(sums.unbaselined, MILLION),
        "level_of_effort_hours": Fraction(sums.effort, MILLION),
    }
    found = {name: rounded(value, 4) for name, value in fine.items()}
    return found | {name: rounded(value, 2) for name, value in coarse.items()}


def estimates(sums: Sums, cost: bool = False) -> dict[str, Known]:
    """The estimates at completion: BAC / CPI; AC + BAC - EV; AC + (BAC - EV) / (CPI × SPI)."""
    bac, pv, ev, ac, dated = _amounts(sums, cost)
    if bac is None or pv is None or ev is None or ac is None or dated is None:
        return dict.fromkeys(FORECASTS)
    cpi, spi = over(ev, ac), over(dated, pv)
    slower = None if cpi is None or spi is None else over(bac - ev, cpi * spi)
    return {
        "cpi": over(bac, cpi),
        "budget_rate": ac + bac - ev,
        "spi_cpi": None if slower is None else ac + slower,
    }


def _amounts(sums: Sums, cost: bool) -> tuple[Known, ...]:
    unit = 100 * MILLION if cost else MILLION
    amounts = (sums.bac, sums.pv, sums.ev, sums.ac, sums.dated)
    return tuple(None if each is None else Fraction(each, unit) for each in amounts)


def over(above: Known, below: Known) -> Known:
    """A ratio, which there is none of nothing."""
    return None if above is None or not below else above / below


def less(one: Known, other: Known) -> Known:
    """A difference of what is known."""
    return None if one is None or other is None else one - other


def rounded(value: Known, digits: int) -> Decimal | None:
    """Half up, as an answer shows it."""
    return None if value is None else Decimal(half_up(value * 10**digits)).scaleb(-digits)
