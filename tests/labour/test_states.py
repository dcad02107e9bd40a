"""draft -> submitted -> approved and the ways back: one table says what is refused and what is offered."""

from itertools import product
from typing import Any

import pytest

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
from chalicelib.labour.states import (
    TRANSITIONS,
    Action,
    Facts,
    State,
    allowed_actions,
    diagram,
    refusal,
    require,
    table,
)

STATES = [State.DRAFT, State.SUBMITTED, State.APPROVED, State.REJECTED]
CLASH = {"clash": {"id": "x20260608"}}


def facts(**values: Any) -> Facts:
    """An entry that waits, and a caller who may do everything; each test spoils one thing."""
    usual: dict[str, Any] = {
        "state": State.SUBMITTED,
        "date": "2026-06-08",
        "may_log": True,
        "may_approve": True,
        "closed_to": None,
        "project_status": "active",
        "operative_active": True,
        "own": False,
        "clash": None,
        "cost_code": True,
    }
    return Facts(**usual | values)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.DRAFT, ["delete", "edit", "submit"]),
        (State.SUBMITTED, ["approve", "delete", "edit", "reject"]),
        (State.APPROVED, ["reopen"]),
        (State.REJECTED, ["delete", "edit", "submit"]),
    ],
)
def test_each_state_offers_the_ways_of_the_diagram(state: State, offered: list[str]) -> None:
    assert allowed_actions(facts(state=state)) == offered


def test_approving_and_reopening_lead_where_the_diagram_says() -> None:
    ways = {(line.action.value, line.target.value if line.target else None) for line in TRANSITIONS.values()}
    assert ways == {
        ("edit", None),
        ("submit", "submitted"),
        ("delete", "deleted"),
        ("approve", "approved"),
        ("reject", "rejected"),
        ("reopen", "submitted"),
    }


@pytest.mark.parametrize(
    ("action", "spoilt", "error"),
    [
        (Action.APPROVE, {"may_approve": False}, Denied),
        (Action.APPROVE, {"state": State.DRAFT}, InvalidTransition),
        (Action.APPROVE, {"own": True}, OwnEntry),
        (Action.APPROVE, {"clash": CLASH}, ClashUnresolved),
        (Action.APPROVE, {"cost_code": False}, CostCodeRequired),
        (Action.APPROVE, {"project_status": "archived"}, Inactive),
        (Action.EDIT, {"may_log": False}, Denied),
        (Action.EDIT, {"operative_active": False}, Inactive),
        (Action.EDIT, {"project_status": "completed"}, Inactive),
        (Action.SUBMIT, {"state": State.DRAFT, "operative_active": False}, Inactive),
        (Action.SUBMIT, {"state": State.DRAFT, "project_status": "archived"}, Inactive),
        (Action.SUBMIT, {}, InvalidTransition),
        (Action.DELETE, {"state": State.APPROVED}, InvalidTransition),
        (Action.REJECT, {"may_approve": False}, Denied),
        (Action.REOPEN, {}, InvalidTransition),
        *((action, {"state": next(iter(TRANSITIONS[action].sources)), "closed_to": "2026-06-08"}, PeriodClosed)
          for action in Action),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said_by_its_code(
    action: Action, spoilt: dict[str, Any], error: type[WbsyncError]
) -> None:
    found = refusal(action, facts(**spoilt))
    assert type(found) is error
    with pytest.raises(error):
        require(action, facts(**spoilt))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"operative_active": False},  # hours of an operative who is inactive by now can still be approved
        {"project_status": "completed"},
        {"project_status": "on_hold"},
        {"closed_to": "2026-06-07"},  # the day before: this one is open
        {"may_log": False},
    ],
)
def test_what_does_not_stand_in_the_way_of_approving(spoilt: dict[str, Any]) -> None:
    assert refusal(Action.APPROVE, facts(**spoilt)) is None


def test_a_refused_state_says_what_to_do_next() -> None:
    said = {state: str(refusal(Action.APPROVE, facts(state=state))) for state in STATES}
    assert "Submit it first" in said[State.DRAFT] and "Correct it" in said[State.REJECTED]
    assert "Reopen it first" in str(refusal(Action.EDIT, facts(state=State.APPROVED)))
    assert "closed up to 2026-06-08" in str(refusal(Action.EDIT, facts(closed_to="2026-06-08")))


def test_an_open_clash_is_named_with_its_fields() -> None:
    refused = refusal(Action.APPROVE, facts(clash=CLASH))
    assert refused is not None and refused.extra == CLASH


def test_an_action_is_offered_exactly_when_its_call_is_not_refused() -> None:
    """In every case: state, clash, own entry, period, project, permission."""
    flags = [(True, False)] * 5
    for state, status, closed, (log, approve, active, own, clash) in product(
        STATES, ("active", "on_hold", "completed", "archived"), (None, "2026-06-08"), product(*flags)
    ):
        given = facts(
            state=state,
            project_status=status,
            closed_to=closed,
            may_log=log,
            may_approve=approve,
            operative_active=active,
            own=own,
            clash=CLASH if clash else None,
        )
        assert allowed_actions(given) == sorted(action for action in Action if refusal(action, given) is None)


def test_approving_is_offered_without_a_cost_code_since_the_call_brings_one() -> None:
    assert "approve" in allowed_actions(facts(cost_code=False))


def test_every_refused_state_has_its_advice() -> None:
    for action, state in product(Action, STATES):
        assert refusal(action, facts(state=state)) is None or str(refusal(action, facts(state=state))).count(".") == 2


def test_the_diagram_and_the_table_draw_every_transition() -> None:
    arrows = [line for line in diagram().splitlines() if "-->" in line]
    assert len(arrows) == 2 + sum(len(line.sources) for line in TRANSITIONS.values())
    assert "  approved --> submitted: reopen with a reason" in arrows and "  draft --> [*]: delete" in arrows
    assert [row[0] for row in table()] == [action.value for action in TRANSITIONS]
