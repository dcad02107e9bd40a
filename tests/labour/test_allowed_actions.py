"""``allowed_actions`` and what a call answers agree: state, clash, own entry, period, project, permission."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.faults.harness import put_back, saved
from tests.labour.conftest import NEXT, Site
from tests.stage import Client, Reply

CALLS: dict[str, Callable[[Client, str], Reply]] = {
    "edit": lambda client, id: client.send("PATCH", f"/api/v1/labour/{id}/", {"hours": 3}),
    "delete": lambda client, id: client.send("DELETE", f"/api/v1/labour/{id}/"),
    "submit": lambda client, id: client.send("POST", f"/api/v1/labour/{id}/submit/", {}),
    "approve": lambda client, id: client.send("POST", f"/api/v1/labour/{id}/approve/", {"cost_code": "C-1"}),
    "reject": lambda client, id: client.send("POST", f"/api/v1/labour/{id}/reject/", {"reason": "x"}),
    "reopen": lambda client, id: client.send("POST", f"/api/v1/labour/{id}/reopen/", {"reason": "x"}),
}


def submitted(site: Site) -> str:
    return site.entry(site.hand())


def draft(site: Site) -> str:
    return site.entry(site.hand(), status="draft")


def rejected(site: Site) -> str:
    id = submitted(site)
    site.act(site.supervisor, id, "reject", {"reason": "x"})
    return id


def approved(site: Site) -> str:
    id = submitted(site)
    site.act(site.supervisor, id, "approve")
    return id


def clashing(site: Site) -> str:
    hand = site.hand()
    site.entry(hand, site.supervisor, hours=1)
    return site.entry(hand, hours=1)


def set_aside(site: Site) -> str:
    hand = site.hand()
    kept, rest = site.entry(hand, site.supervisor, hours=1), site.entry(hand, hours=1)
    body = {"keep": [kept], "reject_rest": False, "note": "x"}
    site.owner.ok("POST", f"/clashes/{hand}20260608/resolve/", body)
    return rest


def own_of_the_manager(site: Site) -> str:
    return site.entry(site.hand(), site.manager)


def without_a_code(site: Site) -> str:
    return site.entry(site.hand(), cost_code=None)


def of_an_inactive_operative(site: Site) -> str:
    hand = site.hand()
    id = site.entry(hand)
    site.owner.ok("PATCH", f"/operatives/{hand}/", {"active": False})
    return id


def on(status: str) -> Callable[[Site], str]:
    def prepare(site: Site) -> str:
        id = submitted(site)
        site.owner.ok("PATCH", f"/projects/{site.project}/", {"status": status})
        return id

    return prepare


def closed(site: Site) -> str:
    id = approved(site)
    reply = site.manager.ok("POST", f"/projects/{site.project}/periods/", {"closed_to": NEXT})
    site.work_off(reply["id"], timedelta(minutes=2))
    return id


CASES: dict[str, Callable[[Site], str]] = {
    "draft": draft,
    "submitted": submitted,
    "rejected": rejected,
    "approved": approved,
    "clashing": clashing,
    "set aside": set_aside,
    "own": own_of_the_manager,
    "no cost code": without_a_code,
    "inactive operative": of_an_inactive_operative,
    "completed project": on("completed"),
    "archived project": on("archived"),
    "closed": closed,
}


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_what_is_offered_is_what_a_call_does(site: Site, case: str) -> None:
    people = {role: site.client(role) for role in ("foreman", "project_manager", "project_planner", "supervisor")}
    clean = saved()
    try:
        fresh = Site(site.stage, site.people)
        id = CASES[case](fresh)
        start = saved()
        for role, client in people.items():
            offered = set(client.ok("GET", f"/labour/{id}/")["allowed_actions"])
            done = set()
            for action, call in CALLS.items():
                put_back(start)
                if call(client, id).status < 300:
                    done.add(action)
            put_back(start)
            assert offered == done, (case, role)
    finally:
        put_back(clean)


def test_a_list_offers_what_reading_the_entry_offers(site: Site) -> None:
    fresh = Site(site.stage, site.people)
    ids = {case: CASES[case](fresh) for case in ("draft", "clashing", "own", "approved")}
    for id in ids.values():
        alone = fresh.read(id)
        page = fresh.manager.ok("GET", f"/labour/?project={fresh.project}&page_size=200")
        [row] = [each for each in page["results"] if each["id"] == id]
        assert row == alone
