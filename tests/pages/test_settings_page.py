"""Settings → API & integrations, the documentation, and what they load."""

import re

import pytest

from chalicelib.access.permissions import Permission
from chalicelib.handlers.settings_page import WORDS
from infra import company
from tests.pages.browser import Browser
from tests.pages.conftest import PASSWORD, person
from tests.stage import Client, Stage

PAGE = "/settings/api/"


def test_owners_and_admins_see_it(stage: Stage, owner: Browser) -> None:
    _, email = person(stage, "adi", "admin")
    admin = Browser(stage.gateway)
    admin.sign_in(email, PASSWORD)
    for browser in (owner, admin):
        page = browser.open(PAGE)
        assert page.status == 200 and "Generate token" in page.text and "ingest secret" in page.text


@pytest.mark.parametrize("role", ["project_manager", "foreman", "operative"])
def test_others_are_refused_with_a_page(stage: Stage, browser: Browser, role: str) -> None:
    _, email = person(stage, f"no-{role}", role)
    browser.sign_in(email, PASSWORD)
    page = browser.open(PAGE)
    assert page.status == 403 and page.headers["content-type"].startswith("text/html")
    assert "Only owners and admins" in page.text and "settings.js" not in page.text
    assert "log your own hours" in page.text and ("approve and reject hours" in page.text) is (role != "operative")


def test_every_permission_has_words() -> None:
    assert set(WORDS) == set(Permission)


@pytest.mark.parametrize("path", [PAGE, "/api/docs/"])
def test_who_is_not_signed_in_goes_to_sign_in_and_back(stage: Stage, browser: Browser, path: str) -> None:
    away = browser.open(path)
    assert away.status == 303 and away.headers["location"] == f"/login/?next={path}"
    back = browser.sign_in("o@a.example", stage.made["owner"]["password"], away.headers["location"])
    assert (back.status, back.headers["location"]) == (303, path)
    assert browser.open(path).status == 200


def test_a_plan_without_the_api_says_so(stage: Stage, browser: Browser) -> None:
    made = company.create("Team Co", "team", "UTC", "o@team.example")
    browser.sign_in("o@team.example", made["owner"]["password"])
    page = browser.open(PAGE)
    assert page.status == 200 and "plan team has no API" in page.text and "settings.js" not in page.text


def test_every_field_has_a_label_and_nothing_runs_inline(owner: Browser) -> None:
    page = owner.open(PAGE)
    named = set(re.findall(r'<label for="(\w+)"', page.text))
    assert named == set(re.findall(r'<(?:input|select) id="(\w+)"', page.text)) >= {"label", "expires", "overlap"}
    assert re.findall(r"<script(?! src=)", page.text) == [] and " on" not in re.sub(r">[^<]*<", "><", page.text)
    assert "<style" not in page.text and "style=" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe-inline" not in policy and "default-src 'none'" in policy


def test_the_script_finds_everything_that_it_names_on_the_page(owner: Browser) -> None:
    page, script = owner.open(PAGE), owner.open("/assets/settings.js")
    assert script.headers["content-type"].startswith("text/javascript")
    named = set(re.findall(r'at\("([\w-]+)"\)', script.text)) | {
        "token-shown",
        "secret-shown",
        "token",
        "secret",
        "curl",
    }
    assert named <= set(re.findall(r'id="([\w-]+)"', page.text))
    assert set(re.findall(r'data-copy="(\w+)"', page.text)) == {"token", "secret", "curl"}


def test_what_the_script_does_works_with_the_session_and_its_csrf_token(stage: Stage, owner: Browser) -> None:
    page = owner.open(PAGE)
    [csrf] = re.findall(r'data-csrf="(\w+)"', page.text)
    api = Client(
        stage.gateway,
        {"Cookie": f"__Host-wbsync_session={owner.cookies['__Host-wbsync_session']}", "X-CSRF-Token": csrf},
    )
    made = api.ok("POST", "/tokens/", {"label": "from the page", "expires_at": "2099-12-31T23:59:59Z"})
    assert stage.owner.token(made["token"]).send("GET", "/api/v1/me/").status == 200
    assert any(row["id"] == made["id"] for row in api.ok("GET", "/tokens/?page_size=200")["results"])
    api.ok("DELETE", f"/tokens/{made['id']}/")
    assert stage.owner.token(made["token"]).send("GET", "/api/v1/me/").status == 401
    assert api.ok("POST", "/integrations/ingest-secret/", {"overlap_seconds": 60})["secret"].startswith("wbsi_")


@pytest.mark.parametrize("path", ["/api/docs/", "/api/schema/"])
def test_the_documentation_is_for_a_token_or_a_signed_in_person(stage: Stage, owner: Browser, path: str) -> None:
    assert owner.open(path).status == 200 and stage.owner.send("GET", path).status == 200
    nobody = Client(stage.gateway).send("GET", path)
    assert nobody.status == (303 if path == "/api/docs/" else 401)


def test_only_our_own_files_are_served(browser: Browser) -> None:
    for name in ("SWAGGER-UI-LICENSE", "..", "%2e%2e", "app.py", "x"):
        assert browser.open(f"/assets/{name}").status == 404
    for name in ("pages.css", "settings.js", "start.js", "swagger-ui.css", "swagger-ui-bundle.js"):
        assert browser.open(f"/assets/{name}").status == 200
