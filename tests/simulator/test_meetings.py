"""What comes in between a request is about the very thing of the request; and who asks."""

import random
from decimal import Decimal

import pytest

from infra.simulator.clients import Clients
from infra.simulator.days import BEGINNINGS, Days
from infra.simulator.facts import NOBODY, Entry, Hand, Operation
from infra.simulator.meetings import OTHERWISE
from infra.simulator.requests import Request, Tenant
from infra.simulator.roles import Link
from infra.simulator.site import Activity, Plan, Site

DAY = "2026-06-08"


@pytest.fixture
def tenant() -> Tenant:
    found = Tenant("c", "A", {0: "secret"}, "UTC", owner="ann", tokens={"ann": "t"}, hands={"hand": "H1"})
    found.model.sites["p"] = Site("P", {"d": None}, {"n": Activity("d", "P-1", Plan(Decimal(9)))})
    found.model.entries["e"] = Entry("p", "hand", DAY, Decimal(8), "P-1", "fay")
    return found


def clients(*without: str) -> Clients:
    return Clients(random.Random(1), Days(BEGINNINGS[0]), frozenset(without))


def asked(tenant: Tenant, operation: Operation) -> Request:
    return Request(tenant, operation, "POST", "/", {}, "k1")


def test_the_days_of_hours_are_closed_with_force_only_where_something_waits(tenant: Tenant) -> None:
    request = asked(tenant, Operation("reject", "ann", entry="e"))
    for status, force in (("submitted", True), ("approved", False)):
        tenant.model.entries["e"].status = status
        other = clients("hand change", "status").beside(request)
        assert other is not None and other.key not in ("", request.key)
        assert (other.path, other.body) == ("/projects/p/periods/", {"closed_to": DAY, "force": force})


def test_a_budget_changes_while_the_plan_is_frozen(tenant: Tenant) -> None:
    other = clients().beside(asked(tenant, Operation("freeze", "ann", project="p")))
    assert other is not None and (other.method, other.path) == ("PATCH", "/wbs/n/")
    assert other.body == {"budget_hours": float(other.operation.values["budget"])}


def test_another_device_tells_the_same_shift(tenant: Tenant) -> None:
    drawing = clients("rotate")
    punch = drawing._punch(tenant, "ann")
    others = [drawing.beside(punch) for _ in range(30)]
    news = [other.operation.new for other in others if other is not None]
    assert len(news) == 30 and {each.day for each in news if each} == {
        punch.operation.new.day if punch.operation.new else ""
    }
    told = {other.operation.values["told"] for other in others if other}
    assert told == set(OTHERWISE[punch.operation.values["told"]])


def test_a_punch_and_a_rotation_of_its_secret_meet(tenant: Tenant) -> None:
    drawing = clients()
    punch = drawing._punch(tenant, "ann")
    assert "rotate" in {other.operation.verb for other in (drawing.beside(punch) for _ in range(60)) if other}
    others = [drawing.beside(asked(tenant, Operation("rotate", "ann"))) for _ in range(30)]
    assert {(other.operation.verb, other.key == "") for other in others if other} == {
        ("create", True),
        ("rotate", False),
    }


def test_another_hands_in_hours_of_the_day_that_is_being_approved(tenant: Tenant) -> None:
    tenant.tokens, tenant.hands = {"ann": "t", "fay": "t", "ed": "t"}, {"hand": "H1", "other": "H2"}
    tenant.model.people.roles = {"ann": "owner", "fay": "foreman", "ed": "engineer"}
    drawing, found = clients("close", "hand change", "status"), set()
    for _ in range(30):
        other = drawing.beside(asked(tenant, Operation("approve", "ann", entry="e")))
        if other is not None and (new := other.operation.new) is not None:
            found.add((new.day, other.operation.by, new.submitter))
    assert found == {(("hand", DAY), "ann", "ann")}  # fay has handed in the hours, and ed may log for nobody else


def test_whoever_asks_is_refused_for_nothing_or_for_one_reason_alone(tenant: Tenant) -> None:
    tenant.tokens = {"ann": "t", "fay": "t", "ed": "t"}
    tenant.model.people.roles = {"ann": "owner", "fay": "foreman", "ed": "project_planner"}
    tenant.model.entries["e"] = Entry("p", "hand", DAY, Decimal(8), "P-1", "fay", node="n", submitters={Hand("fay")})
    drawing, found = clients(), set()
    for _ in range(60):
        request = asked(tenant, Operation("approve", "fay", entry="e"))
        drawing._by_another(request)
        found.add((request.operation.by, *tenant.model.refusals(request.operation).answers()))
    assert found == {("ann",), ("fay", "own_entry"), ("ed", "permission_denied")}


def test_the_operative_or_the_project_of_hours_takes_no_more(tenant: Tenant) -> None:
    request, found = asked(tenant, Operation("reject", "ann", entry="e")), set()
    for _ in range(60):
        other = clients("close").beside(request)
        assert other is not None and other.method == "PATCH"
        found.add((other.path, *sorted(map(str, other.body or {}))))
    assert {path for path, *_ in found} <= {"/operatives/hand/", "/projects/p/"}


def test_a_link_is_used_twice_at_once_or_replaced_or_its_user_gets_another_e_mail(tenant: Tenant) -> None:
    tenant.model.people.links.append(Link("fay", frozenset(), (1.0, 2.0)))
    tenant.links[0] = "/password/x/"
    mine = asked(tenant, Operation("use", NOBODY, values={"link": 0}))
    drawing = clients()
    others = [drawing.beside(mine) for _ in range(30)]
    assert {(other.path, other.key == "") for other in others if other} == {
        ("/password/x/", True),
        ("/users/fay/invite/", False),
        ("/users/fay/", True),
    }


def test_two_change_settings_at_once(tenant: Tenant) -> None:
    other = clients().beside(asked(tenant, Operation("cap", "ann")))
    assert other is not None and (other.method, other.path) == ("PATCH", "/company/")


def test_what_a_history_leaves_out_comes_in_between_nothing(tenant: Tenant) -> None:
    without = clients("close", "budget", "hand change", "status")
    for operation in (Operation("reject", "ann", entry="e"), Operation("freeze", "ann", project="p")):
        assert without.beside(asked(tenant, operation)) is None
