"""From the sums of a node to what earned value calculates with."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import Schedule
from chalicelib.evm.figures import Measure, Node
from chalicelib.evm.sums import Budgets, Cut, Deltas, Spent, Sums
from chalicelib.rollups.accounts import NOW, column
from chalicelib.rollups.generations import Days, Generation, baselines, calendar_of
from chalicelib.rollups.nodesums import HOURS, Curve, NodeSums, Priced, in_money

KINDS = ("discrete", "effort", "undated")


class Plan(Struct, frozen=True):
    """Which plan figures are by: its name in the sums, its number (None: the plan of now), and its working days."""

    name: str
    number: int | None
    days: Days

    @property
    def calendar(self) -> WorkCalendar:
        """The same as earned value has it."""
        return calendar_of(self.days)


def plan_of(generation: Generation, baseline: int | None, current: bool = False) -> Plan | None:
    """The baseline asked for, by default the newest; the plan of now when there is none; None: no such baseline."""
    frozen = baselines(generation)
    number = None if current else baseline if baseline is not None else frozen[-1] if frozen else None
    if number is not None and number not in frozen:
        return None
    name = NOW if number is None else str(number)
    return Plan(name, number, generation.days[name])


def node_of(sums: NodeSums, plan: Plan, as_of: date, rate: Decimal | None, measure: Measure = "cost") -> Node:
    """The sums of a node at the end of a date; ``rate`` is the project's planned rate.

    Those in money are left out where ``measure`` is hours: half of the work is theirs.
    """
    day = as_of.toordinal()
    plain = any(sums.undated.get(column(plan.name, kind, "budget", "plain")) for kind in KINDS)
    unpriced = measure == "hours" or (rate is None and plain)
    return Node(
        as_of=as_of,
        hours=_cut(sums, plan, HOURS, as_of),
        money=None if unpriced else _cut(sums, plan, in_money(rate), as_of),
        spent=Spent(sums.to_date("ac", day), sums.to_date("ac/cost", day), sums.to_date("ac/unrated", day)),
        unbaselined=sums.undated.get(column(plan.name, "unbaselined", "budget"), 0),
    )


def _cut(sums: NodeSums, plan: Plan, priced: Priced, as_of: date) -> Cut:
    day, name = as_of.toordinal(), plan.name
    curve = Curve(sums, name, "discrete", priced, plan.days)
    budgets = Budgets(*(sums.budget(name, kind, priced) for kind in KINDS))
    earned = sums.earned(name, "discrete", priced, day)
    done = bool(budgets.discrete) and earned >= budgets.discrete
    columns = [column(name, "discrete", "earned", price) for price, _ in HOURS]
    return Cut(
        budgets=budgets,
        pv=curve(as_of),
        effort=Curve(sums, name, "effort", priced, plan.days)(as_of),
        undated=sums.earned(name, "undated", priced, day),
        schedule=Schedule(
            start=sums.first(column(name, "discrete", "starts")),
            finish=sums.last(column(name, "discrete", "finishes")),
            bac=budgets.discrete,
            ev=earned,
            changed=sums.last_change(columns, day) if done else None,
            planned=curve,
            calendar=plan.calendar,
        ),
    )


def series(sums: NodeSums, plan: Plan, measure: str, rate: Decimal | None) -> tuple[Sums, Deltas]:
    """Planned and earned value day by day, and the changes of what is spent, in hours or money."""
    priced = HOURS if measure == "hours" else in_money(rate)

    def earned(kind: str) -> Deltas:
        return sums.days([(column(plan.name, kind, "earned", price), factor) for price, factor in priced])

    spent = sums.days([("ac" if measure == "hours" else "ac/cost", HOURS[0][1])])
    return (
        Sums(
            Budgets(*(sums.budget(plan.name, kind, priced) for kind in KINDS)),
            planned=sums.slope_changes(plan.name, "discrete", priced),
            effort=sums.slope_changes(plan.name, "effort", priced),
            earned=earned("discrete"),
            undated=earned("undated"),
        ),
        spent,
    )


def worked(sums: NodeSums) -> Deltas:
    """The approved hours of each day."""
    return sums.days([("ac", HOURS[0][1])])
