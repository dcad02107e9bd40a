"""Messages name every bad field at once and say what to do next."""

from typing import get_args, get_type_hints

import pytest

from chalicelib.http.fields import Id
from chalicelib.http.routes import ROUTES
from tests.faults.scenarios import Site
from tests.stage import Client, Stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(stage)


def errors(client: Client, method: str, path: str, body: object = None) -> dict[str, list[str]]:
    refused = client.send(method, f"/api/v1{path}", body)
    assert (refused.status, refused.body["code"]) == (400, "validation_error"), refused
    return dict(refused.body["errors"])


def test_bad_hours_do_not_hide_an_unknown_project_or_operative(site: Site) -> None:
    found = errors(site.owner, "POST", "/labour/", site.hours(hours=25, project="nowhere", operative="nobody"))
    assert found == {
        "hours": ["Must be at most 24."],
        "project": ["There is no such project."],
        "operative": ["There is no such operative."],
    }


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/tokens/", {"label": "", "user": "nobody"}, {"label", "user"}),
        ("/projects/{project}/memberships/", {"role": "king", "user": "nobody"}, {"role", "user"}),
        (
            "/operatives/",
            {"name": "", "user": "nobody", "projects": ["nowhere"]},
            {"name", "user", "projects"},
        ),
        (
            "/clock-events/nothing/assign/",
            {"operative": "nobody", "project": "nowhere", "more": 1},
            {"operative", "project", "more"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_field_hides_no_unknown_id(site: Site, path: str, body: dict[str, object], wrong: set[str]) -> None:
    assert set(errors(site.owner, "POST", path.format(project=site.project), body)) == wrong


def test_every_body_says_where_the_rows_of_its_ids_are(site: Site) -> None:
    """Entries that a bulk request or a resolution names are answered for one by one."""
    singly = {"ids", "keep"}
    for route in ROUTES:
        for name, hint in get_type_hints(route.body, include_extras=True).items() if route.body else ():
            if _of_ids(hint) and name not in singly:
                assert name in route.body.references, (route.path, name)


def _of_ids(hint: object) -> bool:
    return hint == Id or any(_of_ids(each) for each in get_args(hint) if hint != Id)


def test_a_negative_budget_does_not_hide_dates_in_the_wrong_order(site: Site) -> None:
    body = {"name": "Pour", "parent": site.discipline, "budget_hours": -5}
    body |= {"baseline_start": "2026-06-09", "baseline_finish": "2026-06-08"}
    assert set(errors(site.owner, "POST", f"/projects/{site.project}/wbs/", body)) == {
        "budget_hours",
        "baseline_finish",
    }


def test_a_code_or_an_email_where_an_id_is_wanted_is_told_so(site: Site) -> None:
    wanted = "Must be an id as the API gives it, not a code, a name or an e-mail address."
    assert errors(site.owner, "GET", "/labour/?project=P-1") == {"project": [wanted]}
    body = {"label": "kiosk", "user": "fay@a.example"}
    assert errors(site.owner, "POST", "/tokens/", body) == {"user": [wanted]}


def test_a_plus_that_became_a_space_is_told(site: Site) -> None:
    [message] = errors(site.owner, "GET", "/labour/?updated_since=2026-06-08T07:00:00+01:00")["updated_since"]
    assert "%2B" in message
    assert site.owner.ok("GET", "/labour/?updated_since=2026-06-08T07:00:00%2B01:00")["synced_until"]


def test_what_a_query_does_not_know_is_a_parameter_and_what_a_body_does_not_know_a_field(site: Site) -> None:
    assert errors(site.owner, "GET", "/labour/?projct=x") == {"projct": ["Unknown parameter."]}
    assert errors(site.owner, "POST", "/operatives/", {"name": "Ola", "nmae": 1}) == {"nmae": ["Unknown field."]}


@pytest.mark.parametrize("header", [None, "wbs_wrong", "Bearer wrong", "Bearer wbs_0000000000000000000000"])
def test_a_401_says_which_header_to_send_and_where_a_token_is_made(stage: Stage, header: str | None) -> None:
    sent = {} if header is None else {"Authorization": header}
    refused = Client(stage.gateway).send("GET", "/api/v1/projects/", **sent)
    assert refused.status == 401
    assert "Authorization: Bearer <token>" in refused.body["detail"] and "Settings" in refused.body["detail"]


def test_a_401_of_a_device_says_which_header_to_send(stage: Stage) -> None:
    refused = Client(stage.gateway).send("POST", "/api/v1/clock-events/ingest/", {"clock_id": "7"})
    assert refused.status == 401 and "X-Inbound-Secret: <secret>" in refused.body["detail"]


def test_a_value_that_is_taken_and_a_state_that_forbids_say_what_to_do(site: Site) -> None:
    site.owner.ok("POST", "/projects/", {"code": "TAKEN", "name": "One"})
    owner = site.owner.ok("GET", "/me/")["user"]["id"]
    said = {
        "choose another": ("POST", "/projects/", {"code": "taken", "name": "Two"}),
        "make another owner first": ("PATCH", f"/users/{owner}/", {"role": "admin"}),
        "nothing to reopen": ("POST", f"/projects/{site.project}/periods/reopen/", {"reason": "Late sheet."}),
        "cost_code": ("POST", f"{site.entry(cost_code=None)}approve/", {}),
    }
    for next_step, (method, path, body) in said.items():
        who = site.manager if path.endswith("approve/") else site.owner
        refused = who.send(method, f"/api/v1{path}", body)
        assert refused.status == 409 and next_step in refused.body["detail"], refused


def test_messages_count_in_plain_english(site: Site) -> None:
    body = {"code": "W", "name": "W", "working_days": []}
    assert errors(site.owner, "POST", "/projects/", body) == {"working_days": ["Must have at least 1 item."]}


def test_numbers_look_alike_whatever_was_sent(site: Site) -> None:
    """Hours and money with two decimals, quantities and ratios with four."""
    raw = site.owner.send("GET", "/api/v1/company/").text
    assert '"daily_cap_hours":16.00' in raw
    sent = site.hours(operative=site.operative("Two", hourly_rate=30), hours=8, quantity=12.5, status="draft")
    made = site.owner.send("POST", "/api/v1/labour/", sent).text
    assert '"hours":8.00' in made and '"quantity":12.5000' in made
    assert '"budget_hours":9.00' in site.owner.send("GET", f"/api/v1/wbs/{site.activity}/").text


@pytest.mark.parametrize("path", ["labour/?colour=red", "reports/s-curve/", "reports/kpis/?page_size=0"])
def test_a_problem_that_names_fields_says_so_in_a_sentence_wherever_it_was_found(stage: Stage, path: str) -> None:
    reply = stage.owner.send("GET", f"/api/v1/{path}")
    assert (reply.status, reply.body["detail"]) == (400, "Some fields are not valid.")
    assert reply.body["errors"]


def test_what_is_not_found_says_what_that_may_mean_and_a_page_how_to_go_on(stage: Stage) -> None:
    missing, page = (stage.owner.send("GET", f"/api/v1/{path}") for path in ("operatives/nobody/", "labour/?page=99"))
    assert (missing.status, missing.body["detail"]) == (404, "It does not exist, or you may not see it.")
    assert (page.status, page.body["detail"]) == (404, "There is no such page. Start again without page and cursor.")
