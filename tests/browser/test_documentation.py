"""Swagger UI: the documentation makes live calls with the session of whoever reads it."""

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Response, expect

from tests.browser.visitor import NAME, Stage, Visitor

DOCS = "/api/docs/"
LONGEST = 3000  # pixels of an operation, unfolded and ready to be tried


def operation(visitor: Visitor, method: str, path: str) -> Locator:
    """Unfold one operation, ready to be tried."""
    summary = visitor.page.locator(f".opblock-{method}").filter(has=visitor.page.locator(f'[data-path="{path}"]'))
    summary.locator(".opblock-summary-control").click()
    summary.get_by_role("button", name="Try it out").click()
    return summary


def execute(visitor: Visitor, block: Locator) -> Response:
    """The answer, once the page shows its status."""
    with visitor.page.expect_response("**/api/v1/**") as answered:
        block.get_by_role("button", name="Execute").click()
    answer = answered.value
    shown = block.locator(".live-responses-table .response-col_status").filter(has_text=str(answer.status))
    expect(shown.first).to_be_visible()
    return answer


@pytest.mark.parametrize("host", ["", NAME])
def test_a_live_call_shows_real_data(visitors: Callable[[str], Visitor], stage: Stage, host: str) -> None:
    visitor = visitors(host)
    visitor.sign_in(stage.people["owner"], DOCS)
    expect(visitor.page.locator('[data-path="/api/v1/projects/"]').first).to_be_visible()
    block = operation(visitor, "get", "/api/v1/projects/")
    assert execute(visitor, block).status == 200
    expect(block.locator(".live-responses-table")).to_contain_text(stage.project)
    visitor.assert_as_wide_as_the_screen("docs-call")


def test_a_live_write_carries_the_proof_that_it_is_from_here(owner: Visitor, stage: Stage) -> None:
    owner.open(DOCS)
    block = operation(owner, "post", "/api/v1/operatives/")
    block.locator("textarea.body-param__text").fill(json.dumps({"name": "Nora from the docs"}))
    answer = execute(owner, block)
    assert answer.status == 201
    assert answer.request.headers["x-csrf-token"] == owner.page.locator("body").get_attribute("data-csrf")
    expect(block.locator(".live-responses-table")).to_contain_text("Nora from the docs")
    assert "Nora from the docs" in [each["name"] for each in stage.api("GET", "/operatives/")[1]["results"]]


def test_an_operation_is_no_longer_than_a_person_reads(owner: Visitor) -> None:
    """Problems look alike everywhere: each is a line that says when it comes."""
    owner.open(DOCS)
    block = operation(owner, "post", "/api/v1/labour/")
    expect(block.locator(".responses-table").first).to_contain_text("cost_code_required")
    box = block.bounding_box()
    assert box is not None and box["height"] < LONGEST, box


def test_the_command_beside_an_answer_has_a_place_for_a_token_and_works_with_one(owner: Visitor, stage: Stage) -> None:
    """A shell has no session. The page says which of the two was sent."""
    owner.open(DOCS)
    block = operation(owner, "get", "/api/v1/projects/")
    assert execute(owner, block).status == 200
    expect(block.locator(".live-responses-table").locator("xpath=..")).to_contain_text("Sent with your session")
    command = block.locator(".curl-command .curl").inner_text()
    assert "X-CSRF-Token" not in command and "<your-token>" in command
    done = subprocess.run(["bash", "-c", command.replace("<your-token>", stage.token)], capture_output=True, check=True)
    assert stage.project in done.stdout.decode()


def test_a_plan_without_the_api_reads_and_cannot_write(visitor: Visitor, stage: Stage) -> None:
    visitor.sign_in(stage.people["field"], DOCS)
    assert execute(visitor, operation(visitor, "get", "/api/v1/projects/")).status == 200
    block = operation(visitor, "post", "/api/v1/operatives/")
    block.locator("textarea.body-param__text").fill(json.dumps({"name": "Nobody"}))
    assert execute(visitor, block).status == 403
    expect(block.locator(".live-responses-table")).to_contain_text("plan_without_api")
    visitor.expect_refused(403)
