"""The life of a labour entry, in one table: which action leads from where to where, and what it needs.

What a call refuses, what ``allowed_actions`` offers and the diagram in ``docs/`` all come from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from chalicelib.errors import (
    ClashUnresolved,
    CostCodeRequired,
    Denied,
    Inactive,
    InvalidTransition,
    OwnEntry,
    PeriodClosed,
    WbsyncError,
)


class State(StrEnum):
    """Where an entry is; ``DELETED`` is no state of a row, it ends one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    DELETED = "deleted"


class Action(StrEnum):
    """What can be done to an entry."""

    EDIT = "edit"
    SUBMIT = "submit"
    DELETE = "delete"
    APPROVE = "approve"
    REJECT = "reject"
    REOPEN = "reopen"


class Right(StrEnum):
    """Which permission on the entry's project an action asks for."""

    LOG = "log"
    APPROVE = "approve"


class Need(StrEnum):
    """What must hold besides state and permission, in the order in which it is refused."""

    OPEN_PERIOD = "the period is open"
    TAKES_HOURS = "the project takes hours"
    ACTIVE_OPERATIVE = "the operative is active"
    NOT_ARCHIVED = "the project is not archived"
    NOT_OWN = "it is not their own"
    NO_CLASH = "no clash holds it back"
    COST_CODE = "a cost code"
    REASON = "a reason"


ASKED = frozenset({Need.COST_CODE, Need.REASON})  # the call itself brings these


class Transition(Struct, frozen=True):
    """One line of the table; ``target`` is None where the state stays as it is."""

    action: Action
    sources: tuple[State, ...]
    target: State | None
    right: Right
    needs: tuple[Need, ...]


_COUNTS_ANEW = (Need.OPEN_PERIOD, Need.TAKES_HOURS, Need.ACTIVE_OPERATIVE)
_OPEN = (State.DRAFT, State.SUBMITTED, State.REJECTED)

TRANSITIONS: Mapping[Action, Transition] = {
    each.action: each
    for each in (
        Transition(Action.EDIT, _OPEN, None, Right.LOG, _COUNTS_ANEW),
        Transition(Action.SUBMIT, (State.DRAFT, State.REJECTED), State.SUBMITTED, Right.LOG, _COUNTS_ANEW),
        Transition(Action.DELETE, _OPEN, State.DELETED, Right.LOG, (Need.OPEN_PERIOD,)),
        Transition(
            Action.APPROVE,
            (State.SUBMITTED,),
            State.APPROVED,
            Right.APPROVE,
            (Need.OPEN_PERIOD, Need.NOT_ARCHIVED, Need.NOT_OWN, Need.NO_CLASH, Need.COST_CODE),
        ),
        Transition(Action.REJECT, (State.SUBMITTED,), State.REJECTED, Right.APPROVE, (Need.OPEN_PERIOD, Need.REASON)),
        Transition(Action.REOPEN, (State.APPROVED,), State.SUBMITTED, Right.APPROVE, (Need.OPEN_PERIOD, Need.REASON)),
    )
}
BORN = (State.DRAFT, State.SUBMITTED)  # how an entry may be created


class Facts(Struct, frozen=True, kw_only=True):
    """What decides on the actions of one caller on one entry, as everything is now.

    ``closed_to`` is the last closed day of the project; ``clash`` describes what holds the entry
    back (the answer's extra fields), None when nothing does.
    """

    state: State
    date: str
    may_log: bool
    may_approve: bool
    closed_to: str | None
    project_status: str
    operative_active: bool
    own: bool
    clash: Mapping[str, Any] | None
    cost_code: bool


def refusal(action: Action, facts: Facts) -> WbsyncError | None:
    """Why the caller may not, or None: permission first, then state, then needs in their order."""
    line = TRANSITIONS[action]
    if not (facts.may_log if line.right is Right.LOG else facts.may_approve):
        return _DENIED[line.right]()
    if facts.state not in line.sources:
        return InvalidTransition(f"The entry is {facts.state.value}. {_NEXT[action, facts.state]}")
    refusals = (_unmet(need, facts) for need in line.needs)
    return next((each for each in refusals if each is not None), None)


def require(action: Action, facts: Facts) -> Transition:
    """The action's line of the table.

    Raises:
        WbsyncError: the refusal.
    """
    refused = refusal(action, facts)
    if refused is not None:
        raise refused
    return TRANSITIONS[action]


