"""The portfolio and the page of a project: what a person reads is what the API answers."""

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape

import pytest

from chalicelib.handlers.streams import settle
from chalicelib.http.shown import amount, ratio
from infra import company
from tests.pages.browser import Browser
from tests.pages.conftest import PASSWORD, person
from tests.rollups.site import DAYS, PLANNED, Site
from tests.stage import Stage

AS_OF = "2026-07-02"
PLAN = PLANNED | {"budget": Decimal(80), "length": 9, "dated": True}
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """Four activities, of which the first two have hours; a frozen baseline."""
    site = Site(stage)
    for number in range(4):
        site.do("plan", PLAN | {"activity": number})
    for number, hours in enumerate((8, 12)):
        work = {"day": DAYS[1], "hours": Decimal(hours), "rate": Decimal(30), "quantity": Decimal(4)}
        site.do("book", work | {"activity": number})
    site.do("freeze", None)
    assert not settle(site.store, site.records)
    yield site


def rows(page: str) -> list[list[str]]:
    """The texts of each row of the page's tables."""
    found = []
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        found.append([" ".join(unescape(re.sub("<[^>]+>", " ", cell)).split()) for cell in cells])
    return found


def test_the_portfolio_shows_what_the_api_answers(stage: Stage, owner: Browser, site: Site) -> None:
    page = owner.open(f"/projects/?as_of={AS_OF}")
    assert page.status == 200 and len(page.raw) < MOST_BYTES
    for each in stage.owner.ok("GET", f"/reports/portfolio/?as_of={AS_OF}&page_size=10")["results"]:
        [row] = [row for row in rows(page.text) if row and row[0] == f"{each['name']} {each['code']}"]
        wanted = [amount(each[name] and Decimal(each[name])) for name in ("bac", "ev", "ac", "se", "spi", "cpi", "eac")]
        assert row[3:] == wanted
        due = stage.owner.ok("GET", f"/projects/{each['project']}/look-ahead/?as_of={AS_OF}")["results"]
        flags = {one["flag"] for one in due}
        assert row[1] == next((flag for flag in ("red", "amber", "green") if flag in flags), "nothing due")


def test_the_portfolio_is_walked_page_by_page(stage: Stage, owner: Browser) -> None:
    for number in range(11):
        stage.owner.ok("POST", "/projects/", {"code": f"WALK-{number:02}", "name": f"Walked {number:02}"})
    seen, link = list[str](), "/projects/"
    while link:
        page = owner.open(link).text
        seen += re.findall(r"Walked \d\d", page)
        found = re.search(r'<a href="([^"]+)" rel="next"', page)
        link = f"/projects/{unescape(found[1])}" if found else ""
    assert seen == [f"Walked {number:02}" for number in range(11)]


def test_a_project_shows_its_figures_each_with_its_formula(stage: Stage, owner: Browser, site: Site) -> None:
    page = owner.open(f"/projects/{site.project}/?as_of={AS_OF}")
    assert page.status == 200 and len(page.raw) < MOST_BYTES
    told = stage.owner.ok("GET", f"/projects/{site.project}/kpis/?as_of={AS_OF}&explain=true")
    text = unescape(page.text)
    assert f"<span>S/E</span> <strong>{ratio(Decimal(told['se']))}</strong>" in text
    for each in told["explanation"]:
        assert each["words"] in text and f"<code>{each['formula']}</code>" in text
    assert "<svg" in page.text and "<title" in page.text, "the S-curve stands in the page, with its title"
    assert "baseline 1" in text and "Due in the next two weeks" in text


def test_a_branch_opens_and_closes_and_a_level_shows_whole(stage: Stage, owner: Browser, site: Site) -> None:
    path = f"/projects/{site.project}/"
    closed = owner.open(path).text
    [opens, *_] = re.findall(r'class="toggle" href="([^"#]+)[^"]*" aria-expanded="false"', closed)
    opened = owner.open(path + unescape(opens)).text
    assert len(rows(opened)) > len(rows(closed))
    [closes] = re.findall(r'class="toggle" href="([^"#]+)[^"]*" aria-expanded="true"', opened)
    assert len(rows(owner.open(path + unescape(closes)).text)) == len(rows(closed))
    whole = owner.open(path + f"?levels=4&as_of={AS_OF}").text
    nodes = stage.owner.ok("GET", f"/projects/{site.project}/wbs/?page_size=200")["results"]
    shown = [row[0] for row in rows(whole[whole.index("tree-heading") : whole.index("due-heading")])[1:]]
    assert [text.removeprefix("▾ ") for text in shown] == [f"{node['name']} {node['code']}" for node in nodes]


