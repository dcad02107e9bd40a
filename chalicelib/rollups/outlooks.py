"""Reports that look at activities one by one: the look-ahead and productivity by cost code."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.evm.amounts import MICRO, rounded
from chalicelib.evm.earning import Rule
from chalicelib.evm.look_ahead import AVERAGED_DAYS, Outlook, Progress, is_due, outlook
from chalicelib.evm.metrics import AMOUNT_PLACES
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.productivity import Productivity, productivity
from chalicelib.rollups import accounts, generations, kpis
from chalicelib.rollups.accounts import NOW, Account
from chalicelib.rollups.generations import Generation
from chalicelib.rollups.nodesums import NodeSums
from chalicelib.rollups.rows import Head, Known, Root
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import counted
from chalicelib.storage.queries import Query
from chalicelib.storage.store import Store
from chalicelib.tree.ground import node_key
from chalicelib.tree.rows import Node

MOST_DUE = 2_000


class Due(Struct, frozen=True):
    """An activity of the look-ahead."""

    node: str
    name: str
    cost_code: str | None
    plan: Plan
    outlook: Outlook


class Used(Struct, frozen=True):
    """What an activity's units take, and how many are installed."""

    budget_hours: Decimal
    spent_hours: Decimal
    installed: Decimal
    productivity: Productivity


NOT_BEGUN = Account()


def due(store: Store, company: str, project: str, as_of: date, weeks: int) -> list[Due]:
    """The activities not finished that start or run within so many weeks of a date, the earliest start first.

    Raises:
        Invalid: there are more than 2,000 of them.
    """
    place = Place(company, project)
    root = store.get(Root, place.pk, "root")
    if root is None:
        return []
    current = generations.unpack(root.content).current
    ids = _candidates(store, place, as_of, weeks)
    if len(ids) > MOST_DUE:
        raise Invalid(errors={"weeks": [f"More than {MOST_DUE:,} activities; choose fewer weeks."]})
    rows = store.get_many(*((Head, place.of(id), "head") for id in ids), *(node_key(company, id) for id in ids))
    found = [
        _due(head, node, current, as_of, weeks)
        for head, node in zip(rows[: len(ids)], rows[len(ids) :], strict=True)
        if head and node
    ]
    return sorted((each for each in found if each), key=lambda each: (each.plan.start or date.max, each.node))


def _candidates(store: Store, place: Place, as_of: date, weeks: int) -> list[str]:
    """Those that begin in time and are not known to be done."""
    last = (as_of + timedelta(weeks=weeks)).isoformat()
    return [
        row.sk.rpartition("#")[2]
        for row in store.each(Query(model=Known, hash=place.pk, between=("known#4#", "known#4#~")))
        if (row.begins or "") <= last and (row.done_on or "~") > as_of.isoformat()
    ]


def _due(head: Head, node: Node, current: Generation, as_of: date, weeks: int) -> Due | None:
    progress = progress_of(accounts.unpack(head.content), current, as_of)
    if progress is None or not is_due(progress, as_of, weeks):
        return None
    ahead = outlook(progress, current.calendars()[NOW], as_of)
    return Due(node.id, node.name, node.cost_code, progress.plan, ahead)


def progress_of(account: Account, current: Generation, as_of: date) -> Progress | None:
    """An activity at the end of a date by the plan of now; None when it is not there."""
    basis = account.basis(current.number)
    if basis is None:
        return None
    sums = NodeSums.of_sheet(counted(account, current), current)
    plan = kpis.plan_of(current, None, True)
    assert plan is not None
    cut = kpis.node_of(sums, plan, as_of, None, "hours").hours
    first = as_of - timedelta(days=AVERAGED_DAYS - 1)
    recent = sum(cell.hours for day, cell in account.work.items() if first <= day <= as_of)
    return Progress(basis.plans[NOW], cut.planned_value, cut.earned_value, recent, basis.rule is Rule.LEVEL_OF_EFFORT)


def used(store: Store, company: str, project: str, activities: Sequence[str], as_of: date) -> list[Used]:
    """What the units of some activities take up to a date, in one round."""
    place = Place(company, project)
    heads = store.get_many(*((Head, place.of(id), "head") for id in activities)) if activities else []
    return [_used(accounts.unpack(head.content) if head else NOT_BEGUN, as_of) for head in heads]


def _used(account: Account, as_of: date) -> Used:
    basis = account.basis(max(account.bases, default=0))
    budget, quantity = (basis.plans[NOW].budget, basis.quantity) if basis else (0, None)
    spent = sum(cell.hours for day, cell in account.work.items() if day <= as_of)
    installed = account.installed(as_of)
    return Used(_hours(budget), _hours(spent), installed, productivity(budget, spent, quantity, installed))


def _hours(millionths: int) -> Decimal:
    return rounded(Fraction(millionths, MICRO), AMOUNT_PLACES)
