"""Projects: what may be changed, what is refused and why, and codes that are one project's alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.access import callers
from chalicelib.access.permissions import Permission, Role
from chalicelib.errors import Invalid
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from tests.labour.racing import caller_of
from tests.stage import Stage
from tests.users import refused


def made(stage: Stage, code: str, **more: Any) -> str:
    id: str = stage.owner.ok("POST", "/projects/", {"code": code, "name": code, **more})["id"]
    return id


def test_a_code_is_one_projects_alone_however_it_is_written(stage: Stage) -> None:
    first, second = made(stage, "Bridge 1"), made(stage, "Tunnel")
    for answer in (
        stage.owner.send("POST", "/api/v1/projects/", {"code": "bridge  1", "name": "n"}),
        stage.owner.send("PATCH", f"/api/v1/projects/{second}/", {"code": "BRIDGE 1"}),
    ):
        assert refused(answer, 409, "conflict") and answer.body["errors"].keys() == {"code"}
    assert stage.owner.ok("GET", f"/projects/{second}/")["code"] == "Tunnel"
    assert stage.owner.ok("PATCH", f"/projects/{first}/", {"code": "BRIDGE 1"})["code"] == "BRIDGE 1"


def test_a_code_that_was_given_up_is_free_for_another(stage: Stage) -> None:
    first, second = made(stage, "OLD"), made(stage, "OTHER")
    stage.owner.ok("PATCH", f"/projects/{first}/", {"code": "NEW"})
    assert stage.owner.ok("PATCH", f"/projects/{second}/", {"code": "OLD"})["code"] == "OLD"
    listed = stage.owner.ok("GET", "/projects/?code=old")["results"]
    assert [row["id"] for row in listed] == [second]
    taken = stage.owner.send("PATCH", f"/api/v1/projects/{second}/", {"code": "new"})
    assert refused(taken, 409, "conflict")


@pytest.mark.parametrize("change", [{"finish_date": "2026-05-31"}, {"start_date": "2026-07-01"}])
def test_a_project_does_not_finish_before_it_starts(stage: Stage, change: dict[str, str]) -> None:
    id = made(stage, f"D{change}", start_date="2026-06-01", finish_date="2026-06-30")
    answer = stage.owner.send("PATCH", f"/api/v1/projects/{id}/", change)
    assert refused(answer, 400, "validation_error") and "finish_date" in answer.body["errors"]
    same_day = stage.owner.ok("PATCH", f"/projects/{id}/", {"start_date": "2026-06-30"})
    assert (same_day["start_date"], same_day["finish_date"]) == ("2026-06-30", "2026-06-30")


def test_a_week_has_a_working_day_and_names_each_once(stage: Stage) -> None:
    id = made(stage, "WEEK")
    answer = stage.owner.send("PATCH", f"/api/v1/projects/{id}/", {"working_days": []})
    assert refused(answer, 400, "validation_error") and "working_days" in answer.body["errors"]
    owner = caller_of(stage.made["company"]["id"], stage.owner.ok("GET", "/me/")["user"]["id"])
    with pytest.raises(Invalid):  # by the domain too, whoever calls it
        projects.change(Reading(store()), owner, id, {"working_days": []}, datetime.now(UTC))
    assert stage.owner.ok("PATCH", f"/projects/{id}/", {"working_days": [6, 1, 6]})["working_days"] == [1, 6]


def test_every_change_has_a_tag_of_its_own(stage: Stage) -> None:
    id = made(stage, "TAGS")
    tags = [stage.owner.send("GET", f"/api/v1/projects/{id}/").headers["etag"]]
    for name in ("a", "b", "c"):
        tags.append(stage.owner.send("PATCH", f"/api/v1/projects/{id}/", {"name": name}).headers["etag"])
    stage.owner.ok("POST", f"/projects/{id}/holidays/", {"date": "2026-12-25"})
    tags.append(stage.owner.send("GET", f"/api/v1/projects/{id}/").headers["etag"])
    assert len(set(tags)) == len(tags)
    for stale in tags[:-1]:
        assert stage.owner.send("PATCH", f"/api/v1/projects/{id}/", {"name": "d"}, If_Match=stale).status == 412


@pytest.mark.parametrize(
    ("field", "needed"), [("planned_rate", Permission.VIEW_RATES), ("contract_value", Permission.VIEW_COMMERCIAL)]
)
def test_money_is_written_only_by_those_who_may_see_it(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, field: str, needed: Permission
) -> None:
    """Whatever else a role may: today's roles that edit projects see it all, so the test takes it from one."""
    id = made(stage, f"MONEY {field}", **{field: 40})
    path = f"/api/v1/projects/{id}/"
    monkeypatch.setattr(callers, "ROLES", {**callers.ROLES, Role.OWNER: callers.ROLES[Role.OWNER] - {needed}})
    for method, where in (("PATCH", path), ("POST", "/api/v1/projects/")):
        answer = stage.owner.send(method, where, {"code": f"X {field}", "name": "n", field: 41})
        assert refused(answer, 403, "permission_denied") and needed.value in answer.body["detail"]
    assert stage.owner.send("PATCH", path, {"name": "n"}).status == 200
    monkeypatch.undo()
    assert stage.owner.ok("GET", f"/projects/{id}/")[field] == "40.00"


def test_a_holiday_is_there_once_and_goes_once(stage: Stage) -> None:
    id = made(stage, "FEAST")
    path = f"/api/v1/projects/{id}/holidays/"
    assert stage.owner.send("POST", path, {"date": "2026-12-25", "name": "Christmas"}).status == 201
    again = stage.owner.send("POST", path, {"date": "2026-12-25"})
    assert refused(again, 409, "conflict") and "date" in again.body["errors"]
    assert stage.owner.send("GET", path).body["results"] == [{"date": "2026-12-25", "name": "Christmas"}]
    assert [stage.owner.send("DELETE", f"{path}2026-12-25/").status for _ in range(2)] == [204, 404]
