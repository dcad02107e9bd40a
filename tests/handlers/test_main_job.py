"""The main job through the real gateway adapter: rules of the spec in the order a day meets them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.access import authentication, credentials, slots
from chalicelib.storage.store import store
from infra import company
from tests.stage import Client, Stage

DAY = "2026-06-08"


@pytest.fixture(scope="module")
def site(stage: Stage) -> dict[str, Any]:
    """A project of four levels, an operative with a clock ID, a foreman and a manager."""
    manager, foreman = stage.person("project_manager", "mo"), stage.person("foreman", "fay")
    project = manager.ok("POST", "/projects/", {"code": "P-1", "name": "Quay", "planned_rate": 40})["id"]
    path: list[str] = []
    for name in ("North", "Ground", "Concrete"):
        path.append(
            manager.ok("POST", f"/projects/{project}/wbs/", {"name": name, "parent": path[-1] if path else None})["id"]
        )
    activity = {
        "name": "Pour",
        "parent": path[-1],
        "cost_code": "C-1",
        "budget_hours": 100,
        "quantity": 50,
        "baseline_start": "2026-06-01",
        "baseline_finish": "2026-06-12",
    }
    path.append(manager.ok("POST", f"/projects/{project}/wbs/", activity)["id"])
    crew = [
        manager.ok("POST", "/operatives/", {"name": f"Hand {n}", "external_clock_id": str(n), "hourly_rate": 30})["id"]
        for n in range(6)
    ]
    return {"manager": manager, "foreman": foreman, "project": project, "path": path, "crew": crew}


def hours(site: dict[str, Any], crew: int, day: str = DAY, **extra: Any) -> dict[str, Any]:
    return {
        "project": site["project"],
        "operative": site["crew"][crew],
        "date": day,
        "hours": 8,
        "status": "submitted",
        "cost_code": "C-1",
        **extra,
    }


def punch(
    stage: Stage, clock_id: str, start: str = f"{DAY}T07:00:00Z", finish: str = f"{DAY}T15:30:00Z", **headers: str
) -> Any:
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    return device.send(
        "POST",
        "/api/v1/clock-events/ingest/",
        {"clock_id": clock_id, "clock_in": start, "clock_out": finish, "break_minutes": 30, "extra": 1},
        **headers,
    )


def test_a_shift_becomes_hours_and_approved_hours_reach_every_level(stage: Stage, site: dict[str, Any]) -> None:
    event = punch(stage, "0")
    assert (event.status, event.body["status"], event.body["duplicate"]) == (201, "matched", False)
    entry = site["foreman"].ok("GET", f"/labour/{event.body['labour_entry']}/")
    assert (entry["hours"], entry["status"], entry["cost_code"], entry["source"]) == (
        "8.00",
        "submitted",
        None,
        "clock",
    )
    assert "hourly_rate" not in entry
    refused = site["foreman"].send("POST", f"/api/v1/labour/{entry['id']}/approve/")
    assert (refused.status, refused.body["code"]) == (409, "cost_code_required")
    approved = site["foreman"].ok("POST", f"/labour/{entry['id']}/approve", {"cost_code": "c-1"})
    assert (approved["status"], approved["cost_code"], approved["wbs"]) == ("approved", "C-1", site["path"][-1])
    stage.settle()
    for place in [f"/projects/{site['project']}", *(f"/wbs/{node}" for node in site["path"])]:
        figures = site["manager"].ok("GET", f"{place}/kpis/?as_of=2026-06-08")
        assert [figures[name] for name in ("bac", "pv", "ev", "ac", "se")] == ["100.00", "60.00", "0.00", "8.00", None]
        assert figures["reasons"]["se"] == "nothing_earned"
        money = site["manager"].ok("GET", f"{place}/kpis/?as_of=2026-06-08&measure=cost")
        assert (money["bac"], money["ac"]) == ("4000.00", "240.00")
    assert site["foreman"].send("GET", f"/api/v1/projects/{site['project']}/kpis/?measure=cost").status == 403


def test_the_same_punch_from_many_devices_at_once_gives_one_event_and_one_entry(
    stage: Stage, site: dict[str, Any]
) -> None:
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: punch(stage, "1"), range(12)))
    assert sorted(reply.status for reply in replies) == [200] * 11 + [201]
    assert len({reply.body["labour_entry"] for reply in replies}) == 1
    found = site["manager"].ok("GET", f"/labour/?operative={site['crew'][1]}")
    assert found["count"] == 1


def test_events_of_a_batch_are_answered_each_for_itself(stage: Stage, site: dict[str, Any]) -> None:
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    good = {"clock_id": 5, "clock_in": "2026-06-11T07:00:00Z", "clock_out": "2026-06-11T15:00:00Z"}
    reply = device.send("POST", "/api/v1/clock-events/ingest/", {"events": [good, {"clock_id": "5"}, good, 7]})
    assert reply.status == 200
    assert [each["status_code"] for each in reply.body["results"]] == [201, 400, 200, 400]
    assert device.send("POST", "/api/v1/clock-events/ingest/", {"events": []}).status == 400
    assert device.send("POST", "/api/v1/clock-events/ingest/", {"events": [good] * 501}).status == 400


def test_an_event_of_no_sense_costs_the_others_of_its_batch_nothing(stage: Stage, site: dict[str, Any]) -> None:
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    senseless: list[Any] = [None, True, 7.5, [], {}, {"events": [{}]}, "text", "\x00", "\u202e", "\ud800"]
    good = {"clock_id": 5, "clock_in": "2026-06-12T07:00:00Z", "clock_out": "2026-06-12T15:00:00Z"}
    reply = device.send("POST", "/api/v1/clock-events/ingest/", {"events": [*senseless, good]})
    assert reply.status == 200
    assert [each["status_code"] for each in reply.body["results"]] == [400] * len(senseless) + [201]


def test_nobody_approves_an_entry_that_they_submitted(site: dict[str, Any]) -> None:
    entry = site["foreman"].ok("POST", "/labour/", hours(site, 2))
    refused = site["foreman"].send("POST", f"/api/v1/labour/{entry['id']}/approve/")
    assert (refused.status, refused.body["code"]) == (403, "own_entry")
    assert site["manager"].ok("POST", f"/labour/{entry['id']}/approve/")["hourly_rate"] == "30.00"


def test_while_a_clash_is_open_no_entry_under_it_passes_to_approved(site: dict[str, Any]) -> None:
    first = site["foreman"].ok("POST", "/labour/", hours(site, 3))
    second = site["manager"].ok("POST", "/labour/", hours(site, 3, hours=9))
    for entry in (first, second):
        refused = site["manager" if entry is first else "foreman"].send(
            "POST", f"/api/v1/labour/{entry['id']}/approve/"
        )
        assert (refused.status, refused.body["code"]) == (409, "clash_unresolved")
    site["manager"].ok("DELETE", f"/labour/{second['id']}/")
    assert site["manager"].ok("POST", f"/labour/{first['id']}/approve/")["status"] == "approved"


def test_of_many_approvals_at_once_one_wins_and_reopening_takes_the_hours_out_again(
    stage: Stage, site: dict[str, Any]
) -> None:
    entry = site["foreman"].ok("POST", "/labour/", hours(site, 4, "2026-06-09", quantity=5))
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(
            pool.map(lambda _: site["manager"].send("POST", f"/api/v1/labour/{entry['id']}/approve/").status, range(8))
        )
    assert codes == [200] + [409] * 7
    stage.settle()
    node = site["path"][-1]
    before = site["manager"].ok("GET", f"/wbs/{node}/kpis/?as_of=2026-06-09")
    site["manager"].ok("POST", f"/labour/{entry['id']}/reopen/", {"reason": "wrong crew"})
    stage.settle()
    after = site["manager"].ok("GET", f"/wbs/{node}/kpis/?as_of=2026-06-09")
    assert float(before["ac"]) - float(after["ac"]) == 8
    assert (before["ev"], after["ev"]) == ("10.00", "0.00")


def test_a_key_gives_the_original_answer_again_byte_for_byte(stage: Stage) -> None:
    body = {"label": "kiosk"}
    first = stage.owner.send("POST", "/api/v1/tokens/", body, Idempotency_Key="k-1")
    again = stage.owner.send("POST", "/api/v1/tokens", body, Idempotency_Key="k-1")
    assert (again.status, again.text, again.headers["idempotency-replayed"]) == (201, first.text, "true")
    other = stage.owner.send("POST", "/api/v1/tokens/", {"label": "x"}, Idempotency_Key="k-1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    bad = stage.owner.send("POST", "/api/v1/tokens/", body, Idempotency_Key="k 1")
    assert (bad.status, bad.body["code"]) == (400, "invalid_idempotency_key")


def test_after_revocation_a_replay_leaves_the_secret_out(stage: Stage) -> None:
    first = stage.owner.send("POST", "/api/v1/tokens/", {"label": "gone"}, Idempotency_Key="k-3").body
    stage.owner.ok("DELETE", f"/tokens/{first['id']}/")
    again = stage.owner.send("POST", "/api/v1/tokens/", {"label": "gone"}, Idempotency_Key="k-3")
    assert (again.status, again.body) == (201, {name: value for name, value in first.items() if name != "token"})


def test_a_punch_that_names_its_project_otherwise_in_case_is_the_same_punch(stage: Stage, site: dict[str, Any]) -> None:
    body = {
        "clock_id": "5",
        "clock_in": "2026-06-10T07:00:00Z",
        "clock_out": "2026-06-10T15:00:00Z",
        "project_code": "P-1",
    }
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    assert device.send("POST", "/api/v1/clock-events/ingest/", body).status == 201
    again = device.send(
        "POST", "/api/v1/clock-events/ingest/", body | {"project_code": "p-1 ", "clock_in": "2026-06-10T07:00:00.4Z"}
    )
    assert (again.status, again.body["duplicate"]) == (200, True)


def test_a_body_too_large_and_minus_zero(stage: Stage) -> None:
    large = stage.owner.send("POST", "/api/v1/projects/", b" " * 5_000_000)
    assert (large.status, large.body["code"]) == (413, "payload_too_large")
    zero = stage.owner.ok("POST", "/projects/", b'{"code": "zero", "name": "z", "planned_rate": -0.0}')
    assert zero["planned_rate"] == "0.00"


def test_no_table_holds_a_secret_in_the_clear(stage: Stage) -> None:
    shown = stage.owner.send("POST", "/api/v1/tokens/", {"label": "s"}, Idempotency_Key="k-2").body["token"]
    secret = credentials.parse(shown, "wbs").secret
    for name in store().client.list_tables()["TableNames"]:
        assert secret not in str(store().client.scan(TableName=name)["Items"])


def test_a_revoked_token_stops_working_with_the_next_request(stage: Stage) -> None:
    made = stage.owner.ok("POST", "/tokens/", {"label": "short"})
    client = stage.owner.token(made["token"])
    assert client.send("GET", "/api/v1/me/").status == 200
    stage.owner.ok("DELETE", f"/tokens/{made['id']}/")
    refused = client.send("GET", "/api/v1/me/")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert int(refused.headers["x-ratelimit-remaining"]) >= 0


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc", "Bearer wbs_" + "a" * 74, "Bearer \u00ff"])
def test_a_malformed_token_is_401_and_never_a_fault(stage: Stage, header: str) -> None:
    refused = Client(stage.gateway, {"Authorization": header}).send("GET", "/api/v1/me/")
    assert (refused.status, refused.body["code"]) == (401, "not_authenticated")


def test_an_id_of_another_company_answers_exactly_as_an_id_that_does_not_exist(
    stage: Stage, site: dict[str, Any]
) -> None:
    rival = stage.owner.token(company.create("Rival", "pro", "UTC", "o@rival.example")["token"])
    for path in (
        f"/projects/{site['project']}",
        f"/wbs/{site['path'][-1]}",
        f"/operatives/{site['crew'][0]}",
        f"/projects/{site['project']}/kpis",
        f"/wbs/{site['path'][0]}/kpis",
        f"/projects/{site['project']}/wbs",
    ):
        foreign, unknown = rival.send("GET", f"/api/v1{path}/"), rival.send("GET", f"/api/v1{path[:-3]}zzz/")
        assert foreign.status == 404
        if not path.endswith(("kpis", "wbs")):
            assert {**foreign.body, "request_id": ""} == {**unknown.body, "request_id": ""}
    assert rival.ok("GET", "/labour/")["count"] == 0


@pytest.mark.parametrize("id", ["a" * 3000, "a%23b", "%2F", "%00", "\u00e9", "%20"])
def test_an_id_of_no_form_of_ours_does_not_exist(stage: Stage, id: str) -> None:
    for path in ("projects", "wbs", "labour", "operatives"):
        assert stage.owner.send("GET", f"/api/v1/{path}/{id}/").status == 404


def test_a_walk_gets_every_row_exactly_once_while_others_write(stage: Stage, site: dict[str, Any]) -> None:
    project = site["manager"].ok("POST", "/projects/", {"code": "WALK", "name": "Walk"})["id"]
    made = {site["manager"].ok("POST", f"/projects/{project}/wbs/", {"name": f"L{n}"})["id"] for n in range(23)}
    seen, link = [], f"/projects/{project}/wbs/?page_size=7"
    while link:
        page = site["manager"].ok("GET", link)
        assert page["count"] == 23
        seen += [row["id"] for row in page["results"]]
        site["manager"].ok("POST", f"/projects/{project}/wbs/", {"name": f"later {len(seen)}"})
        link = page["next"] and page["next"].removeprefix("/api/v1")
    assert made <= set(seen) and len(seen) == len(set(seen))
    second = site["manager"].ok("GET", f"/projects/{project}/wbs/?page_size=7&page=2")
    back = site["manager"].ok("GET", second["previous"].removeprefix("/api/v1"))
    assert [row["id"] for row in back["results"]] == seen[:7]
    assert site["manager"].send("GET", f"/api/v1/projects/{project}/wbs/?page=99").body["code"] == "invalid_page"


def test_of_64_requests_on_a_limit_of_50_exactly_50_pass(stage: Stage) -> None:
    credential = credentials.parse(
        stage.owner.ok(
            "POST",
            "/tokens/",
            {"label": "limit", "user": stage.person("foreman", "lim").ok("GET", "/me/")["user"]["id"]},
        )["token"],
        "wbs",
    )
    now = datetime(2026, 6, 8, 12, 0, 30, tzinfo=UTC)
    with ThreadPoolExecutor(16) as pool:
        used = list(pool.map(lambda _: authentication._count_user(store(), credential, now), range(64)))
    counts = sorted(int(row[slots.slot(now)]["N"]) for row in used if row)
    assert counts == list(range(1, 65))
    assert sum(count <= 50 for count in counts) == 50
