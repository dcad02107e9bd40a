"""Links that set a password: shown once, used once, and replaced by the next."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access import invitations
from chalicelib.errors import NotFound
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from infra import company
from tests.pages.browser import Browser, forms
from tests.pages.conftest import PASSWORD, invited, make_inactive, path_of, person
from tests.stage import Stage


def test_an_invited_person_sets_a_password_and_signs_in(stage: Stage, browser: Browser) -> None:
    _, email, path = invited(stage.owner, "ada")
    page = browser.open(path)
    assert page.status == 200 and email in page.text
    assert browser.open(path).status == 200  # looking does not use it up
    [form] = forms(page)
    assert form.fields == {"password": ""}
    assert browser.submit(path, {"password": PASSWORD}).status == 200
    assert browser.sign_in(email, PASSWORD).status == 303


def test_a_link_is_shown_once_and_by_a_replay_until_it_is_used(stage: Stage) -> None:
    id, _, _ = invited(stage.owner, "ben")
    path = f"/api/v1/users/{id}/invite/"
    first = stage.owner.send("POST", path, Idempotency_Key="invite-1")
    again = stage.owner.send("POST", path, Idempotency_Key="invite-1")
    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert first.body["link"].startswith("https://") and first.body["user"] == id
    assert Browser(stage.gateway).submit(path_of(first.body["link"]), {"password": PASSWORD}).status == 200
    used = stage.owner.send("POST", path, Idempotency_Key="invite-1")
    assert (used.status, used.body) == (201, {name: first.body[name] for name in ("user", "expires_at")})
    assert used.headers["idempotency-replayed"] == "true"


def test_a_new_link_replaces_the_one_before(stage: Stage, browser: Browser) -> None:
    id, _, older = invited(stage.owner, "cy")
    first = stage.owner.send("POST", f"/api/v1/users/{id}/invite/", Idempotency_Key="invite-2")
    newer = path_of(stage.owner.ok("POST", f"/users/{id}/invite/")["link"])
    assert "link" not in stage.owner.send("POST", f"/api/v1/users/{id}/invite/", Idempotency_Key="invite-2").body
    pages = [browser.open(path) for path in (older, path_of(first.body["link"]), newer)]
    assert [page.status for page in pages] == [404, 404, 200]


def test_every_link_that_does_not_work_gets_the_same_page(stage: Stage, browser: Browser) -> None:
    id, _, path = invited(stage.owner, "di")
    make_inactive(stage.made["company"]["id"], id)
    _, _, used = invited(stage.owner, "dot")
    browser.submit(used, {"password": PASSWORD})
    wrong = used[:-3] + ("aa/" if used[-3:] != "aa/" else "bb/")
    for each in (path, used, wrong, "/password/x/", "/password/%00/", "/password/\u00e9/", f"/password/{'a' * 3000}/"):
        for page in (browser.open(each), browser.submit(each, {"password": PASSWORD})):
            assert (page.status, "This link does not work" in page.text) == (404, True), each
            assert page.text == browser.open("/password/x/").text


def test_a_link_ends_after_seven_days(stage: Stage) -> None:
    _, _, path = invited(stage.owner, "ed")
    key = path.split("/")[2]
    assert invitations.find(Reading(store()), key, utc_now() + timedelta(days=6, hours=23)).access.user["name"] == "ed"
    with pytest.raises(NotFound):
        invitations.find(Reading(store()), key, utc_now() + timedelta(days=7, minutes=1))


def test_of_many_that_use_a_link_at_once_one_sets_the_password(stage: Stage) -> None:
    _, email, path = invited(stage.owner, "flo")
    tries = [f"password of number {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: Browser(stage.gateway).submit(path, {"password": one}).status, tries))
    assert sorted(answers) == [200] + [404] * 5
    opened = [Browser(stage.gateway).sign_in(email, one).status for one in tries]
    assert [status == 303 for status in opened] == [status == 200 for status in answers]


def test_a_new_password_ends_every_session_and_the_old_password(stage: Stage, browser: Browser) -> None:
    id, email = person(stage, "gus")
    other = Browser(stage.gateway)
    for each in (browser, other):
        each.sign_in(email, PASSWORD)
    token = stage.owner.token(stage.owner.ok("POST", "/tokens/", {"label": "gus", "user": id})["token"])
    link = path_of(stage.owner.ok("POST", f"/users/{id}/invite/")["link"])
    assert browser.submit(link, {"password": "an entirely new one"}).status == 200
    assert [each.open("/api/v1/me/").status for each in (browser, other)] == [401, 401]
    assert browser.sign_in(email, PASSWORD).status == 401
    assert browser.sign_in(email, "an entirely new one").status == 303
    assert token.send("GET", "/api/v1/me/").status == 200  # tokens are revoked on their own


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "at least 12"),
        ("elevenchars", "at least 12"),
        ("x" * 1001, "1000"),
        ("HOB-LONG-NAME@people.example", "not your e-mail"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason_and_the_link_stays(
    stage: Stage, browser: Browser, password: str, says: str
) -> None:
    id, _, path = invited(stage.owner, f"hob-long-name{len(password)}")
    email = stage.owner.ok("GET", "/users/?page_size=200")["results"]
    mine = next(user["email"] for user in email if user["id"] == id)
    sent = mine.upper() if "@" in password else password
    page = browser.submit(path, {"password": sent})
    assert page.status == 400 and says in page.text and 'role="alert"' in page.text
    assert browser.open(path).status == 200


def test_the_same_password_typed_on_another_keyboard_is_the_same(stage: Stage, browser: Browser) -> None:
    _, email, path = invited(stage.owner, "ida")
    browser.submit(path, {"password": "caf\u00e9 au lait \ufb01n"})
    assert browser.sign_in(email, "cafe\u0301 au lait fin").status == 303


def test_nobody_invites_a_user_who_may_do_more_than_they_may(stage: Stage) -> None:
    owner = stage.made["owner"]["id"]
    admin, manager = stage.person("admin", "jan"), stage.person("project_manager", "kit")
    for who, code in ((admin, "permission_denied"), (manager, "permission_denied")):
        refused = who.send("POST", f"/api/v1/users/{owner}/invite/")
        assert (refused.status, refused.body["code"]) == (403, code)
    assert admin.send("POST", f"/api/v1/users/{admin.ok('GET', '/me/')['user']['id']}/invite/").status == 201


def test_inviting_somebody_who_is_not_there_or_not_active(stage: Stage) -> None:
    rival = company.create("Rival", "pro", "UTC", "o@rival.example")
    foreign = stage.owner.send("POST", f"/api/v1/users/{rival['owner']['id']}/invite/")
    assert (foreign.status, foreign.body["code"]) == (404, "not_found")
    id, _, _ = invited(stage.owner, "lou")
    make_inactive(stage.made["company"]["id"], id)
    refused = stage.owner.send("POST", f"/api/v1/users/{id}/invite/")
    assert (refused.status, refused.body["code"]) == (409, "inactive")


def test_links_and_sign_in_work_on_every_plan(stage: Stage, browser: Browser) -> None:
    field = company.create("Small", "field", "UTC", "o@small.example")
    assert browser.sign_in("o@small.example", field["owner"]["password"]).status == 303
    assert browser.api().ok("GET", "/me/")["plan"] == "field"
    path = path_of(browser.api().ok("POST", f"/users/{field['owner']['id']}/invite/")["link"])
    assert Browser(stage.gateway).submit(path, {"password": PASSWORD}).status == 200
    assert browser.sign_in("o@small.example", PASSWORD).status == 303
    [form] = forms(browser.open("/logout/"))
    assert browser.submit("/logout/", form.fields).status == 200


def test_a_link_that_went_to_another_address_stops_when_the_address_is_corrected(
    stage: Stage, browser: Browser
) -> None:
    id, _, path = invited(stage.owner, "mistyped")
    stage.owner.ok("PATCH", f"/users/{id}/", {"email": "right@people.example"})
    assert browser.open(path).status == 404
    again = path_of(stage.owner.ok("POST", f"/users/{id}/invite/")["link"])
    assert browser.submit(again, {"password": PASSWORD}).status == 200
    assert browser.sign_in("right@people.example", PASSWORD).status == 303
    stage.owner.ok("PATCH", f"/users/{id}/", {"email": "newer@people.example"})
    assert browser.sign_in("newer@people.example", PASSWORD).status == 303
    stage.owner.ok("PATCH", f"/users/{id}/", {"active": False})
    assert browser.open("/api/v1/me/").status == 401
