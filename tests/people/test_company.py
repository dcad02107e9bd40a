"""The company: read by everyone but operatives, changed by those who manage it, with the next request."""

from decimal import Decimal

from chalicelib.access import sessions
from chalicelib.people import companies
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.times import stamp, utc_now
from infra import company
from tests.stage import Client, Stage
from tests.users import People, refused


def set_plan(id: str, plan: str) -> None:
    store().transact(companies.change(Reading(store()), id, {"plan": plan}, utc_now()).changes)


def test_settings_are_read_and_changed_with_an_etag(stage: Stage, people: People) -> None:
    owner = stage.owner.token(company.create("Set", "pro", "Europe/Dublin", "set@set.example")["token"])
    read = owner.send("GET", "/api/v1/company/")
    assert (read.body["plan"], read.body["timezone"], read.body["currency"]) == ("pro", "Europe/Dublin", "EUR")
    assert (Decimal(read.body["daily_cap_hours"]), read.body["auto_add_operatives"]) == (16, False)
    body = {"name": "Reset", "timezone": "Asia/Tokyo", "currency": "JPY", "daily_cap_hours": 12.5}
    changed = owner.send("PATCH", "/api/v1/company/", body | {"auto_add_operatives": True}, If_Match='"1"')
    assert (changed.body["daily_cap_hours"], changed.body["auto_add_operatives"]) == ("12.50", True)
    assert owner.send("PATCH", "/api/v1/company/", {"name": "x"}, If_Match='"1"').status == 412
    made = owner.ok("POST", "/projects/", {"code": "A", "name": "A"})
    assert (made["timezone"], made["currency"]) == ("Asia/Tokyo", "JPY")
    assert owner.ok("GET", "/me/")["company"]["name"] == "Reset"


def test_the_plan_is_read_only_and_bad_settings_are_named(stage: Stage) -> None:
    body = {"plan": "enterprise", "timezone": "Mars/Base", "currency": "euro", "daily_cap_hours": 25}
    assert stage.owner.send("PATCH", "/api/v1/company/", body).body["errors"].keys() == body.keys()
    assert stage.owner.ok("GET", "/company/")["plan"] == "pro"


def test_a_changed_daily_cap_holds_for_the_next_entry(stage: Stage) -> None:
    owner = stage.owner.token(company.create("Cap", "pro", "UTC", "cap@cap.example")["token"])
    project = owner.ok("POST", "/projects/", {"code": "A", "name": "A"})["id"]
    hand = owner.ok("POST", "/operatives/", {"name": "Hand"})["id"]
    body = {"project": project, "operative": hand, "hours": 10, "status": "submitted"}
    assert owner.ok("POST", "/labour/", body | {"date": "2026-06-01"})["clash"] is None
    owner.ok("PATCH", "/company/", {"daily_cap_hours": 9})
    assert owner.ok("POST", "/labour/", body | {"date": "2026-06-02"})["clash"] is not None


def test_tokens_answer_plan_without_api_as_soon_as_the_plan_changes(stage: Stage) -> None:
    made = company.create("Plan", "pro", "UTC", "plan@plan.example")
    owner = stage.owner.token(made["token"])
    for plan in ("field", "team"):
        set_plan(made["company"]["id"], plan)
        for method, path in (("GET", "/api/v1/me/"), ("POST", "/api/v1/projects/")):
            assert refused(owner.send(method, path, {} if method == "POST" else None), 403, "plan_without_api")
    for plan in ("pro", "business", "enterprise"):
        set_plan(made["company"]["id"], plan)
        assert owner.ok("GET", "/me/")["plan"] == plan


def test_without_the_api_people_read_signed_in_and_cannot_write_and_punches_are_kept(stage: Stage) -> None:
    made = company.create("Read", "pro", "UTC", "read@read.example")
    [account] = sessions.sign_in(Reading(store()), "read@read.example", made["owner"]["password"])
    opened = sessions.open_session(Reading(store()), account, utc_now())
    store().transact(opened.changes)
    session = opened.answer
    browser = Client(stage.gateway, {"Cookie": f"__Host-wbsync_session={session.text}"})
    csrf = browser.ok("GET", "/me/")["csrf_token"]
    body = {"code": "A", "name": "A"}
    assert browser.send("POST", "/api/v1/projects/", body, X_CSRF_Token=csrf).status == 201
    person = {"name": "A", "email": "a@read.example", "role": "foreman"}
    assert browser.send("POST", "/api/v1/users/", person, X_CSRF_Token=csrf).status == 201
    users = browser.ok("GET", "/users/")
    set_plan(made["company"]["id"], "team")
    assert browser.send("GET", "/api/v1/projects/").status == 200
    written = browser.send("POST", "/api/v1/projects/", {"code": "B", "name": "B"}, X_CSRF_Token=csrf)
    assert refused(written, 403, "plan_without_api")
    assert refused(browser.send("PATCH", "/api/v1/company/", {}, X_CSRF_Token=csrf), 403, "plan_without_api")
    user = users["results"][0]["id"]
    for method, path, body, status in (
        ("POST", f"/users/{user}/invite/", {}, 201),
        ("PATCH", f"/users/{user}/", {"name": "Other"}, 403),
        ("PATCH", f"/users/{user}/", {"active": True}, 403),
        ("PATCH", f"/users/{user}/", {"active": False}, 200),
        ("POST", "/users/", {"name": "N", "email": "n@read.example", "role": "foreman"}, 403),
    ):
        reply = browser.send(method, f"/api/v1{path}", body, X_CSRF_Token=csrf)
        assert reply.status == status and (status != 403 or reply.body["code"] == "plan_without_api"), (path, body)
    owner = stage.owner.token(made["token"])
    assert refused(owner.send("POST", f"/api/v1/users/{user}/invite/", {}), 403, "plan_without_api")
    device = Client(stage.gateway, {"X-Inbound-Secret": made["ingest_secret"]})
    punch = {"clock_id": "1", "clock_in": stamp(utc_now())}
    assert device.send("POST", "/api/v1/clock-events/ingest/", punch).status == 201
    out = browser.send("POST", "/logout/", None, X_CSRF_Token=csrf)
    assert out.status == 200 and browser.send("GET", "/api/v1/me/").status == 401


def test_company_settings_need_their_permissions(stage: Stage, people: People) -> None:
    operative, _ = people.make("operative")
    manager, _ = people.make("project_manager")
    admin, _ = people.make("admin")
    assert refused(operative.send("GET", "/api/v1/company/"), 403, "permission_denied")
    assert manager.send("GET", "/api/v1/company/").status == 200
    assert refused(manager.send("PATCH", "/api/v1/company/", {"name": "x"}), 403, "permission_denied")
    assert admin.send("PATCH", "/api/v1/company/", {}).status == 200
