"""The rules between the fields of a node: what an activity has, and what nobody else may have."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from chalicelib.errors import Invalid
from chalicelib.names import comparison_form
from chalicelib.tree.order import LEVELS

PLAN = (
    "cost_code",
    "budget_hours",
    "planned_rate",
    "unit",
    "quantity",
    "earning_rule",
    "milestones",
    "baseline_start",
    "baseline_finish",
)
A = TypeVar("A")
B = TypeVar("B")
MOST_MILESTONES = 100
MOST_MILESTONE_BYTES = 20_000
Errors = dict[str, list[str]]


def every_refusal(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What two decisions come to.

    Raises:
        Invalid: one of them may not be, or both; the fields of both are named.
    """
    try:
        found = first()
    except Invalid as error:
        try:
            second()
        except Invalid as other:
            raise Invalid(errors={**(error.errors or {}), **(other.errors or {})}) from error
        raise
    return found, second()


def check(level: int, values: Mapping[str, object]) -> None:
    """Whether a node of a level may be like this; ``values`` are all of its fields.

    Raises:
        Invalid: it may not; every field that stands in the way is named.
    """
    errors = _activity(values) if level == LEVELS else _above(values)
    if errors:
        raise Invalid(errors=errors)


def check_new(level: int | None, values: Mapping[str, object]) -> None:
    """The same for a new node, whose level is its parent's and one; None where there is no such parent.

    Raises:
        Invalid: it may not be like this; what can be said without the level is said with it.
    """
    if level is None:
        raise Invalid(
            errors={"parent": ["There is no such node in this project."], **_dates(values), **_milestones(values)}
        )
    if level > LEVELS:
        raise Invalid(errors={"parent": ["An activity has no nodes below it."]})
    check(level, values)


def _above(values: Mapping[str, object]) -> Errors:
    return {name: ["Only an activity (level 4) has this."] for name in PLAN if values.get(name) is not None}


def _activity(values: Mapping[str, object]) -> Errors:
    errors: Errors = {}
    if not values.get("cost_code"):
        errors["cost_code"] = ["An activity needs a cost code."]
    if values.get("earning_rule") == "units" and not values.get("quantity"):
        errors["quantity"] = ["The rule units needs a quantity above 0."]
    return errors | _dates(values) | _milestones(values)


def _dates(values: Mapping[str, Any]) -> Errors:
    start, finish = values.get("baseline_start"), values.get("baseline_finish")
    if start and finish:
        return {"baseline_finish": ["Must not be before baseline_start."]} if finish < start else {}
    missing = [name for name, date in (("baseline_start", start), ("baseline_finish", finish)) if not date]
    if values.get("earning_rule") == "level_of_effort":
        return {name: ["Level of effort earns by the calendar: give both baseline dates."] for name in missing}
    return {name: ["Both baseline dates or none."] for name in missing} if len(missing) == 1 else {}


def _milestones(values: Mapping[str, Any]) -> Errors:
    steps: Sequence[Mapping[str, Any]] = values.get("milestones") or ()
    names = Counter(comparison_form(each["name"]) for each in steps)
    if len(steps) > MOST_MILESTONES or sum(len(each["name"].encode()) for each in steps) > MOST_MILESTONE_BYTES:
        return {"milestones": [f"At most {MOST_MILESTONES} milestones, with {MOST_MILESTONE_BYTES} bytes of names."]}
    if any(count > 1 for count in names.values()):
        return {"milestones": ["Two milestones have the same name."]}
    if values.get("earning_rule") == "milestones" and sum((each["weight"] for each in steps), Decimal(0)) != 1:
        return {"milestones": ["The weights must sum to 1."]}
    return {}


def with_defaults(level: int, values: Mapping[str, object]) -> dict[str, Any]:
    """A new node's plan: an activity has a budget and a rule, also where nothing is said of them."""
    plan: dict[str, Any] = {name: values.get(name) for name in PLAN}
    if level == LEVELS:
        plan["budget_hours"] = plan["budget_hours"] or Decimal(0)
        plan["earning_rule"] = plan["earning_rule"] or ("units" if plan["quantity"] else "percent")
    return plan
