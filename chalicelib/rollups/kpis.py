"""Key figures of a node at a date: one query of its day rows, read together with the node."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct

from chalicelib.evm.amounts import MICRO, MONEY, money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.metrics import Forecast, Metrics, measure
from chalicelib.evm.planned_value import SlopeChange, planned_from_changes
from chalicelib.rollups.measures import TOTAL
from chalicelib.rollups.recompute import sums_of
from chalicelib.rollups.rows import RollupDay
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store


class Cut(Struct, frozen=True):
    """The sums of a node at the end of a date: hours in millionths, money in 1e-8, None when unknown."""

    bac: int
    pv: int
    ev: int
    ac: int
    unrated: int
    money_bac: int | None
    money_pv: int | None
    money_ev: int | None
    money_ac: int


def read_rows(store: Store, company: str, node: str, until: str) -> list[dict[str, Any]]:
    """The rollup rows of a node up to a date."""
    query = Query(model=RollupDay, hash=key(company, node), between=("day#", f"day#{until}~"))
    return list(store.items(query))


def cut(
    total: Mapping[str, Any],
    rows: Iterable[Mapping[str, Any]],
    calendar: WorkCalendar,
    as_of: date,
    project_rate: Decimal | None,
) -> Cut:
    """The sums at a date from a node's rows."""
    days = [(date.fromisoformat(row["sk"]["S"][4:]), sums_of(row)) for row in rows]
    days = [(day, sums) for day, sums in days if day <= as_of]

    def plain(name: str) -> int:
        return sum(sums.get(name, 0) for _, sums in days)

    def planned(prefix: str, suffix: str) -> int:
        changes = (
            SlopeChange(day, sums.get(f"{prefix}slope{suffix}", 0), sums.get(f"{prefix}lump{suffix}", 0))
            for day, sums in days
        )
        return planned_from_changes(changes, calendar, as_of)

    all_of = sums_of(total)
    known = project_rate is not None or not all_of.get("bac_plain", 0)

    def priced(own: int, hours: int) -> int | None:
        return own + (money(hours, project_rate) if project_rate is not None else 0) if known else None

    return Cut(
        bac=all_of.get("bac", 0),
        pv=planned("", ""),
        ev=plain("ev") + planned("effort_", ""),
        ac=plain("ac"),
        unrated=plain("ac_unrated"),
        money_ac=plain("ac_money"),
        money_bac=priced(all_of.get("bac_money", 0), all_of.get("bac_plain", 0)),
        money_pv=priced(planned("", "_money"), planned("", "_plain")),
        money_ev=priced(
            plain("ev_money") + planned("effort_", "_money"), plain("ev_plain") + planned("effort_", "_plain")
        ),
    )


def figures(sums: Cut, measure_name: str, forecast: Forecast) -> Metrics:
    """The key figures in hours or money; S/E is in hours always."""
    hours = [Fraction(value, MICRO) for value in (sums.bac, sums.pv, sums.ev, sums.ac)]
    if measure_name == "hours":
        return measure(*hours, forecast=forecast)
    cost = [
        None if value is None else Fraction(value, MONEY)
        for value in (sums.money_bac, sums.money_pv, sums.money_ev, sums.money_ac)
    ]
    return measure(*cost, hours_ev=hours[2], hours_ac=hours[3], forecast=forecast)


def total_key(company: str, node: str) -> tuple[str, str]:
    """Where a node's undated sums are."""
    return key(company, node), TOTAL
