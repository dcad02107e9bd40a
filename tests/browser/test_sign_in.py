"""Signing in and out, by hand and by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Stage, Visitor

WRONG = "E-mail and password do not match."


def test_the_documentation_asks_to_sign_in_and_opens_after_it(visitor: Visitor, stage: Stage) -> None:
    visitor.sign_in(stage.people["owner"], "/api/docs/")
    visitor.arrives("/api/docs/")
    expect(visitor.page.get_by_role("heading", name="API documentation")).to_have_count(1)
    expect(visitor.page.locator(".opblock").first).to_be_visible()
    visitor.assert_fit("docs", but="landmark-no-duplicate-main")  # Swagger UI calls a part of itself the main one


def test_a_wrong_password_is_told_without_saying_what_is_wrong(visitor: Visitor, stage: Stage) -> None:
    email = stage.people["owner"]["email"]
    visitor.open("/login/")
    visitor.assert_fit("sign-in")
    for each in (email, "nobody@browser.example"):
        visitor.sign_in({"email": each, "password": "not the secret of anybody"})
        visitor.alert(WRONG)
        visitor.expect_refused(401)
        expect(visitor.page.get_by_label("E-mail")).to_have_value(each)
        expect(visitor.page.get_by_label("Password")).to_have_value("")
        expect(visitor.page.get_by_label("Password")).to_be_focused()
        assert "not the secret" not in visitor.page.content() + visitor.page.url
        assert visitor.session() is None
    visitor.assert_fit("sign-in-refused")


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(owner: Visitor) -> None:
    """``Secure`` is off on plain HTTP alone: here, and in `make run`. tests/pages proves that it is on by default."""
    cookie = owner.session()
    assert cookie is not None
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"], cookie["path"]) == (True, "Lax", False, "/")
    assert "wbsync_session" not in owner.page.evaluate("document.cookie + JSON.stringify({...localStorage})")


def test_the_keyboard_is_enough_to_sign_in_and_out(visitor: Visitor, stage: Stage) -> None:
    visitor.open("/settings/api/")
    keyboard = visitor.page.keyboard
    expect(visitor.page.get_by_label("E-mail")).to_be_focused()
    keyboard.type(stage.people["owner"]["email"])
    keyboard.press("Tab")
    keyboard.type(stage.people["owner"]["password"])
    keyboard.press("Enter")
    visitor.arrives("/settings/api/")
    for place in ("wbsync", "Projects", "Approvals", "Clock", "People", "API & integrations", "API documentation"):
        keyboard.press("Tab")
        expect(visitor.page.get_by_role("link", name=place, exact=True)).to_be_focused()
    keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name="Sign out")).to_be_focused()
    keyboard.press("Enter")
    visitor.says("Signed out")


@pytest.mark.parametrize("path", ["/settings/api/", "/api/docs/"])
def test_signing_out_ends_the_session_for_the_back_button_and_for_a_copied_cookie(
    visitors: Callable[[], Visitor], stage: Stage, path: str
) -> None:
    visitor, thief = visitors(), visitors()
    visitor.sign_in(stage.people["owner"], path)
    visitor.arrives(path)
    cookie = visitor.session()
    assert cookie is not None
    thief.context.add_cookies([cookie])  # type: ignore[list-item]  # what was read is what is set
    assert thief.open(path) == 200
    thief.arrives(path)
    visitor.page.wait_for_load_state("networkidle")  # what the page asks for at first is not to meet the signing out
    visitor.press("Sign out")
    visitor.says("Signed out")
    assert visitor.session() is None
    visitor.assert_fit("signed-out")
    visitor.page.go_back()
    visitor.arrives(f"/login/?next={path}")
    expect(visitor.page.get_by_role("button", name="Sign in")).to_be_visible()
    thief.open(path)
    thief.arrives(f"/login/?next={path}")


def test_a_link_to_sign_out_asks_first(owner: Visitor) -> None:
    owner.open("/logout/")
    owner.assert_fit("sign-out")
    assert owner.session() is not None
    owner.press("Sign out")
    owner.says("Signed out")
    owner.page.get_by_role("link", name="Sign in").click()
    expect(owner.page.get_by_label("E-mail")).to_be_focused()


def test_the_watch_over_these_tests_sees_what_goes_wrong(visitor: Visitor) -> None:
    """A page that loads from elsewhere, runs a script inline or fails a request does not pass."""
    visitor.open("/login/")
    visitor.page.evaluate("""async () => {
      document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }));
      document.body.append(Object.assign(document.createElement('img'), { src: 'http://elsewhere.example/a.png' }));
      await fetch('/assets/nothing.js');
      setTimeout(() => { throw new Error('by intent'); });
    }""")
    visitor.page.wait_for_function("new Promise((done) => setTimeout(done, 100, true))")
    assert {"inline script", "elsewhere.example", "by intent"} <= {
        sign for sign in ("inline script", "elsewhere.example", "by intent") if sign in " ".join(visitor.noise)
    }
    visitor.noise.clear()
    visitor.expect_refused(404)
    visitor.page.evaluate("document.body.style.width = '2000px'")
    with pytest.raises(AssertionError):
        visitor.assert_as_wide_as_the_screen("too-wide")
    visitor.page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="email"):
        visitor.assert_fit("without-a-label")


def test_who_works_for_several_companies_picks_one_by_name(visitor: Visitor, stage: Stage) -> None:
    both = stage.people["both"]
    _, link = stage.invite("both")  # to a second company, where they choose the password that they have in the first
    visitor.open(link)
    visitor.fill("New password", both["password"])
    visitor.press("Set password")
    visitor.says("Your password is set")
    visitor.sign_in(both)
    expect(visitor.page.get_by_role("heading", name="Which company?")).to_be_visible()
    visitor.assert_fit("which-company")
    visitor.page.get_by_label("Company").select_option("Field Only")
    visitor.press("Sign in")
    visitor.arrives("/projects/")
    assert visitor.page.evaluate("fetch('/api/v1/me/').then((me) => me.json())")["company"]["name"] == "Field Only"


def test_whoever_is_signed_in_is_led_on_from_the_front_door_and_from_sign_in(owner: Visitor) -> None:
    owner.open("/")
    owner.arrives("/projects/")
    owner.says("Olive")
    owner.open("/login/?next=/settings/api/")
    owner.arrives("/settings/api/")


def test_whoever_is_not_signed_in_is_asked_at_the_front_door(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.arrives("/login/?next=/projects/")
    visitor.says("can send you a link")
