"""Whatever a write changes comes back in the next incremental read: the routes are walked, not chosen."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.http.routes import ROUTES
from chalicelib.operatives.rows import Operative
from chalicelib.people.rows import User
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Update
from chalicelib.storage.rows import Tracked
from chalicelib.times import stamp, utc_now
from infra.soak.mirror import DERIVED
from tests.faults import harness
from tests.faults.scenarios import SCENARIOS, Sent, Site
from tests.stage import Client, Reply
from tests.tree.work import finish


def lists(site: Site) -> list[str]:
    """Every list that can be read incrementally."""
    kinds = [route for route in ROUTES if "updated_since" in route.query.__struct_fields__]
    return [route.path.removeprefix("/api/v1").replace("{id}", site.project) + "/" for route in kinds]


def shown(site: Site, **query: str) -> dict[str, Any]:
    """Rows of all those lists by id, without what another row's change may move."""
    asked = "&".join(f"{name}={value}" for name, value in {"page_size": "200", **query}.items())
    found = {}
    for path in lists(site):
        elsewhere = DERIVED.get(path.strip("/").rpartition("/")[2], frozenset())
        for row in site.owner.ok("GET", f"{path}?{asked}")["results"]:
            found[row["id"]] = {name: value for name, value in row.items() if name not in elsewhere}
    return found


def versions() -> dict[str, Any]:
    """The version, which the ETag shows, of every stored row that incremental reads may give."""
    return {row["id"]["S"]: row.get("version") for row in harness.rows().values() if "updated_order" in row}


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}


def comes_back(site: Site, write: Callable[[], Reply]) -> None:
    """Every row that a write has changed is in the incremental read from just before it."""
    rows, held, since = shown(site), versions(), stamp(utc_now())
    reply = write()
    assert 200 <= reply.status < 300, reply
    finish(site.stage.made["company"]["id"])  # a large change is read from when it is cleared on: it is stamped then
    changed = differing(rows, shown(site)) | differing(held, versions())
    assert changed <= shown(site, updated_since=since, include_deleted="true").keys()


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_a_write_changes_comes_back_in_the_next_incremental_read(site: Site, name: str) -> None:
    clean = harness.saved()
    try:
        sent: Sent = SCENARIOS[name](site)
        comes_back(site, lambda: sent.client.send(name.split()[0], f"/api/v1{sent.path}", sent.body))
    finally:
        harness.put_back(clean)


def test_a_user_whose_password_was_set_comes_back_too_and_signing_in_changes_no_version(site: Site) -> None:
    clean = harness.saved()
    try:
        me = site.foreman.ok("GET", "/me/")["user"]
        link = site.owner.ok("POST", f"/users/{me['id']}/invite/")["link"]
        visitor = Client(site.stage.gateway, {"Content-Type": "application/x-www-form-urlencoded"})
        path = f"/password/{link.partition('/password/')[2]}"
        comes_back(site, lambda: visitor.send("POST", path, b"password=correct+horse+battery"))
        held = versions()
        fields = f"email={me['email']}&password=correct+horse+battery".encode()
        assert visitor.send("POST", "/login/", fields).status == 303
        assert versions() == held
    finally:
        harness.put_back(clean)


def test_the_comparison_notices_every_list(site: Site) -> None:
    rows = shown(site)
    assert len(lists(site)) >= 5
    assert {site.project, site.hand, site.activity} <= rows.keys()
    assert site.foreman.ok("GET", "/me/")["user"]["id"] in rows


@pytest.mark.parametrize(
    ("model", "action"),
    [
        (User, User.updated_at.set("now")),
        (User, User.version.set(User.version + 1)),
        (Operative, Operative.version.add(1)),
        (Project, Project.name.set("Pier")),
    ],
)
def test_no_update_changes_such_a_row_behind_the_back_of_its_lists(model: type[Tracked], action: Any) -> None:
    with pytest.raises(ValueError, match="put whole"):
        Update(model, ("company", "row"), (action,))