def allowed_actions(facts: Facts) -> list[str]:
    """Every action that a call with a reason and a cost code would not be refused."""
    supplied = Facts(**{name: getattr(facts, name) for name in Facts.__struct_fields__} | {"cost_code": True})
    return sorted(action.value for action in TRANSITIONS if refusal(action, supplied) is None)


def refused_place(date: str, closed_to: str | None, project_status: str, operative_active: bool) -> WbsyncError | None:
    """Why no entry is taken on a date of a project and operative, or None."""
    born = Facts(
        state=State.DRAFT,
        date=date,
        may_log=True,
        may_approve=False,
        closed_to=closed_to,
        project_status=project_status,
        operative_active=operative_active,
        own=False,
        clash=None,
        cost_code=False,
    )
    return refusal(Action.SUBMIT, born)


def _unmet(need: Need, facts: Facts) -> WbsyncError | None:
    match need:
        case Need.OPEN_PERIOD if facts.closed_to and facts.date <= facts.closed_to:
            return PeriodClosed(f"The project is closed up to {facts.closed_to}; a manager can reopen the period.")
        case Need.TAKES_HOURS if facts.project_status not in TAKES_HOURS:
            return Inactive(
                f"The project is {facts.project_status}: it takes entries once it is active or on hold.",
                errors={"project": ["Takes no entries."]},
            )
        case Need.ACTIVE_OPERATIVE if not facts.operative_active:
            return Inactive(
                "The operative is not active: set active to true first.", errors={"operative": ["Not active."]}
            )
        case Need.NOT_ARCHIVED if facts.project_status == "archived":
            return Inactive(
                "The project is archived: give it another status first.", errors={"project": ["Its hours are settled."]}
            )
        case Need.NOT_OWN if facts.own:
            return OwnEntry("Nobody approves hours that they submitted, were the last to change, or worked.")
        case Need.NO_CLASH if facts.clash is not None:
            return ClashUnresolved("A clash holds the entry back; resolve it first.", **facts.clash)
        case Need.COST_CODE if not facts.cost_code:
            return CostCodeRequired(
                "Approve with the cost_code of an activity of the project.",
                errors={"cost_code": ["Pick the activity these hours belong to."]},
            )
    return None


TAKES_HOURS = frozenset({"active", "on_hold"})
_DENIED = {
    Right.LOG: lambda: Denied("You may log only your own hours."),
    Right.APPROVE: lambda: Denied("This needs the permission approve on the entry's project."),
}
_REOPEN = "Reopen it first."
_NEXT: Mapping[tuple[Action, State], str] = {
    (Action.EDIT, State.APPROVED): _REOPEN,
    (Action.SUBMIT, State.APPROVED): _REOPEN,
    (Action.SUBMIT, State.SUBMITTED): "It waits for approval already.",
    (Action.DELETE, State.APPROVED): _REOPEN,
    (Action.APPROVE, State.DRAFT): "Submit it first.",
    (Action.APPROVE, State.REJECTED): "Correct it and submit it first.",
    (Action.APPROVE, State.APPROVED): "Its hours count already.",
    (Action.REJECT, State.DRAFT): "Edit or delete it.",
    (Action.REJECT, State.REJECTED): "It waits for correction already.",
    (Action.REJECT, State.APPROVED): _REOPEN,
    (Action.REOPEN, State.DRAFT): "Edit it as it is.",
    (Action.REOPEN, State.SUBMITTED): "Edit it as it is.",
    (Action.REOPEN, State.REJECTED): "Edit it as it is.",
}


def diagram() -> str:
    """The table as a Mermaid state diagram, as ``docs/`` shows it."""
    lines = ["stateDiagram-v2", *(f"  [*] --> {state.value}: create" for state in BORN)]
    for line in TRANSITIONS.values():
        asked = [need.value for need in line.needs if need in ASKED]
        label = f"{line.action.value}{' with ' + ', '.join(asked) if asked else ''}"
        for source in line.sources:
            target = line.target or source
            lines.append(f"  {source.value} --> {'[*]' if target is State.DELETED else target.value}: {label}")
    return "\n".join(lines)


def table() -> list[list[str]]:
    """The table as rows of text: action, from, to, permission, needs."""
    return [
        [
            line.action.value,
            ", ".join(source.value for source in line.sources),
            line.target.value if line.target else "as it was",
            line.right.value,
            "; ".join(need.value for need in line.needs),
        ]
        for line in TRANSITIONS.values()
    ]
