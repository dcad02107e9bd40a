"""Whoever makes a token or a link for somebody else stays behind it, along any chain."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.access import authentication, credentials, makers
from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.access.rows import Access
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from tests.stage import Client, Stage
from tests.users import People, refused

Change = Callable[[Client, str], Any]


def token_for(maker: Client, user: str) -> Client:
    """A client with a token that the maker has made for a user."""
    return maker.token(maker.ok("POST", "/tokens/", {"label": "made", "user": user})["token"])


def link_for(maker: Client, user: str) -> str:
    """The path of a one-time link that the maker has made for a user."""
    return "/" + maker.ok("POST", f"/users/{user}/invite/")["link"].split("/", 3)[3]


def works(client: Client) -> bool:
    return client.send("GET", "/api/v1/me/").status == 200


def opens(client: Client, path: str) -> bool:
    return client.token("").send("GET", path).status == 200


def change(owner: Client, user: str, **values: Any) -> None:
    owner.ok("PATCH", f"/users/{user}/", values)


@pytest.mark.parametrize("lost", [{"active": False}, {"role": "project_manager"}])
def test_what_was_made_for_others_ends_with_the_makers_right_and_stays_ended(
    stage: Stage, people: People, lost: dict[str, Any]
) -> None:
    """Deactivation and demotion end tokens and unused links at once; what users made for themselves goes on."""
    admin, maker = people.make("admin")
    _, user = people.make("project_manager")
    made, path = token_for(admin, user), link_for(admin, user)
    own = token_for(admin, maker)
    assert works(made) and opens(admin, path)
    change(stage.owner, maker, **lost)
    assert not works(made) and not opens(admin, path)
    change(stage.owner, maker, active=True, role="admin")
    assert not works(made) and not opens(admin, path)
    assert works(own)
    assert works(token_for(admin, user)), "made anew by one who may again"


def test_a_used_link_is_spent(stage: Stage, people: People) -> None:
    """The password, and the sessions after it, are the user's own."""
    from tests.pages.browser import Browser

    admin, maker = people.make("admin")
    _, user = people.make("foreman")
    email = stage.owner.ok("GET", f"/users/{user}/")["email"]
    browser = Browser(stage.gateway)
    assert browser.submit(link_for(admin, user), {"password": "correct horse battery"}).status == 200
    change(stage.owner, maker, active=False)
    assert browser.sign_in(email, "correct horse battery").status == 303


def test_a_token_made_by_a_token_keeps_the_person_behind_it(stage: Stage, people: People) -> None:
    """An admin's token for another admin makes a second one; the other becomes an owner: both end."""
    first, _ = people.make("admin")
    _, user = people.make("admin")
    t1 = token_for(first, user)
    t2 = token_for(t1, user)
    path = link_for(t1, user)
    own = stage.owner.token(stage.owner.ok("POST", "/tokens/", {"label": "owner's", "user": user})["token"])
    assert works(t1) and works(t2) and opens(first, path)
    change(stage.owner, user, role="owner")
    assert not works(t1) and not works(t2) and not opens(first, path)
    assert works(own), "an owner may hand that role out"


@pytest.mark.parametrize("which", [0, 1])
def test_any_maker_of_a_chain_ends_it(stage: Stage, people: People, which: int) -> None:
    chain = [people.make("admin") for _ in range(2)]
    _, user = people.make("foreman")
    through = token_for(chain[0][0], chain[1][1])
    made, own = token_for(through, user), token_for(chain[1][0], user)
    change(stage.owner, chain[which][1], active=False)
    assert not works(made)
    assert works(own) is (which == 0), "what the second made in person has nothing of the first"


def test_an_owner_who_becomes_an_admin_takes_only_what_was_for_owners_along(stage: Stage, people: People) -> None:
    owner, maker = people.make("owner")
    _, other = people.make("owner")
    _, foreman = people.make("foreman")
    for_owner, for_foreman = token_for(owner, other), token_for(owner, foreman)
    change(stage.owner, maker, role="admin")
    assert not works(for_owner) and works(for_foreman)
    change(stage.owner, maker, role="owner")
    assert not works(for_owner) and works(for_foreman)


def test_what_ended_by_its_users_role_stays_ended(stage: Stage, people: People) -> None:
    admin, _ = people.make("admin")
    _, user = people.make("foreman")
    made = token_for(admin, user)
    change(stage.owner, user, role="project_manager")
    assert works(made), "an admin may give that role"
    change(stage.owner, user, role="owner")
    change(stage.owner, user, role="foreman")
    assert not works(made)


