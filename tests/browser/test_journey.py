"""One visit from end to end: a token, a live call, a crew-day, the figure that moves, a punch, a new secret."""

from playwright.sync_api import expect

from tests.browser.test_documentation import execute, operation
from tests.browser.visitor import Stage, Visitor

DAY = "2026-07-06"


def spent(stage: Stage) -> float:
    return float(stage.api("GET", f"/projects/{stage.project}/kpis/")[1]["ac"])


def test_a_visit(visitor: Visitor, stage: Stage) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.sign_in(stage.people["owner"])
    visitor.arrives("/projects/")

    visitor.page.get_by_role("link", name="API & integrations").click()
    visitor.fill("Label", "journey")
    visitor.press("Generate token")
    visitor.press("Copy token")
    visitor.says("Copied.")
    token = visitor.page.evaluate("navigator.clipboard.readText()")
    assert stage.api("GET", "/me/", token=token)[0] == 200

    visitor.page.get_by_role("link", name="API documentation").click()
    assert execute(visitor, operation(visitor, "get", "/api/v1/projects/")).status == 200

    visitor.open("/settings/api/")
    visitor.press("Set a new ingest secret")
    visitor.says("The new secret works now")
    secret = visitor.page.locator("#secret").inner_text()
    code = stage.api("GET", f"/projects/{stage.project}/")[1]["code"]
    for hand in ("J-1", "J-2"):
        status, answer = stage.api("POST", "/operatives/", {"name": f"Hand {hand}", "external_clock_id": hand})
        assert status == 201, answer
        times = {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:00:00Z"}
        stage.punch(secret, {"clock_id": hand, "project_code": code if hand == "J-1" else "TYPO", **times})

    visitor.open("/clock/?status=unmatched_project")
    visitor.page.get_by_label("Code of the project").first.fill(code)
    visitor.press("Assign to this project")
    visitor.says("it is hours now")

    before = spent(stage)
    visitor.page.get_by_role("link", name="Approvals").click()
    visitor.page.locator(f'.cards a[href*="date={DAY}"]').click()
    activity = stage.api("GET", f"/projects/{stage.project}/cost-codes/?page_size=1")[1]["results"][0]["cost_code"]
    for waiting in (2, 1):
        visitor.says(f"{waiting} waiting")
        line = visitor.page.locator(".entries > li").filter(has=visitor.page.get_by_label("Cost code")).first
        line.get_by_label("Cost code").fill(activity)
        line.get_by_role("button", name="Approve").click()
        visitor.says("Approved: 8.00 h of Hand")
    visitor.says("Nothing waits on this day.")

    visitor.open(f"/projects/{stage.project}/")
    tile = visitor.page.locator(".figure").filter(has_text="Spent").first
    for _ in range(60):
        if f"{before + 16:,.2f}" in tile.inner_text():
            break
        visitor.page.wait_for_timeout(500)
        visitor.page.reload()
    expect(tile).to_contain_text(f"{before + 16:,.2f}")

    visitor.open("/settings/api/")
    visitor.press("Revoke journey")
    visitor.says("journey is revoked.")
    assert stage.api("GET", "/me/", token=token)[0] == 401
