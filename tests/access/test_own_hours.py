"""Engineers and operatives see and write their own hours only; a user may be several operatives."""

from dataclasses import dataclass

import pytest

from tests.stage import Client, Stage
from tests.users import People, project, refused

DAY = "2026-06-01"


@dataclass
class Crew:
    """A project, a person who is two operatives, and somebody else; each operative with an entry."""

    project: str
    client: Client
    own: list[str]
    other: str
    entries: dict[str, str]


def crew(stage: Stage, people: People, role: str) -> Crew:
    place = project(stage.owner)
    client, user = people.make(role)
    own = [stage.owner.ok("POST", "/operatives/", {"name": f"Own {n}", "user": user})["id"] for n in range(2)]
    other = stage.owner.ok("POST", "/operatives/", {"name": "Other"})["id"]
    entries = {}
    for hand in (*own, other):
        body = {"project": place, "operative": hand, "date": DAY, "hours": 8, "status": "draft"}
        entries[hand] = stage.owner.ok("POST", "/labour/", body)["id"]
    return Crew(place, client, own, other, entries)


@pytest.mark.parametrize("role", ["engineer", "operative"])
def test_somebody_elses_entry_answers_like_one_that_does_not_exist(stage: Stage, people: People, role: str) -> None:
    made = crew(stage, people, role)
    for action, method, body in (
        ("", "GET", None),
        ("", "PATCH", {"hours": 1}),
        ("", "DELETE", None),
        ("submit/", "POST", None),
    ):
        theirs, missing = (
            made.client.send(method, f"/api/v1/labour/{id}/{action}", body).body
            for id in (made.entries[made.other], "nosuchentry1")
        )
        assert {**theirs, "request_id": ""} == {**missing, "request_id": ""} and theirs["code"] == "not_found"
    assert stage.owner.ok("GET", f"/labour/{made.entries[made.other]}/")["hours"] == "8.00"


@pytest.mark.parametrize("role", ["engineer", "operative"])
def test_own_entries_of_each_operative_they_are_are_read_and_written(stage: Stage, people: People, role: str) -> None:
    made = crew(stage, people, role)
    for hand in made.own:
        id = made.entries[hand]
        assert made.client.ok("GET", f"/labour/{id}/")["operative"] == hand
        assert made.client.ok("PATCH", f"/labour/{id}/", {"hours": 7})["hours"] == "7.00"
        assert made.client.ok("POST", f"/labour/{id}/submit/")["status"] == "submitted"
        body = {"project": made.project, "operative": hand, "date": "2026-06-02", "hours": 1}
        assert made.client.send("POST", "/api/v1/labour/", body).status == 201
    moved = made.client.send("PATCH", f"/api/v1/labour/{made.entries[made.own[0]]}/", {"operative": made.other})
    assert refused(moved, 403, "permission_denied")
    body = {"project": made.project, "operative": made.other, "date": DAY, "hours": 1}
    assert refused(made.client.send("POST", "/api/v1/labour/", body), 403, "permission_denied")


@pytest.mark.parametrize("role", ["engineer", "operative"])
def test_lists_and_filters_show_own_rows_only(stage: Stage, people: People, role: str) -> None:
    made = crew(stage, people, role)
    for query in ("", f"project={made.project}", "status=draft", f"date={DAY}", f"operative={made.own[1]}"):
        page = made.client.ok("GET", f"/labour/?{query}")
        assert {row["operative"] for row in page["results"]} <= set(made.own) and page["count"] > 0
    assert made.client.ok("GET", f"/labour/?operative={made.other}")["count"] == 0
    assert made.client.ok("GET", f"/labour/?operative={made.other}&project={made.project}")["count"] == 0


def test_a_membership_shows_all_hours_of_its_project_and_no_others(stage: Stage, people: People) -> None:
    made = crew(stage, people, "engineer")
    elsewhere = crew(stage, people, "engineer")
    user = made.client.ok("GET", "/me/")["user"]["id"]
    member = f"/projects/{made.project}/memberships/"
    stage.owner.ok("POST", member, {"user": user, "role": "supervisor"})
    assert made.client.ok("GET", f"/labour/?project={made.project}")["count"] == 3
    assert made.client.ok("GET", f"/labour/{made.entries[made.other]}/")["operative"] == made.other
    assert made.client.ok("GET", f"/labour/?project={elsewhere.project}")["count"] == 0
    assert made.client.send("GET", f"/api/v1/labour/{elsewhere.entries[elsewhere.other]}/").status == 404
    assert {row["operative"] for row in made.client.ok("GET", "/labour/")["results"]} <= set(made.own)
    stage.owner.ok("DELETE", f"{member}{user}/")
    assert made.client.send("GET", f"/api/v1/labour/{made.entries[made.other]}/").status == 404


def test_a_person_who_is_no_operative_any_more_sees_none_of_those_hours(stage: Stage, people: People) -> None:
    made = crew(stage, people, "operative")
    stage.owner.ok("PATCH", f"/operatives/{made.own[0]}/", {"user": None})
    assert made.client.send("GET", f"/api/v1/labour/{made.entries[made.own[0]]}/").status == 404
    assert made.client.send("GET", f"/api/v1/labour/{made.entries[made.own[1]]}/").status == 200


def test_allowed_actions_offer_no_logging_to_an_operative_whose_role_may_not_log(stage: Stage, people: People) -> None:
    made = crew(stage, people, "commercial")
    id = made.entries[made.own[0]]
    assert made.client.ok("GET", f"/labour/{id}/")["allowed_actions"] == []
    assert refused(made.client.send("PATCH", f"/api/v1/labour/{id}/", {"hours": 1}), 403, "permission_denied")
