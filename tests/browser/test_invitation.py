"""The one-time link by which a person sets their password."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Stage, Visitor

PASSWORD = "correct horse battery"


def test_the_link_sets_a_password_once_and_the_password_signs_in(visitors: Callable[[], Visitor], stage: Stage) -> None:
    email, link = stage.invite("ann")
    visitor = visitors()
    visitor.open(link)
    expect(visitor.page.get_by_label("E-mail")).to_have_value(email)
    visitor.assert_fit("password")
    visitor.fill("New password", PASSWORD)
    visitor.press("Set password")
    visitor.says("Your password is set")
    visitor.assert_fit("password-set")
    visitor.page.get_by_role("link", name="Sign in").click()
    visitor.fill("E-mail", email)
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign in")
    visitor.arrives("/projects/")
    late = visitors()
    assert late.open(link) == 404
    late.says("This link does not work")
    late.assert_fit("password-link-used")
    late.expect_refused(404)


def test_a_link_that_was_used_meanwhile_sets_nothing(visitors: Callable[[], Visitor], stage: Stage) -> None:
    email, link = stage.invite("bea")
    first, second = visitors(), visitors()
    for each in (first, second):
        each.open(link)
    for each, password in ((first, PASSWORD), (second, "another horse battery")):
        each.fill("New password", password)
        each.press("Set password")
    first.says("Your password is set")
    second.says("This link does not work")
    second.expect_refused(404)
    second.sign_in({"email": email, "password": "another horse battery"})
    second.expect_refused(401)


def test_a_weak_password_is_refused_by_the_browser_and_by_the_service(visitor: Visitor, stage: Stage) -> None:
    email, link = stage.invite("cat-with-a-long-name")
    visitor.open(link)
    field = visitor.page.get_by_label("New password")
    field.fill("short")
    visitor.press("Set password")
    assert field.evaluate("field => field.validity.tooShort")
    visitor.arrives(link)
    field.evaluate("field => { field.minLength = 0; }")  # a browser that does not look
    visitor.press("Set password")
    visitor.alert("Choose a password of at least 12 characters.")
    visitor.expect_refused(400)
    visitor.fill("New password", email.upper())
    visitor.press("Set password")
    visitor.alert("Choose a password that is not your e-mail address.")
    visitor.expect_refused(400)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Choose a password that is not your e-mail address.")
    visitor.assert_fit("password-refused")
    field.fill(PASSWORD)
    field.press("Enter")
    visitor.says("Your password is set")
