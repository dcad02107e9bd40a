"""Projects, approvals, kept punches and people, as somebody in the office and on site sees them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Response, expect

from tests.browser.visitor import Stage, Visitor

MOST_BYTES = 150_000


@pytest.fixture
def chief(visitor: Visitor, stage: Stage) -> Visitor:
    """The owner of the demo company, signed in."""
    visitor.sign_in(stage.demo["owner"])
    visitor.arrives("/projects/")
    return visitor


def project(stage: Stage) -> str:
    return f"/projects/{stage.demo['project']}/"


def api(stage: Stage, method: str, path: str, body: Any = None) -> Any:
    """An answer for the demo's owner."""
    status, answer = stage.api(method, path, body, stage.demo["tokens"]["owner"])
    assert status < 400, answer
    return answer


def entries(visitor: Visitor) -> Locator:
    return visitor.page.locator(".entries > li")


def test_the_portfolio_is_the_first_page_and_leads_to_the_project(chief: Visitor) -> None:
    chief.says("Primary school")
    expect(chief.page.locator(".flag").first).to_be_visible()
    chief.assert_fit("portfolio")
    chief.page.get_by_role("link", name="Primary school").click()
    chief.says("Work breakdown")
    chief.assert_fit("project")


def test_a_figure_tells_what_it_is_made_of(chief: Visitor, stage: Stage) -> None:
    chief.open(project(stage))
    chief.page.locator(".figure summary").filter(has_text="S/E").click()
    chief.says("hours spent for each hour earned")
    chief.says("ac_hours ÷ ev_hours")
    chief.assert_fit("project-explained")


def test_a_branch_opens_in_place_and_a_heading_sorts(chief: Visitor, stage: Stage) -> None:
    chief.open(project(stage))
    chief.page.get_by_role("button", name="Open North block").click()
    chief.says("First floor")
    chief.page.get_by_role("button", name="Open First floor").click()
    chief.says("Carpentry")
    chief.assert_fit("project-open")
    chief.page.get_by_role("link", name="CPI", exact=True).click()
    expect(chief.page.locator("th[aria-sort=descending]")).to_have_text("CPI")
    chief.page.get_by_role("button", name="Close North block").click()
    expect(chief.page.get_by_text("First floor")).to_have_count(0)


def test_the_choices_above_the_figures_change_them(chief: Visitor, stage: Stage) -> None:
    chief.open(project(stage))
    chief.page.get_by_label("Plan", exact=True).select_option("current")
    chief.page.get_by_label("In", exact=True).select_option("cost")
    chief.press("Show")
    chief.says("In EUR, against the plan of now.")
    chief.assert_fit("project-money")


def test_a_node_is_read_like_a_project(chief: Visitor, stage: Stage) -> None:
    chief.open(project(stage))
    chief.page.get_by_role("link", name="South block").click()
    chief.says("Below South block")
    chief.assert_fit("node")


def test_a_project_prints_without_what_only_a_screen_needs(chief: Visitor, stage: Stage) -> None:
    chief.open(project(stage) + "?levels=4")
    chief.page.emulate_media(media="print")
    for hidden in ("body > header", ".filters"):
        expect(chief.page.locator(hidden)).to_be_hidden()
    expect(chief.page.locator("svg").first).to_be_visible()
    chief.page.emulate_media(media="screen")


def test_a_clash_is_resolved_and_the_day_approved_with_one_thumb(chief: Visitor, stage: Stage) -> None:
    chief.page.set_viewport_size({"width": 375, "height": 720})
    chief.open("/approvals/")
    chief.assert_fit("approvals")
    chief.page.set_viewport_size({"width": 375, "height": 720})
    chief.page.locator(".cards a").first.click()
    chief.says("More than one has handed in hours")
    chief.assert_fit("crew-day")
    chief.page.get_by_label(re.compile(r"h, SCHOOL Primary school, by Foreman")).check()
    chief.fill("Note: why these are right", "The foreman was there.")
    chief.press("Resolve the clash")
    chief.says("The clash is resolved.")
    chief.page.set_viewport_size({"width": 375, "height": 720})
    expect(chief.page.locator("form.bar")).to_be_in_viewport()
    chief.press("Approve all that are ticked")
    chief.says("entries approved.")
    chief.says("Not waiting")
    chief.assert_fit("crew-day-approved")


def test_a_clock_entry_gets_its_cost_code_as_one_types(chief: Visitor, stage: Stage) -> None:
    chief.open("/approvals/")
    chief.page.locator(".cards a").last.click()
    line = entries(chief).filter(has_text="Grace Lynch")
    code = line.get_by_label("Cost code")
    code.fill("12-012")
    line.get_by_role("button", name="Approve").click()
    chief.says("Approved: 8.50 h of Grace Lynch, 12-012.")


