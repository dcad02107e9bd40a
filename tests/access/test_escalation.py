"""Nobody comes to more than they were given by doing things in a clever order."""

from typing import Any

import pytest

from chalicelib.access.rows import Token
from chalicelib.storage.store import store
from tests.stage import Client, Stage
from tests.users import People, project, refused


def submitted(owner: Client, operative: str) -> str:
    """An entry of an operative that waits for approval, logged by the owner."""
    where = project(owner)
    tops = {"parent": None}
    for name in ("a", "b", "c"):
        tops = {"parent": owner.ok("POST", f"/projects/{where}/wbs/", {"name": name, **tops})["id"]}
    owner.ok("POST", f"/projects/{where}/wbs/", {"name": "d", "cost_code": "C-1", **tops})
    hours = {"project": where, "operative": operative, "date": "2026-06-01", "hours": 8, "cost_code": "C-1"}
    return str(owner.ok("POST", "/labour/", {**hours, "status": "submitted"})["id"])


def operative(owner: Client, name: str, **values: Any) -> str:
    """A new operative's id."""
    return str(owner.ok("POST", "/operatives/", {"name": name, **values})["id"])


@pytest.mark.parametrize("role", ["project_manager", "admin"])
def test_who_was_the_operative_once_never_approves_their_hours(stage: Stage, people: People, role: str) -> None:
    """Taking the link away for a moment makes nobody another person."""
    client, user = people.make(role)
    me = operative(stage.owner, "Me", user=user)
    entry = submitted(stage.owner, me)
    approve = f"/api/v1/labour/{entry}/approve/"
    assert refused(client.send("POST", approve, {}), 403, "own_entry")
    client.ok("PATCH", f"/operatives/{me}/", {"user": None})
    assert refused(client.send("POST", approve, {}), 403, "own_entry")
    client.ok("PATCH", f"/operatives/{me}/", {"user": stage.made["owner"]["id"]})
    assert refused(client.send("POST", approve, {}), 403, "own_entry")
    other, _ = people.make("foreman")
    assert other.ok("POST", f"/labour/{entry}/approve/", {})["status"] == "approved"


@pytest.mark.parametrize("role", ["foreman", "supervisor"])
def test_who_may_not_read_users_links_none(stage: Stage, people: People, role: str) -> None:
    """A link shows a person's hours to them and keeps them from approving those."""
    client, user = people.make(role)
    hand = operative(stage.owner, "Hand")
    linked = operative(stage.owner, "Linked", user=user)
    for path, method, body in (
        ("/operatives/", "POST", {"name": "X", "user": user}),
        (f"/operatives/{hand}/", "PATCH", {"user": user}),
        (f"/operatives/{linked}/", "PATCH", {"user": None}),
    ):
        reply = client.send(method, "/api/v1" + path, body)
        assert refused(reply, 403, "permission_denied") and "user" in reply.body["detail"]
    client.ok("PATCH", f"/operatives/{linked}/", {"name": "Still", "user": user})
    client.ok("POST", "/operatives/", {"name": "X", "user": None})


def test_what_an_admin_made_for_somebody_ends_when_that_one_becomes_an_owner(stage: Stage, people: People) -> None:
    """An admin hands out no owner's rights, not beforehand either."""
    admin, _ = people.make("admin")
    body = {"name": "V", "email": f"v{people.count}@escalation.example", "role": "foreman"}
    person = admin.ok("POST", "/users/", body)["id"]
    theirs = admin.ok("POST", "/tokens/", {"label": "admin's", "user": person})
    owners = stage.owner.token(stage.owner.ok("POST", "/tokens/", {"label": "o", "user": person})["token"])
    admins = admin.token(theirs["token"])
    link = admin.ok("POST", f"/users/{person}/invite/")["link"]
    path = link.partition("//")[2].partition("/")[2]
    stage.owner.ok("PATCH", f"/users/{person}/", {"role": "project_manager"})
    assert admins.ok("GET", "/me/")["role"] == "project_manager", "an admin may give that role"
    assert stage.owner.token("").send("GET", f"/{path}").status == 200
    stage.owner.ok("PATCH", f"/users/{person}/", {"role": "owner"})
    assert admins.send("GET", "/api/v1/me/").status == 401
    assert stage.owner.token("").send("GET", f"/{path}").status == 404
    assert owners.ok("GET", "/me/")["role"] == "owner", "what an owner made goes on"
    row = store().get(Token, stage.made["company"]["id"], f"token#{theirs['id']}")
    assert row is not None and row.revoked_at is not None, "settings list it as revoked"
    mine = owners.token(owners.ok("POST", "/tokens/", {"label": "own"})["token"])
    stage.owner.ok("PATCH", f"/users/{person}/", {"role": "foreman"})
    stage.owner.ok("PATCH", f"/users/{person}/", {"role": "owner"})
    assert mine.ok("GET", "/me/")["role"] == "owner", "what they made themselves goes on"


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ({"active": False}, {"active": True}),
        ({"email": "moved@escalation.example"}, {"email": "was@escalation.example"}),
    ],
)
def test_a_link_that_was_cancelled_stays_cancelled(
    stage: Stage, people: People, away: dict[str, Any], back: dict[str, Any]
) -> None:
    """It ends with the address it was sent to, and with the user."""
    _, user = people.make("foreman")
    stage.owner.ok("PATCH", f"/users/{user}/", {"email": "was@escalation.example"})
    path = stage.owner.ok("POST", f"/users/{user}/invite/")["link"].partition("//")[2].partition("/")[2]
    for change in (away, back):
        stage.owner.ok("PATCH", f"/users/{user}/", change)
        assert stage.owner.token("").send("GET", f"/{path}").status == 404
    stage.owner.ok("PATCH", f"/users/{user}/", {"email": f"{user}@escalation.example"})


def test_an_inactive_user_gets_no_token(stage: Stage, people: People) -> None:
    """It would work by itself once they are active again."""
    _, user = people.make("foreman")
    stage.owner.ok("PATCH", f"/users/{user}/", {"active": False})
    assert refused(stage.owner.send("POST", "/api/v1/tokens/", {"label": "t", "user": user}), 409, "inactive")


def test_nobody_prolongs_the_membership_by_which_they_manage_a_team(stage: Stage, people: People) -> None:
    """Its last day binds whoever holds it; those who manage teams by their role are not bound."""
    where = project(stage.owner)
    client, user = people.member("foreman", where, "project_manager", expires_on="2099-01-01")
    mine = f"/api/v1/projects/{where}/memberships/{user}/"
    assert refused(client.send("PATCH", mine, {"expires_on": None}), 403, "permission_denied")
    assert refused(client.send("DELETE", mine), 403, "permission_denied")
    _, other = people.member("foreman", where, "foreman")
    client.ok("PATCH", f"/projects/{where}/memberships/{other}/", {"expires_on": "2099-01-01"})
    manager, self = people.member("project_manager", where, "foreman")
    manager.ok("PATCH", f"/projects/{where}/memberships/{self}/", {"expires_on": None})


def test_the_prefix_tells_one_token_from_another(stage: Stage) -> None:
    """It is what a person sees of a token they hold, and of one in a list."""
    made = [stage.owner.ok("POST", "/tokens/", {"label": "t"}) for _ in range(2)]
    assert made[0]["prefix"] != made[1]["prefix"]
    assert all(each["token"].startswith(each["prefix"]) for each in made)
