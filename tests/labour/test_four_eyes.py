"""Nobody, owners included, approves an entry that they submitted, last changed, or worked: 403 own_entry."""

from typing import Any

import pytest

from tests.labour.conftest import NEXT, Site, code

OWN = (403, "own_entry")


def test_nobody_approves_what_they_submitted_owners_included(site: Site) -> None:
    id = site.entry(site.hand(), site.owner)
    assert code(site.act(site.owner, id, "approve")) == OWN
    assert "approve" not in site.read(id, site.owner)["allowed_actions"]
    other = site.entry(site.hand(), site.manager)
    assert code(site.act(site.manager, other, "approve")) == OWN
    assert site.act(site.supervisor, other, "approve").status == 200


@pytest.mark.parametrize(
    "change",
    [{"hours": 12}, {"date": NEXT}, {"quantity": 5}, {"operative": None}],
    ids=lambda change: next(iter(change)),
)
def test_whoever_was_the_last_to_change_one_field_does_not_approve_though_others_changed_the_rest(
    site: Site, change: dict[str, Any]
) -> None:
    """PM changes 8 to 12, another changes the quantity, PM approves."""
    hand, other = site.hand(), site.hand()
    id = site.entry(hand, quantity=1)
    change = {"operative": other} if "operative" in change else change
    site.manager.ok("PATCH", f"/labour/{id}/", change)
    rest = {"hours": 3, "date": "2026-06-10", "quantity": 7, "operative": site.hand()}
    site.supervisor.ok("PATCH", f"/labour/{id}/", {name: value for name, value in rest.items() if name not in change})
    assert code(site.act(site.manager, id, "approve")) == OWN
    assert "approve" not in site.read(id)["allowed_actions"]
    site.supervisor.ok("PATCH", f"/labour/{id}/", {name: rest[name] for name in change})
    assert site.act(site.manager, id, "approve").status == 200


def test_a_patch_with_equal_values_or_of_a_note_washes_nothing_out(site: Site) -> None:
    id = site.entry(site.hand())
    site.manager.ok("PATCH", f"/labour/{id}/", {"hours": 12})
    site.supervisor.ok("PATCH", f"/labour/{id}/", {"hours": 12, "note": "as said", "date": "2026-06-08"})
    assert code(site.act(site.manager, id, "approve")) == OWN
    assert site.act(site.supervisor, id, "approve").status == 200  # who changed nothing may


def test_another_submission_does_not_wash_the_first_submitter_out(site: Site) -> None:
    id = site.entry(site.hand(), site.supervisor, status="draft")
    site.act(site.manager, id, "submit")
    site.act(site.owner, id, "reject", {"reason": "again"})
    site.act(site.supervisor, id, "submit")
    assert code(site.act(site.manager, id, "approve")) == OWN
    assert site.act(site.foreman, id, "approve").status == 200


def test_whoever_is_or_was_the_operative_does_not_approve(site: Site) -> None:
    hand = site.hand(user=site.user("supervisor", "worker"))
    id, worker = site.entry(hand), site.client("supervisor", "worker")
    assert code(site.act(worker, id, "approve")) == OWN
    site.owner.ok("PATCH", f"/operatives/{hand}/", {"user": None})
    assert code(site.act(worker, id, "approve")) == OWN
    assert "approve" not in site.read(id, worker)["allowed_actions"]


def test_the_maker_of_the_token_in_use_counts_as_its_user(site: Site) -> None:
    """An admin submits hours and approves them with a token made for a foreman."""
    admin, _ = site.person("admin")
    user = site.user("supervisor", "puppet")
    puppet = site.owner.token(admin.ok("POST", "/tokens/", {"label": "p", "user": user})["token"])
    id = site.entry(site.hand(), admin)
    assert code(site.act(puppet, id, "approve")) == OWN
    assert "approve" not in site.read(id, puppet)["allowed_actions"]
    assert site.act(site.client("supervisor", "puppet"), id, "approve").status == 200  # by a token that others made


def test_what_the_maker_changed_through_the_token_is_their_own_as_well(site: Site) -> None:
    admin, maker = site.person("admin")
    user = site.user("supervisor", "hand")
    puppet = site.owner.token(admin.ok("POST", "/tokens/", {"label": "p", "user": user})["token"])
    id = site.entry(site.hand())
    puppet.ok("PATCH", f"/labour/{id}/", {"hours": 3})
    assert code(site.act(admin, id, "approve")) == OWN
    step = site.manager.ok("GET", f"/labour/{id}/history/")["results"][-1]
    assert step["by"] == user and maker in step["token_made_by"] and step["token"]