def test_siblings_are_sorted_by_a_figure(owner: Browser, site: Site) -> None:
    """The highest first, then the lowest, then the tree's own order; whatever has no figure comes last."""
    spent = []
    for sort in ("-ac", "ac", ""):
        page = owner.open(f"/projects/{site.project}/?as_of={AS_OF}&sort={sort}").text
        tree = page[page.index("tree-heading") : page.index("due-heading")]
        spent.append([Decimal(row[3]) for row in rows(tree)[1:]])
    assert spent[0] == sorted(spent[0], reverse=True) and spent[1] == sorted(spent[1])
    assert sorted(spent[0]) == sorted(spent[2]) and len(set(spent[0])) > 1
    turned = owner.open(f"/projects/{site.project}/?sort=-ac").text
    assert 'aria-sort="descending"><a href="?sort=ac#' in turned


def test_a_node_has_a_page_of_its_own(stage: Stage, owner: Browser, site: Site) -> None:
    node = stage.owner.ok("GET", f"/wbs/{site.activities[1]}/")
    page = owner.open(f"/projects/{site.project}/?node={node['id']}&as_of={AS_OF}")
    told = stage.owner.ok("GET", f"/wbs/{node['id']}/kpis/?as_of={AS_OF}")
    assert page.status == 200 and f"<h1>{node['name']}</h1>" in page.text
    assert f"<span>Spent</span> <strong>{amount(Decimal(told['ac']))}</strong>" in page.text
    assert "Work breakdown" not in page.text, "an activity has nothing below it"


@pytest.mark.parametrize("query", ["as_of=tomorrow", "baseline=99", "measure=apples", "forecast=luck"])
def test_a_choice_that_is_refused_is_said_beside_its_field(owner: Browser, site: Site, query: str) -> None:
    name = query.partition("=")[0]
    for path in (f"/projects/{site.project}/", *(() if name == "baseline" else ("/projects/",))):
        page = owner.open(f"{path}?{query}")
        assert page.status == 200 and f'aria-describedby="{name}-wrong"' in page.text, page.text


def test_money_is_offered_to_those_who_may_see_rates(stage: Stage, owner: Browser, site: Site) -> None:
    _, email = person(stage, "fay-pages", "foreman")
    foreman = Browser(stage.gateway)
    foreman.sign_in(email, PASSWORD)
    path = f"/projects/{site.project}/"
    assert 'name="measure"' in owner.open(path).text and "EUR" in owner.open(f"{path}?measure=cost").text
    assert 'name="measure"' not in foreman.open(path).text and "Without a rate" not in foreman.open(path).text
    refused = foreman.open(f"{path}?measure=cost")
    assert refused.status == 403 and "view_rates" in refused.text and "To the first page" in refused.text


def test_what_is_not_there_or_another_companys_is_a_page_that_says_so(stage: Stage, owner: Browser, site: Site) -> None:
    other = company.create("Other pages", "pro", "UTC", "o@other-pages.example")
    stranger = Browser(stage.gateway)
    stranger.sign_in("o@other-pages.example", other["owner"]["password"])
    node = site.activities[0]
    mine = stage.owner.ok("POST", "/projects/", {"code": "ALSO-MINE", "name": "Also mine"})["id"]
    for browser, path in (
        (stranger, f"/projects/{site.project}/"),
        (owner, "/projects/nothing/"),
        (owner, "/projects/NO%20ID/"),
        (owner, f"/projects/{site.project}/?node=nothing"),
        (owner, f"/projects/{mine}/?node={node}"),
        (stranger, f"/projects/{mine}/?node={node}"),
    ):
        page = browser.open(path)
        assert page.status == 404 and page.headers["content-type"].startswith("text/html"), (path, page)
        assert "To the first page" in page.text
    open_elsewhere = stranger.open(f"/projects/?open={node}")
    assert open_elsewhere.status == 400 and "open" in open_elsewhere.text


def test_somebody_without_projects_is_told_whom_to_ask(stage: Stage, browser: Browser) -> None:
    _, email = person(stage, "oz-pages", "operative")
    browser.sign_in(email, PASSWORD)
    page = browser.open("/projects/")
    assert page.status == 200 and "Ask an owner" in page.text


@pytest.mark.parametrize("path", ["/projects/", "/projects/{project}/?levels=2"])
def test_who_is_not_signed_in_goes_to_sign_in_and_back(stage: Stage, site: Site, path: str) -> None:
    browser, path = Browser(stage.gateway), path.format(project=site.project)
    away = browser.open(path)
    back = browser.sign_in("o@a.example", stage.made["owner"]["password"], away.headers["location"])
    assert (away.status, back.status, back.headers["location"]) == (303, 303, path)


def test_a_token_opens_no_page(stage: Stage) -> None:
    assert stage.owner.send("GET", "/projects/").status == 303


def test_the_field_and_team_plans_read_the_pages(stage: Stage, browser: Browser) -> None:
    made = company.create("Team pages", "team", "UTC", "o@team-pages.example")
    browser.sign_in("o@team-pages.example", made["owner"]["password"])
    page = browser.open("/projects/")
    assert page.status == 200 and "There is no project here" in page.text