def test_a_change_of_the_users_role_forgives_no_maker(stage: Stage, people: People) -> None:
    """A token that ended with its maker's right is not brought back by being marked for another role."""
    admin, maker = people.make("admin")
    _, user = people.make("foreman")
    made = token_for(admin, user)
    change(stage.owner, maker, role="engineer")
    change(stage.owner, maker, role="admin")
    token_for(admin, user)  # the maker has a standing again
    change(stage.owner, user, role="engineer")
    assert not works(made)


def test_an_ended_token_makes_nothing_that_lives(stage: Stage, people: People) -> None:
    admin, maker = people.make("admin")
    _, second = people.make("admin")
    through = token_for(admin, second)
    change(stage.owner, maker, active=False)
    assert refused(through.send("POST", "/api/v1/tokens/", {"label": "x"}), 401, "not_authenticated")


def test_settings_say_who_made_a_token_and_when_it_ended(stage: Stage, people: People) -> None:
    admin, maker = people.make("admin")
    _, user = people.make("foreman")
    made = admin.ok("POST", "/tokens/", {"label": "for a foreman", "user": user})
    assert (made["user"], made["made_by"]) == (user, maker)

    def listed() -> dict[str, Any]:
        rows = stage.owner.ok("GET", "/tokens/?page_size=200")["results"]
        return next(row for row in rows if row["id"] == made["id"])

    assert listed()["revoked_at"] is None
    change(stage.owner, maker, active=False)
    ended = listed()["revoked_at"]
    assert ended is not None
    assert not works(admin.token(made["token"]))
    assert listed()["revoked_at"] == ended
    assert refused(stage.owner.send("DELETE", f"/api/v1/tokens/{made['id']}/"), 404, "not_found")
    token_for(stage.owner, user)  # ended ones leave the access row
    assert listed()["revoked_at"] == ended


def test_a_token_that_its_maker_ended_spends_none_of_its_users_requests(stage: Stage, people: People) -> None:
    """A dismissed admin who kept it must not use up the requests of the user it was for."""
    admin, maker = people.make("admin")
    client, user = people.make("foreman")
    made = token_for(admin, user)
    change(stage.owner, maker, active=False)
    row = (stage.made["company"]["id"], user)

    def spent() -> int:
        item = store().raw_many((Access, key(*row), "access"))[0] or {}
        return sum(int(value["N"]) for name, value in item.items() if name.startswith("hits_"))

    assert not works(made)
    before = spent()
    assert not any(works(made) for _ in range(5)) and spent() == before
    assert works(client)


def test_the_caller_knows_who_is_behind_the_token_in_use(stage: Stage, people: People) -> None:
    """For the four-eyes rule the maker counts as the user does."""
    admin, maker = people.make("admin")
    _, second = people.make("admin")
    _, user = people.make("foreman")
    through = token_for(token_for(admin, second), user)
    text = through.headers["Authorization"].removeprefix("Bearer ")
    credential = credentials.parse(text, "wbs")
    assert credential is not None
    caller, _ = authentication.authenticate(store(), credential, "192.0.2.1", utc_now())
    assert caller.makers == {maker, second} and caller.people == {maker, second, user}
    assert caller.token == credential.id and caller.session is None


def test_admins_cannot_revoke_an_owners_token(stage: Stage, people: People) -> None:
    admin, _ = people.make("admin")
    _, other = people.make("owner")
    made = stage.owner.ok("POST", "/tokens/", {"label": "owner's", "user": other})
    assert refused(admin.send("DELETE", f"/api/v1/tokens/{made['id']}/"), 403, "permission_denied")
    assert works(stage.owner.token(made["token"]))
    stage.owner.ok("DELETE", f"/tokens/{made['id']}/")


def test_who_may_make_tokens_may_make_links_and_the_reverse() -> None:
    """So one row says who may make either."""
    both = {Permission.MANAGE_TOKENS, Permission.WRITE_USERS}
    assert all(ROLES[role] & both in (set(), both) for role in Role)
    assert makers.may_hand_out(Role.OWNER) == set(Role)
    assert makers.may_hand_out(Role.ADMIN) == set(Role) - {Role.OWNER}
    assert makers.may_hand_out(Role.PROJECT_MANAGER) == set()


def test_a_replay_leaves_out_a_token_that_its_maker_ended(stage: Stage, people: People) -> None:
    admin, maker = people.make("admin")
    _, user = people.make("foreman")
    body, keyed = {"label": "kept", "user": user}, {"Idempotency_Key": f"kept-{user}"}
    assert "token" in admin.ok("POST", "/tokens/", body, **keyed)
    change(stage.owner, maker, role="foreman")
    change(stage.owner, maker, role="admin")
    assert "token" not in admin.ok("POST", "/tokens/", body, **keyed)
