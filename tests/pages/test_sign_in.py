"""Browser sessions: how they begin, what they may do, and that they really end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from chalicelib.access import passwords, sessions
from chalicelib.access.directory import listing
from chalicelib.access.rows import Access, Password
from chalicelib.http.pages import safe
from chalicelib.ids import new_id
from chalicelib.people.rows import User
from chalicelib.storage.changes import Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, store
from chalicelib.times import utc_now
from infra import company
from tests.pages.browser import Browser, forms
from tests.pages.conftest import PASSWORD, invited, make_inactive, person
from tests.stage import QUICK_HASH, Stage


class Counting:
    """Computes cheaply, and counts how often."""

    def __init__(self) -> None:
        self.work = 0

    def __call__(self, password: bytes, salt: bytes, parameters: Parameters) -> str:
        self.work += 1
        return passwords.argon2id(password, salt, QUICK_HASH)

    def spent(self) -> int:
        """How often since the last question."""
        work, self.work = self.work, 0
        return work


def tokens_of(stage: Stage, user: str) -> dict[str, Any]:
    row = store().get(Access, key(stage.made["company"]["id"], user), "access")
    assert row is not None
    return row.tokens


def test_a_password_is_kept_at_the_full_cost(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "RFC_9106_LOW_MEMORY", RFC_9106_LOW_MEMORY)
    kept = passwords.hashed(PASSWORD, "ann@people.example")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matching(PASSWORD, "ann@people.example", [kept])[0] == [True]


def test_signing_in_opens_a_session_that_scripts_and_other_sites_cannot_take(stage: Stage, browser: Browser) -> None:
    _, email = person(stage, "ann")
    reply = browser.sign_in(email, PASSWORD, "/login/?next=%2Fsettings%2Fapi%2F")
    assert (reply.status, reply.headers["location"]) == (303, "/settings/api/")
    parts = set(reply.headers["set-cookie"].split("; ")[1:])
    assert parts == {"Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=43200"}
    assert browser.api().ok("GET", "/me/")["user"]["email"] == email


def test_signing_out_ends_the_session_wherever_its_cookie_is_kept(stage: Stage, browser: Browser) -> None:
    _, email = person(stage, "bob")
    browser.sign_in(email, PASSWORD)
    kept = Browser(stage.gateway, dict(browser.cookies))
    [form] = forms(browser.open("/logout/"))
    refused = browser.submit("/logout/", {"csrf_token": "x"})
    assert refused.status == 403 and forms(refused) == [form]
    assert kept.api().send("GET", "/api/v1/me/").status == 200
    assert browser.submit(form.action, form.fields).status == 200
    assert kept.open("/api/v1/me/").status == 401
    assert kept.submit("/logout/", form.fields).status == 200  # once more does no harm
    assert browser.cookies["__Host-wbsync_session"] == ""


def test_a_write_of_a_session_needs_its_csrf_token(stage: Stage, browser: Browser) -> None:
    browser.sign_in("o@a.example", stage.made["owner"]["password"])
    api = browser.api()
    other = Browser(stage.gateway)
    other.sign_in("o@a.example", stage.made["owner"]["password"])
    for token in ("", "wrong", other.api().headers["X-CSRF-Token"], "\u00e9"):
        refused = api.send("POST", "/api/v1/tokens/", {"label": "x"}, X_CSRF_Token=token)
        assert (refused.status, refused.body["code"]) == (403, "csrf_failed")
    assert api.send("POST", "/api/v1/tokens/", {"label": "x"}).status == 201


def test_a_form_that_another_site_sends_is_refused(stage: Stage, browser: Browser) -> None:
    _, email = person(stage, "cat")
    assert browser.sign_in(email, PASSWORD, Sec_Fetch_Site="cross-site").status == 403
    old = {"Sec_Fetch_Site": "same-origin", "Host": "wbsync.example"}
    assert browser.sign_in(email, PASSWORD, **old).status == 303
    for origin in ("https://evil.example", "null", "https://[", "https://wbsync.example.evil.example"):
        sent = {"Origin": origin, "Host": "wbsync.example", "Content_Type": "application/x-www-form-urlencoded"}
        assert browser._send("POST", "/login/", b"email=a&password=b", sent).status == 403


@pytest.mark.parametrize("who", ["unknown", "wrong", "no_password", "inactive"])
def test_whoever_cannot_sign_in_gets_the_same_page_for_the_same_work(stage: Stage, who: str) -> None:
    id, email = person(stage, f"same-{who}")
    if who == "no_password":
        _, email, _ = invited(stage.owner, "nobody-yet")
    if who == "inactive":
        make_inactive(stage.made["company"]["id"], id)
    email = "who@nowhere.example" if who == "unknown" else email
    password = PASSWORD if who == "inactive" else "something else entirely"
    calls: list[str] = []
    store().client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name), "count")
    compute = Counting()
    user = store().get(User, stage.made["company"]["id"], f"user#{id}")
    assert user is not None
    if who != "no_password":
        fresh = passwords.hashed(PASSWORD, user.email, compute)
        store().transact([Put(Password(pk=key(user.pk, id), sk="password", hash=fresh))])
    calls.clear()
    compute.spent()
    assert sessions.sign_in(Reading(store()), email, password, compute) == []
    store().client.meta.events.unregister("before-call.dynamodb", unique_id="count")
    assert (compute.spent(), calls) == (3, ["Query", "BatchGetItem", "BatchGetItem"])
    page = Browser(stage.gateway).sign_in(email, "something else entirely")
    blank = Browser(stage.gateway).sign_in("", "")
    assert (page.status, page.text.replace(email, "")) == (401, blank.text)


def test_a_person_in_several_companies_is_asked_which_by_name_and_not_for_the_password_again(stage: Stage) -> None:
    _, email = person(stage, "dee")
    rival = company.create("Rival & Sons", "field", "UTC", email)
    place = key(rival["company"]["id"], rival["owner"]["id"])
    store().transact([Put(Password(pk=place, sk="password", hash=passwords.hashed(PASSWORD, email)))])
    browser = Browser(stage.gateway)
    page = browser.sign_in(email, PASSWORD, "/login/?next=/api/schema/")
    [form] = forms(page)
    assert page.status == 200 and form.choices.keys() == {"Acme", "Rival & Sons"}
    assert "password" not in form.fields and PASSWORD not in page.text
    forged = form.fields | {"choice": form.fields["choice"][:-1] + "_"}
    assert browser.submit("/login/", forged).status == 401
    assert browser.submit("/login/", form.fields | {"company": "elsewhere"}).status == 401
    answer = browser.submit(f"/login/{form.action}", form.fields | {"company": rival["company"]["id"]})
    assert (answer.status, answer.headers["location"]) == (303, "/api/schema/")
    assert browser.api().ok("GET", "/me/")["company"]["name"] == "Rival & Sons"
    late = utc_now() + timedelta(minutes=6)
    assert sessions.chosen(Reading(store()), form.fields["choice"], rival["company"]["id"], late) is None
    store().transact([Put(Password(pk=place, sk="password", hash=passwords.hashed("another password", email)))])
    assert sessions.chosen(Reading(store()), form.fields["choice"], rival["company"]["id"], utc_now()) is None


@pytest.mark.parametrize("text", ["", ".", "a.b", "\u00e9.\u00e9", "=.=", "x" * 9999])
def test_a_choice_that_we_did_not_sign_is_none(stage: Stage, text: str) -> None:
    assert sessions.chosen(Reading(store()), text, "a", utc_now()) is None


def known(email: str, hashes: list[str]) -> None:
    """An address that a company each keeps one of the hashes for."""
    for hash in hashes:
        company, user = new_id(), new_id()
        who = {"id": user, "name": "Many", "email": email}
        empty: dict[str, Any] = {"tokens": {}, "memberships": {}, "operatives": {}}
        access = Access(pk=key(company, user), sk="access", user=who, role="foreman", active=True, version=1, **empty)
        password = Password(pk=key(company, user), sk="password", hash=hash)
        store().transact([Put(access), Put(password), Put(listing(company, user, email))])


def test_an_attempt_costs_the_same_for_nobody_and_for_an_address_in_hundreds_of_companies(stage: Stage) -> None:
    email, compute = "many@people.example", Counting()
    known(email, [passwords.hashed(PASSWORD, email, compute)] * 130)
    compute.spent()
    assert len(sessions.sign_in(Reading(store()), email, PASSWORD, compute)) == 130 and compute.spent() == 3
    assert sessions.sign_in(Reading(store()), email, "wrong", compute) == [] and compute.spent() == 3
    assert sessions.sign_in(Reading(store()), "nobody@people.example", "wrong", compute) == [] and compute.spent() == 3


def test_strangers_companies_lock_nobody_out(stage: Stage) -> None:
    """Whoever runs a company gives its users what e-mails they like, and they keep the passwords they had."""
    email, compute = "victim@people.example", Counting()
    strangers = [passwords.moved(passwords.hashed(f"strange {n}", f"s{n}@x.example", compute)) for n in range(60)]
    mine = [passwords.moved(passwords.hashed(PASSWORD, f"old{n}@people.example", compute)) for n in range(5)]
    known(email, strangers + mine)
    compute.spent()
    assert sessions.sign_in(Reading(store()), email, "wrong", compute) == [] and compute.spent() == 3
    assert len(sessions.sign_in(Reading(store()), email, PASSWORD, compute)) == 5
    assert compute.spent() == 2 + 5


def test_a_right_password_opens_after_the_stages_key_has_changed(stage: Stage) -> None:
    """Hashes of old keys have no mark; those made for this very address are looked at before those that moved here."""
    email, compute = "rekeyed@people.example", Counting()

    def old(password: str, address: str, moved: bool) -> str:
        text = passwords.hashed(password, address, compute)
        return passwords.parsed(text).hash + " older.abc" + (" moved" if moved else "")

    strangers = [old(f"strange {n}", f"s{n}@x.example", True) for n in range(60)]
    mine = [old(PASSWORD, other, False) for other in ("key1@x.example", "key2@x.example")]
    known(email, strangers + mine)
    assert len(sessions.sign_in(Reading(store()), email, PASSWORD, compute)) == 2


def test_longer_passwords_than_may_be_set_open_nothing_and_are_never_cut(stage: Stage) -> None:
    email, compute, longest = "long@people.example", Counting(), "x" * passwords.LONGEST
    known(email, [passwords.hashed(longest, email, compute)])
    compute.spent()
    assert len(sessions.sign_in(Reading(store()), email, longest, compute)) == 1 and compute.spent() == 3
    assert sessions.sign_in(Reading(store()), email, longest + "y", compute) == [] and compute.spent() == 3
    assert passwords.complaints(longest + "y", email) == ["A password may have 1000 characters."]


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$v=19$m=1$$", "$argon2id$v=19$m=65536,t=3,p=4$!!$AAAA"])
@pytest.mark.usefixtures("stage")  # its keys
def test_a_hash_that_is_none_opens_nothing(kept: str) -> None:
    assert passwords.matching(PASSWORD, "a@b.example", [kept, None], Counting())[0] == [False, False]


def test_a_hash_with_an_older_salt_still_opens_and_is_renewed(stage: Stage, browser: Browser) -> None:
    id, email = person(stage, "eve")
    place = key(stage.made["company"]["id"], id)
    older = passwords.hashed(PASSWORD, "before@people.example")
    store().transact([Put(Password(pk=place, sk="password", hash=older))])
    assert browser.sign_in(email, "not this one at all").status == 401
    assert browser.sign_in(email, PASSWORD).status == 303
    row = store().get(Password, place, "password")
    assert row is not None and row.hash == passwords.hashed(PASSWORD, email)


def test_a_session_row_never_grows_without_bound(stage: Stage) -> None:
    id, email = person(stage, "fin")
    first = Browser(stage.gateway)
    first.sign_in(email, PASSWORD)
    for _ in range(sessions.MOST_LIVE):
        assert Browser(stage.gateway).sign_in(email, PASSWORD).status == 303
    assert len(sessions.live(tokens_of(stage, id))) == sessions.MOST_LIVE
    assert first.open("/api/v1/me/").status == 401
    [account] = sessions.sign_in(Reading(store()), email, PASSWORD)
    opened = sessions.open_session(Reading(store()), account, utc_now() + timedelta(hours=13))
    store().transact(opened.changes)
    session = opened.answer
    assert sessions.live(tokens_of(stage, id)) == [session.id]  # the expired ones are gone


def test_a_session_ends_with_its_time_and_with_its_user(stage: Stage, browser: Browser) -> None:
    id, email = person(stage, "gil")
    [account] = sessions.sign_in(Reading(store()), email, PASSWORD)
    opened = sessions.open_session(Reading(store()), account, datetime(2026, 1, 1, tzinfo=UTC))
    store().transact(opened.changes)
    session = opened.answer
    old = Browser(stage.gateway, {"__Host-wbsync_session": session.text})
    assert old.open("/api/v1/me/").status == 401
    browser.sign_in(email, PASSWORD)
    assert browser.open("/api/v1/me/").status == 200
    make_inactive(stage.made["company"]["id"], id)
    assert browser.open("/api/v1/me/").status == 401
    assert browser.sign_in(email, PASSWORD).status == 401


def test_a_password_that_changes_while_somebody_signs_in_opens_nothing(stage: Stage) -> None:
    id, email = person(stage, "hal")
    [account] = sessions.sign_in(Reading(store()), email, PASSWORD)
    changes = sessions.open_session(Reading(store()), account, utc_now()).changes
    place = key(stage.made["company"]["id"], id)
    store().transact([Put(Password(pk=place, sk="password", hash=passwords.hashed("a newer password", email)))])
    with pytest.raises(ConditionFailed):
        store().transact(changes)
    assert sessions.live(tokens_of(stage, id)) == []


@pytest.mark.parametrize(
    "target", [None, "", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: b", "/\tx"]
)
def test_signing_in_never_leads_to_another_site(target: str | None) -> None:
    assert safe(target) == "/projects/"


def test_where_to_go_keeps_its_query_and_is_plain_ascii() -> None:
    assert safe("/api/v1/labour/?page=2&search=é") == "/api/v1/labour/?page=2&search=%C3%A9"


def test_a_form_of_another_kind_or_size_is_refused(browser: Browser) -> None:
    assert browser.submit("/login/", {"email": "a"}, Content_Type="application/json").status == 415
    assert browser.submit("/login/", {"email": "a" * 70_000}).status == 413
    assert browser.submit("/login/", {"email": "\0", "password": "\ud800".encode("utf-8", "replace")}).status == 401  # type: ignore[dict-item]


def test_every_page_carries_the_headers_of_every_answer(browser: Browser) -> None:
    for path in ("/login/", "/logout/", "/api/docs/", "/settings/api/", "/password/x/", "/assets/settings.js"):
        reply = browser.open(path)
        assert reply.headers["x-request-id"] and int(reply.headers["x-ratelimit-remaining"]) >= 0, path
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["strict-transport-security"]
        assert "no-store" in reply.headers["cache-control"] or path.startswith("/assets/")


def test_the_front_door_leads_on_and_sign_in_does_for_whoever_is_signed_in(stage: Stage, browser: Browser) -> None:
    assert browser.open("/").headers["location"] == "/projects/"
    assert browser.open("/login/").status == 200
    browser.sign_in("o@a.example", stage.made["owner"]["password"])
    led = browser.open("/login/?next=/settings/api/")
    assert (led.status, led.headers["location"]) == (303, "/settings/api/")
    browser.cookies["__Host-wbsync_session"] = browser.cookies["__Host-wbsync_session"][:-1]
    assert browser.open("/login/").status == 200, "a session that is none leads nowhere"
