"""Users: created, read and changed; nobody hands out or takes away more than they have."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.access.directory import directory_key
from chalicelib.errors import NotFound
from chalicelib.people import users as domain
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from infra import company
from infra.simulator.stage import own_token
from tests.stage import Stage
from tests.users import People, refused


def test_a_user_is_read_and_changed_with_an_etag(stage: Stage, people: People) -> None:
    _, user = people.make("foreman")
    read = stage.owner.send("GET", f"/api/v1/users/{user}/")
    assert read.body["role"] == "foreman" and not {"password", "version"} & read.body.keys()
    tag = read.headers["etag"]
    changed = stage.owner.send("PATCH", f"/api/v1/users/{user}/", {"name": "Ann"}, If_Match=tag)
    assert (changed.status, changed.body["name"]) == (200, "Ann")
    assert changed.headers["etag"] == stage.owner.send("GET", f"/api/v1/users/{user}/").headers["etag"] != tag
    assert stage.owner.send("PATCH", f"/api/v1/users/{user}/", {"name": "Bo"}, If_Match=tag).status == 412
    assert "password" in stage.owner.send("PATCH", f"/api/v1/users/{user}/", {"password": "x"}).body["errors"]
    assert stage.owner.send("GET", "/api/v1/users/nobody/").status == 404


def test_a_role_change_holds_with_the_next_request(stage: Stage, people: People) -> None:
    client, user = people.make("foreman")
    assert refused(client.send("GET", "/api/v1/users/"), 403, "permission_denied")
    stage.owner.ok("PATCH", f"/users/{user}/", {"role": "project_manager"})
    assert client.send("GET", "/api/v1/users/").status == 200
    assert client.ok("GET", "/me/")["role"] == "project_manager"


def test_an_inactive_users_tokens_stop_with_the_next_request(stage: Stage, people: People) -> None:
    client, user = people.make("engineer")
    stage.owner.ok("PATCH", f"/users/{user}/", {"active": False})
    assert client.send("GET", "/api/v1/me/").status == 401
    stage.owner.ok("PATCH", f"/users/{user}/", {"active": True})
    assert client.send("GET", "/api/v1/me/").status == 200


def test_a_changed_email_moves_its_claim_and_its_place_in_the_sign_in_directory(stage: Stage, people: People) -> None:
    _, user = people.make("engineer")
    _, other = people.make("engineer")
    old = stage.owner.ok("GET", f"/users/{user}/")["email"]
    new = f"new.{old}"
    taken = stage.owner.send("PATCH", f"/api/v1/users/{other}/", {"email": old.upper()})
    assert refused(taken, 409, "conflict") and "email" in taken.body["errors"]
    assert stage.owner.ok("PATCH", f"/users/{user}/", {"email": old.upper()})["email"] == old.upper()
    assert stage.owner.ok("PATCH", f"/users/{user}/", {"email": new})["email"] == new
    assert stage.owner.ok("PATCH", f"/users/{other}/", {"email": old})["email"] == old
    for address, holder in ((new, user), (old, other)):
        rows = store().each(Query(model=domain.Directory, hash=directory_key(address)))
        assert [row.user for row in rows] == [holder]


@pytest.mark.parametrize("change", [{"role": "admin"}, {"active": False}, {"email": "x@y.example"}, {"name": "x"}])
def test_an_admin_changes_no_owner(stage: Stage, people: People, change: dict[str, object]) -> None:
    admin, _ = people.make("admin")
    _, owner = people.make("owner")
    assert refused(admin.send("PATCH", f"/api/v1/users/{owner}/", change), 403, "permission_denied")


def test_an_admin_makes_no_owner(stage: Stage, people: People) -> None:
    admin, _ = people.make("admin")
    _, foreman = people.make("foreman")
    _, owner = people.make("owner")
    body = {"name": "x", "email": "never@people.example", "role": "owner"}
    assert refused(admin.send("POST", "/api/v1/users/", body), 403, "permission_denied")
    assert refused(admin.send("PATCH", f"/api/v1/users/{foreman}/", {"role": "owner"}), 403, "permission_denied")
    assert refused(admin.send("POST", "/api/v1/tokens/", {"label": "x", "user": owner}), 403, "permission_denied")
    assert admin.ok("PATCH", f"/users/{foreman}/", {"role": "admin"})["role"] == "admin"


@pytest.mark.parametrize("change", [{"role": "admin"}, {"active": False}])
def test_the_last_active_owner_cannot_be_changed(stage: Stage, change: dict[str, object]) -> None:
    made = company.create("Lone", "pro", "UTC", "lone@lone.example")
    owner, me = stage.owner.token(made["token"]), made["owner"]["id"]
    assert refused(owner.send("PATCH", f"/api/v1/users/{me}/", change), 409, "in_use")
    assert owner.ok("PATCH", f"/users/{me}/", {"name": "Still here", "role": "owner"})["role"] == "owner"
    second = owner.ok("POST", "/users/", {"name": "Two", "email": "two@lone.example", "role": "owner"})["id"]
    owner.ok("PATCH", f"/users/{second}/", {"active": False})
    assert refused(owner.send("PATCH", f"/api/v1/users/{me}/", change), 409, "in_use")
    owner.ok("PATCH", f"/users/{second}/", {"active": True})
    assert owner.send("PATCH", f"/api/v1/users/{me}/", change).status == 200


def test_two_owners_who_demote_each_other_at_once_leave_one(stage: Stage) -> None:
    for attempt in range(5):
        made = company.create("Pair", "pro", "UTC", f"pair{attempt}@pair.example")
        first = stage.owner.token(made["token"])
        other = first.ok("POST", "/users/", {"name": "Two", "email": "two@pair.example", "role": "owner"})["id"]
        second = first.token(own_token(made["company"]["id"], other))
        pairs = [(first, other), (second, made["owner"]["id"])]
        with ThreadPoolExecutor(2) as pool:
            replies = list(
                pool.map(lambda pair: pair[0].send("PATCH", f"/api/v1/users/{pair[1]}/", {"role": "admin"}), pairs)
            )
        # The one that came second saw 409, or was an admin already when it was let in.
        assert sorted(reply.status for reply in replies) in ([200, 403], [200, 409])
        still = first if replies[0].status == 200 else second
        roles = sorted(row["role"] for row in still.ok("GET", "/users/")["results"])
        assert roles == ["admin", "owner"]


def test_a_user_is_found_by_an_email_however_it_is_written(stage: Stage, people: People) -> None:
    _, user = people.make("engineer")
    company = stage.made["company"]["id"]
    address = stage.owner.ok("GET", f"/users/{user}/")["email"]
    assert domain.with_email(Reading(store()), company, address.upper()) == user
    for tenant, unknown in ((company, "nobody@a.example"), ("another", address)):
        with pytest.raises(NotFound):
            domain.with_email(Reading(store()), tenant, unknown)
