"""Settings, API & integrations: tokens and the ingest secret, in the hands of those who may."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Stage, Visitor

PAGE = "/settings/api/"


def row(visitor: Visitor, label: str):  # type: ignore[no-untyped-def]
    return visitor.page.get_by_role("row").filter(has_text=label)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_token_is_shown_once_works_and_is_revoked(visitor: Visitor, stage: Stage, role: str) -> None:
    label = f"ERP of the {role}"
    visitor.sign_in(stage.people[role], PAGE)
    visitor.fill("Label", label)
    visitor.page.get_by_label("Last day").fill("2099-12-31")
    visitor.press("Generate token")
    visitor.says("The token is made")
    token = visitor.page.locator("#token").inner_text()
    expect(visitor.page.get_by_role("button", name="Copy token")).to_be_focused()
    visitor.assert_fit("settings-token")
    assert stage.api("GET", "/me/", token=token)[1]["user"]["email"] == stage.people[role]["email"]
    expect(row(visitor, label)).to_contain_text("2099-12-31")
    assert token not in row(visitor, label).inner_text()
    visitor.page.reload()
    expect(row(visitor, label)).to_be_visible()
    expect(visitor.page.locator("#token")).to_be_hidden()
    assert token not in visitor.page.content()
    visitor.press(f"Revoke {label}")
    visitor.says(f"{label} is revoked.")
    assert visitor.dialogs == [f"Revoke {label}? It stops working at once."]
    expect(row(visitor, label)).to_be_hidden()
    visitor.page.get_by_text("Revoked and expired tokens").click()
    expect(row(visitor, label)).to_contain_text("revoked")
    expect(row(visitor, label).get_by_role("button")).to_have_count(0)
    assert stage.api("GET", "/me/", token=token)[0] == 401


def test_whoever_leaves_the_page_and_comes_back_does_not_find_the_token(owner: Visitor) -> None:
    owner.open(PAGE)
    owner.fill("Label", "left behind")
    owner.press("Generate token")
    owner.says("The token is made")
    token = owner.page.locator("#token").inner_text()
    owner.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(owner.page.locator("#token")).to_be_hidden()
    assert token not in owner.page.content()
    owner.page.get_by_role("link", name="API documentation").click()
    owner.arrives("/api/docs/")
    owner.page.go_back()
    expect(row(owner, "left behind")).to_be_visible()
    expect(owner.page.locator("#token")).to_be_hidden()
    assert token not in owner.page.content()


def test_a_token_is_copied_by_a_button(owner: Visitor) -> None:
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner.open(PAGE)
    owner.fill("Label", "copied")
    owner.press("Generate token")
    owner.press("Copy token")
    owner.says("Copied.")
    token = owner.page.locator("#token").inner_text()
    assert token == owner.page.evaluate("navigator.clipboard.readText()")


def test_a_field_that_the_service_refuses_is_named(owner: Visitor) -> None:
    owner.open(PAGE)
    owner.fill("Label", "too late")
    owner.page.get_by_label("Last day").fill("2020-01-01")
    owner.press("Generate token")
    expect(owner.page.get_by_role("alert")).to_have_text("Last day, in UTC (optional): Must be in the future.")
    expect(owner.page.get_by_label("Last day")).to_be_focused()
    owner.expect_refused(400)
    owner.assert_fit("settings-refused")


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_the_ingest_secret_is_rotated_and_shown_once(visitor: Visitor, stage: Stage, role: str) -> None:
    visitor.sign_in(stage.people[role], PAGE)
    visitor.page.get_by_label("The present secret goes on working for").select_option("1 hour")
    visitor.press("Set a new ingest secret")
    visitor.says("The new secret works now")
    secret = visitor.page.locator("#secret").inner_text()
    assert secret.startswith("wbsi_")
    assert visitor.dialogs == ["Set a new ingest secret? The present one goes on working for 1 hour."]
    curl = visitor.page.locator("#curl").inner_text()
    assert secret in curl and f"{stage.base_url}/api/v1/clock-events/ingest/" in curl
    visitor.assert_fit("settings-secret")
    visitor.page.reload()
    expect(visitor.page.locator("#secret")).to_be_hidden()
    assert secret not in visitor.page.content()


def test_a_secret_without_overlap_warns_that_all_clocks_stop(owner: Visitor) -> None:
    owner.open(PAGE)
    owner.says("The present one was set on")
    owner.page.get_by_label("The present secret goes on working for").select_option("0")
    owner.press("Set a new ingest secret")
    owner.says("The new secret works now")
    assert owner.dialogs == ["Set a new ingest secret? All clocks stop now, until each has the new one."]


def test_the_text_of_a_token_goes_when_it_is_revoked(owner: Visitor) -> None:
    owner.open(PAGE)
    owner.fill("Label", "short lived")
    owner.press("Generate token")
    owner.says("The token is made")
    owner.press("Revoke short lived")
    owner.says("short lived is revoked.")
    expect(owner.page.locator("#token")).to_be_hidden()


def test_the_keyboard_is_enough_to_generate_and_revoke_a_token(owner: Visitor) -> None:
    owner.open(PAGE)
    keyboard = owner.page.keyboard
    expect(owner.page.get_by_role("button", name="Generate token")).to_be_enabled()
    owner.page.get_by_label("Label").focus()
    keyboard.type("by keyboard")
    keyboard.press("Enter")
    expect(owner.page.get_by_role("button", name="Copy token")).to_be_focused()
    revoke = owner.page.get_by_role("button", name="Revoke by keyboard")
    for _ in range(40):
        if revoke.evaluate("button => button === document.activeElement"):
            break
        keyboard.press("Tab")
    expect(revoke).to_be_focused()
    keyboard.press("Enter")
    owner.says("by keyboard is revoked.")


def test_a_session_that_ended_meanwhile_leads_to_sign_in_and_back(owner: Visitor) -> None:
    owner.open(PAGE)
    expect(row(owner, "bootstrap")).to_be_visible()
    other = owner.context.new_page()
    other.goto("/logout/")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Signed out")).to_be_visible()
    owner.fill("Label", "too late")
    owner.press("Generate token")
    owner.arrives(f"/login/?next={PAGE}")
    owner.expect_refused(401)


def test_a_page_of_an_earlier_session_shows_the_present_one_before_it_changes_anything(
    owner: Visitor, stage: Stage
) -> None:
    owner.open(PAGE)
    expect(row(owner, "bootstrap")).to_be_visible()
    sign_in_elsewhere(owner, stage.people["project_manager"])
    owner.fill("Label", "by whom?")
    owner.press("Generate token")
    owner.alert("Only owners and admins manage tokens and secrets.")
    owner.says("Ask one of them for a token of your own")
    owner.expect_refused(403, 403)
    sign_in_elsewhere(owner, stage.people["admin"])
    owner.press("Sign out")
    owner.alert("Somebody has signed in anew since that page was opened. Sign out here.")
    owner.assert_fit("sign-out-anew")
    owner.press("Sign out")
    owner.says("Signed out")
    owner.expect_refused(403)


def sign_in_elsewhere(visitor: Visitor, who: dict[str, str]) -> None:
    """Sign in on another page of the same browser, so that its session takes the place of the present one."""
    here, visitor.page = visitor.page, visitor.context.new_page()
    visitor.open("/logout/")
    visitor.press("Sign out")
    visitor.says("Signed out")
    visitor.sign_in(who)
    visitor.arrives("/projects/")
    visitor.page.close()
    visitor.page = here


@pytest.mark.parametrize("role", ["project_manager", "operative"])
def test_who_may_not_is_told_so_and_sees_no_button(visitor: Visitor, stage: Stage, role: str) -> None:
    visitor.sign_in(stage.people[role], PAGE)
    visitor.alert("Only owners and admins manage tokens and secrets.")
    visitor.expect_refused(403)
    expect(visitor.page.get_by_role("button")).to_have_text(["Sign out"])
    expect(visitor.page.locator("input:not([type=hidden])")).to_have_count(0)
    visitor.assert_fit("settings-forbidden")


def test_a_plan_without_the_api_says_so_and_can_still_read_and_sign_out(visitor: Visitor, stage: Stage) -> None:
    visitor.sign_in(stage.people["field"], PAGE)
    visitor.says("The plan field has no API.")
    expect(visitor.page.get_by_role("button")).to_have_text(["Sign out"])
    visitor.assert_fit("settings-field")
    read, refused = visitor.page.evaluate("""async () => {
      const me = await fetch('/api/v1/me/');
      const { csrf_token } = await me.json();
      const write = await fetch('/api/v1/tokens/', {
        method: 'POST', body: '{"label": "x"}',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token },
      });
      return [me.status, (await write.json()).code];
    }""")
    assert (read, refused) == (200, "plan_without_api")
    visitor.expect_refused(403)
    visitor.press("Sign out")
    visitor.says("Signed out")