def test_a_code_that_is_none_is_refused_beside_its_field(chief: Visitor, stage: Stage) -> None:
    day = api(stage, "GET", "/labour/?source=clock&page_size=1")["results"][0]
    times = {"clock_in": f"{day['date']}T17:00", "clock_out": f"{day['date']}T19:00"}
    stage.punch(stage.demo["ingest_secret"], {"clock_id": "1007", "project_code": "SCHOOL", **times})
    chief.open(f"/approvals/?project={stage.demo['project']}&date={day['date']}")
    line = entries(chief).filter(has=chief.page.get_by_label("Cost code"))
    line.get_by_label("Cost code").fill("NOPE")
    line.get_by_role("button", name="Approve").click()
    expect(chief.page.locator(".wrong")).to_be_visible()
    chief.expect_refused(400)
    chief.assert_fit("crew-day-refused")


def test_kept_punches_are_cleared_one_by_one(chief: Visitor, stage: Stage) -> None:
    chief.open("/clock/")
    chief.assert_fit("clock")
    chief.fill("Name of the operative", "Ida Horvat")
    chief.press("Make the operative 1044")
    chief.says("Ida Horvat has the clock ID 1044 now.")
    chief.open("/clock/?status=unmatched_project")
    chief.page.get_by_label("Code of the project").first.fill("SCHOOL")
    chief.press("Assign to this project")
    chief.says("it is hours now")
    chief.open("/clock/?status=needs_review")
    line = entries(chief).filter(has_text="Hugo Silva").first
    start, end = line.get_by_label("In", exact=True), line.get_by_label("Out", exact=True)
    was = start.input_value()
    start.fill(was[:11] + "07:00:00")
    end.fill(was[:11] + "15:30:00")
    line.get_by_label("Why", exact=True).fill("The device had them reversed.")
    line.get_by_role("button", name="Set the times").click()
    chief.says("it is hours now")
    chief.open("/clock/")
    chief.says("gate-1")


def test_people_are_added_given_a_project_and_deactivated(chief: Visitor) -> None:
    chief.open("/people/")
    chief.assert_fit("people")
    chief.fill("Name", "Nils Berg")
    chief.fill("E-mail", "nils@demo.example")
    chief.press("Add and make a link")
    chief.says("Send this link to Nils Berg.")
    chief.assert_fit("people-added")
    line = entries(chief).filter(has_text="nils@demo.example")
    line.get_by_text("Change").click()
    line.get_by_label("Code of the project").fill("SCHOOL")
    line.get_by_label("Role there").select_option("supervisor")
    line.get_by_role("button", name="Give the role on the project").click()
    chief.says("supervisor on SCHOOL Primary school")
    line.get_by_text("Change").click()
    line.get_by_role("button", name="Deactivate").click()
    chief.says("Nils Berg is deactivated")
    expect(line.get_by_text("inactive")).to_be_visible()


@pytest.mark.parametrize("path", ["/projects/", "/approvals/", "/clock/", "/people/"])
def test_a_plan_without_the_api_reads_the_pages(visitor: Visitor, stage: Stage, path: str) -> None:
    visitor.sign_in(stage.people["field"], path)
    visitor.arrives(path)
    visitor.assert_fit("field" + path.replace("/", "-").rstrip("-"))


@pytest.mark.parametrize("path", ["/projects/", "/approvals/", "/clock/"])
def test_an_operative_is_told_whom_to_ask(visitor: Visitor, stage: Stage, path: str) -> None:
    visitor.sign_in(stage.people["operative"], path)
    visitor.says("An owner, an admin or a project manager" if path != "/projects/" else "Ask an owner, an admin")
    visitor.assert_fit("operative" + path.replace("/", "-").rstrip("-"))


def test_what_is_not_there_has_a_way_on(chief: Visitor) -> None:
    assert chief.open("/projects/nothing/") == 404
    chief.expect_refused(404)
    chief.assert_fit("not-found")
    chief.page.get_by_role("link", name="To the first page").click()
    chief.arrives("/projects/")


def test_a_page_weighs_little_and_loads_its_style_and_one_script_at_most(chief: Visitor, stage: Stage) -> None:
    for path in ("/projects/", project(stage) + "?levels=4", "/approvals/", "/clock/", "/people/"):
        answers: list[Response] = []

        def keep(answer: Response, answers: list[Response] = answers) -> None:
            answers.append(answer)

        chief.page.on("response", keep)
        chief.open(path)
        chief.page.wait_for_load_state("networkidle")
        chief.page.remove_listener("response", keep)
        sizes = {answer.url: len(answer.body()) for answer in answers}
        assert sum(sizes.values()) < MOST_BYTES and len(sizes) <= 3, sizes


def test_cost_codes_are_offered_as_one_types_where_there_are_many(chief: Visitor, stage: Stage) -> None:
    """With fewer codes than the page brings along it asks for none; ``find`` leaves some out."""
    day = api(stage, "GET", "/labour/?source=clock&page_size=1")["results"][0]["date"]
    times = {"clock_in": f"{day}T20:00", "clock_out": f"{day}T21:00"}
    stage.punch(stage.demo["ingest_secret"], {"clock_id": "1008", "project_code": "SCHOOL", **times})
    chief.open(f"/approvals/?project={stage.demo['project']}&date={day}&find=nothing")
    expect(chief.page.locator("#codes option")).to_have_count(0)
    entries(chief).filter(has=chief.page.get_by_label("Cost code")).first.get_by_label("Cost code").fill("Containment")
    expect(chief.page.locator("#codes option").first).to_have_attribute("value", re.compile(r"\d\d-\d\d\d"))
