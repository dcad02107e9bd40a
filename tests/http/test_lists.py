"""Lists: walks are whole, pages are right, filters tell nothing, and an incremental copy never loses a row."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.http.openapi import document
from chalicelib.http.pagination import SYNC_LAG
from chalicelib.ids import new_id
from chalicelib.labour import entries
from chalicelib.labour.rows import Entry
from chalicelib.labour.surroundings import Around
from chalicelib.operatives.rows import Operative
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.times import stamp
from chalicelib.tree.carrying import line
from chalicelib.tree.ground import new_place
from chalicelib.tree.order import step
from chalicelib.tree.rows import ALL_LEVELS, Node, Outline, lines_of
from chalicelib.tree.standing import Standing
from infra import company
from tests.examples import slow
from tests.stage import Client, Stage

DAYS = [f"2026-03-{day:02d}" for day in range(1, 8)]
NUMBERS = count(1)


def labour(company: str, project: str, date: str, **changed: Any) -> Entry:
    """An entry's row as a write would put it, with the keys of all its lists."""
    near = Around(Project(id=project), Operative(id=changed.pop("operative", "hand")))
    at = changed.pop("at", datetime.now(UTC))
    values = {"date": date, "hours": Decimal("1.25"), "status": "draft"} | changed
    return entries.new_entry(company, near, values, new_id(), at)


class Site:
    """Entries of one project, written straight into the table."""

    def __init__(self, stage: Stage) -> None:
        self.company = stage.made["company"]["id"]
        self.project = new_id()
        self.rows: dict[str, Entry] = {}
        self.moved: set[str] = set()
        self.nodes = {name: f"{self.project}{name:x<12}" for name in ("top", "left", "right")}

    def plant(self) -> None:
        """Two activities below one node."""
        pk, at = key(self.company, self.project), stamp(datetime.now(UTC))
        top = step(1, self.nodes["top"])
        changes: list[Change] = [Put(Outline(pk=pk, sk="outline", edition=0))]
        changes.append(Put(new_place(self.company, self.project, self.nodes["top"], Standing(top))))
        for rank, name in enumerate(("left", "right")):
            id = self.nodes[name]
            fields: dict[str, Any] = {"id": id, "project": self.project, "level": 4, "name": name, "version": 1}
            changes.append(Put(Node(pk=pk, sk=f"node#{id}", created_at=at, updated_at=at, **fields)))
            order = top + step(1, f"{'on':_<12}") + step(1, f"{'on':_<12}") + step(rank, id)
            changes.append(Put(new_place(self.company, self.project, id, Standing(order))))
            changes += [Put(line(pk, sk, 4, name)) for pk, sk in lines_of(self.company, self.project, order)]
        store().transact(changes)

    def add(self, date: str, status: str = "draft", source: str = "manual", node: str | None = None) -> Entry:
        row = labour(self.company, self.project, date, status=status, source=source)
        row.wbs = self.nodes[node] if node else None
        self.rows[row.id] = row
        store().transact([Put(row)])
        return row

    def act(self, kind: str, place: int, date: str) -> None:
        """One write of somebody else's."""
        if kind == "add" or not self.rows:
            self.add(date)
            return
        row = sorted(self.rows.values(), key=lambda row: (row.date, row.id))[place % len(self.rows)]
        if kind == "remove":
            del self.rows[row.id]
            store().transact([Delete(Entry, (row.pk, row.sk))])
            return
        if kind == "move":
            self.moved.add(row.id)
            row.date = date
        elif kind == "submit":
            row.status = "submitted"
        row.note = f"{kind} {place}"
        store().transact([Put(row)])

    def matching(self, filters: dict[str, str]) -> set[str]:
        return {row.id for row in self.rows.values() if all(matches(row, *each) for each in filters.items())}

    def query(self, filters: dict[str, str], size: int) -> str:
        named = {name: self.nodes[value] if name == "wbs" else value for name, value in filters.items()}
        return "/api/v1/labour/?" + urlencode({"project": self.project, "page_size": size, **named})


def matches(row: Entry, name: str, value: str) -> bool:
    if name.startswith("date_"):
        return row.date >= value if name == "date_from" else row.date <= value
    if name == "wbs":
        return row.wbs is not None and (value == "top" or row.wbs.endswith(f"{value:x<12}"))
    return str(getattr(row, name)) == value


def pages(client: Client, link: str | None) -> Iterator[Any]:
    """The answers of a walk that only follows ``next``."""
    while link:
        reply = client.send("GET", link)
        assert reply.status == 200, reply
        yield reply.body
        link = reply.body["next"]


def ids(body: Any) -> list[str]:
    return [row["id"] for row in body["results"]]


def refused(client: Client, link: str) -> tuple[int, str]:
    reply = client.send("GET", link)
    return reply.status, reply.body["code"]


ACTIONS = st.tuples(
    st.sampled_from(["add", "remove", "move", "submit", "touch"]), st.integers(0, 20), st.sampled_from(DAYS)
)
FILTERS = st.sampled_from(
    [
        {},
        {"status": "draft"},
        {"source": "manual"},
        {"date_from": DAYS[2], "date_to": DAYS[4]},
        {"date_to": DAYS[3]},
        {"status": "draft", "source": "manual", "operative": "hand"},
        {"wbs": "top"},
        {"wbs": "left", "status": "draft"},
        {"wbs": "top", "date_from": DAYS[1]},
    ]
)


@slow(15)
@given(
    st.lists(st.sampled_from(DAYS), max_size=9),
    st.lists(st.lists(ACTIONS, max_size=3), max_size=8),
    st.sampled_from([1, 2, 3, 200]),
    FILTERS,
)
def test_a_walk_gives_every_row_that_stayed_exactly_once_whatever_others_write(
    stage: Stage, dates: list[str], writes: list[list[Any]], size: int, filters: dict[str, str]
) -> None:
    site = Site(stage)
    if "wbs" in filters:
        site.plant()
    for place, date in enumerate(dates):
        site.add(date, source="clock" if place % 3 == 2 else "manual", node=(None, "left", "right")[place % 3])
    stayed, began, seen, turns = site.matching(filters), len(site.matching(filters)), list[str](), iter(writes)
    for body in pages(stage.owner, site.query(filters, size)):
        assert body["count"] == began and len(body["results"]) <= size
        seen += ids(body)
        for action in next(turns, []):
            site.act(*action)
        stayed &= site.matching(filters)
    kept_key = [id for id in seen if id not in site.moved]
    assert len(kept_key) == len(set(kept_key))
    assert stayed - site.moved <= set(seen)


@pytest.mark.parametrize("filters", [{}, {"source": "manual"}, {"status": "draft"}], ids=str)
def test_a_page_by_its_number_is_that_page_of_the_walk_and_the_links_lead_both_ways(
    stage: Stage, filters: dict[str, str]
) -> None:
    site = Site(stage)
    for place in range(7):
        site.add(DAYS[place], source="clock" if place == 3 else "manual")
    start = "/api/v1/labour/?" + urlencode({"project": site.project, "page_size": 2, **filters})
    walk = list(pages(stage.owner, start))
    assert [len(body["results"]) for body in walk] == ([2, 2, 2, 1] if "source" not in filters else [2, 2, 2])
    assert walk[0]["previous"] is None and walk[-1]["next"] is None
    for number, body in enumerate(walk, 1):
        alone = stage.owner.send("GET", f"{start}&page={number}").body
        assert (ids(alone), alone["count"]) == (ids(body), body["count"])
        assert (alone["next"] is None, alone["previous"] is None) == (body["next"] is None, body["previous"] is None)
        for link in (body["next"], body["previous"]):
            assert (
                link is None
                or {"page", "cursor", "project", "page_size", *filters} == parse_qs(urlsplit(link).query).keys()
            )
    back, link = [walk[-1]], walk[-1]["previous"]
    while link:
        back.append(stage.owner.send("GET", link).body)
        link = back[-1]["previous"]
    assert [ids(body) for body in back[::-1]] == [ids(body) for body in walk]
    again = stage.owner.send("GET", back[-1]["next"]).body
    assert ids(again) == ids(walk[1])


def test_a_page_that_does_not_exist_is_invalid_page(stage: Stage) -> None:
    site = Site(stage)
    for day in DAYS[:4]:
        site.add(day)
    start = f"/api/v1/labour/?project={site.project}&page_size=2"
    following = stage.owner.send("GET", start).body["next"]
    [cursor] = parse_qs(urlsplit(following).query)["cursor"]
    wrong = [f"&page={page}" for page in ("0", "-1", "3", "x", "1.5", "", "1e3", "%C2%B2", "9" * 40)]
    wrong += [f"&cursor={cursor[:-1]}", f"&cursor=x{cursor}", "&cursor=", "&cursor=%C3%A9", f"&page=1&cursor={cursor}"]
    for page in wrong:
        assert refused(stage.owner, start + page) == (404, "invalid_page"), page
    assert stage.owner.send("GET", f"{start}&cursor={cursor}").body["results"]
    for size in ("0", "201", "x", "-1"):
        assert refused(stage.owner, f"/api/v1/labour/?page_size={size}") == (400, "validation_error")
    assert stage.owner.ok("GET", f"/labour/?project={new_id()}") == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }


def test_a_cursor_is_good_for_its_own_list_only(stage: Stage) -> None:
    site = Site(stage)
    for day in DAYS[:3]:
        site.add(day)
    start = f"/api/v1/labour/?project={site.project}&page_size=1"
    following = stage.owner.send("GET", start).body["next"]
    [cursor] = parse_qs(urlsplit(following).query)["cursor"]
    other = company.create("Other", "pro", "UTC", f"o{next(NUMBERS)}@b.example")
    stranger, engineer = Client(stage.gateway).token(other["token"]), stage.person("engineer", f"e{next(NUMBERS)}")
    for client in (stranger, engineer):
        assert refused(client, following) == (404, "invalid_page")
    for link in (
        f"/api/v1/labour/?project={site.project}&page_size=2&cursor={cursor}",
        f"/api/v1/labour/?page_size=1&cursor={cursor}",
        f"/api/v1/operatives/?cursor={cursor}",
    ):
        assert refused(stage.owner, link) == (404, "invalid_page")


def test_a_cursor_of_which_any_letter_was_changed_is_refused(stage: Stage) -> None:
    site = Site(stage)
    for day in DAYS[:2]:
        site.add(day)
    start = f"/api/v1/labour/?project={site.project}&page_size=1"
    [cursor] = parse_qs(urlsplit(stage.owner.send("GET", start).body["next"]).query)["cursor"]
    assert stage.owner.send("GET", f"{start}&page=2&cursor={cursor}").status == 200
    for place in range(0, len(cursor), 7):
        other = "A" if cursor[place] != "A" else "B"
        forged = cursor[:place] + other + cursor[place + 1 :]
        assert refused(stage.owner, f"{start}&page=2&cursor={forged}") == (404, "invalid_page")
    for forged in (cursor[:-1], cursor + "A", "A", cursor[::-1]):
        assert refused(stage.owner, f"{start}&page=2&cursor={forged}") == (404, "invalid_page")


def test_a_page_whose_rows_are_gone_is_empty_and_leads_back(stage: Stage) -> None:
    site = Site(stage)
    for day in DAYS[:5]:
        site.add(day)
    start = f"/api/v1/labour/?project={site.project}&page_size=2"
    first, second, third = pages(stage.owner, start)
    for _ in third["results"]:
        site.act("remove", 0, "")
    gone = stage.owner.send("GET", second["next"]).body
    assert (gone["results"], gone["next"], gone["count"]) == ([], None, 5)
    back = stage.owner.send("GET", gone["previous"]).body
    assert ids(back) == ids(second)
    assert ids(stage.owner.send("GET", back["previous"]).body) == ids(first)
    for _ in range(4):
        site.act("remove", 0, "")
    empty = stage.owner.send("GET", third["previous"]).body
    assert (empty["results"], empty["previous"]) == ([], None)


def test_search_finds_the_beginnings_of_words_in_name_and_code(stage: Stage) -> None:
    project = stage.owner.ok("POST", "/projects/", {"code": "P-17 Straße", "name": "North  Quay"})
    hand = stage.owner.ok("POST", "/operatives/", {"name": "Zo\u0065\u0301 Quill", "external_clock_id": "77-A"})
    node = stage.owner.ok("POST", f"/projects/{project['id']}/wbs/", {"name": "Level Quartz"})
    places = {
        "/projects/": (
            project,
            ["north", "QUA", "qu nor", "p-1", "STRASSE", " north   quay "],
            ["orth", "north south"],
        ),
        "/operatives/": (hand, ["zo\u00e9", "77", "quill ZO\u00c9", "q"], ["zoe", "ill", "-a"]),
        f"/projects/{project['id']}/wbs/": (node, ["lev", "quartz level"], ["artz"]),
    }
    for path, (row, found, missed) in places.items():
        for text in found:
            assert row["id"] in ids(stage.owner.ok("GET", f"{path}?{urlencode({'search': text})}")), (path, text)
        for text in missed:
            assert ids(stage.owner.ok("GET", f"{path}?{urlencode({'search': text})}")) == [], (path, text)
    stage.owner.ok("PATCH", f"/projects/{project['id']}/", {"name": "Renamed"})
    assert ids(stage.owner.ok("GET", "/projects/?search=nor")) == []
    assert ids(stage.owner.ok("GET", "/projects/?search=ren&status=active")) == [project["id"]]
    assert ids(stage.owner.ok("GET", "/projects/?search=ren&status=on_hold")) == []


def test_projects_are_found_by_code_in_comparison_form(stage: Stage) -> None:
    made = {code: stage.owner.ok("POST", "/projects/", {"code": code, "name": "x"})["id"] for code in ("Ab", "ab#c")}
    for code, id in made.items():
        for written in (code, code.upper(), f" {code} "):
            found = stage.owner.ok("GET", f"/projects/?{urlencode({'code': written})}")
            assert (ids(found), found["count"]) == ([id], 1)
    assert ids(stage.owner.ok("GET", "/projects/?code=a")) == []
    assert ids(stage.owner.ok("GET", "/projects/?code=ab&status=active")) == [made["Ab"]]
    assert ids(stage.owner.ok("GET", "/projects/?code=ab&updated_since=2020-01-01T00:00:00Z")) == [made["Ab"]]


@pytest.fixture(scope="module")
def plan(stage: Stage) -> dict[str, Any]:
    """Two projects with the same cost code; two activities below one location, one below another."""
    nodes: dict[str, str] = {}
    projects = [
        stage.owner.ok("POST", "/projects/", {"code": f"PLAN-{number}", "name": "Plan"})["id"] for number in (1, 2)
    ]

    def node(name: str, project: str, parent: str | None, **more: Any) -> str:
        body = {"name": name, "parent": nodes.get(parent or ""), **more}
        nodes[name] = stage.owner.ok("POST", f"/projects/{project}/wbs/", body)["id"]
        return nodes[name]

    for number, project in enumerate(projects, 1):
        for side in ("N", "S"):
            node(f"{side}{number}", project, None)
            node(f"{side}{number}-floor", project, f"{side}{number}")
            node(f"{side}{number}-trade", project, f"{side}{number}-floor")
            node(f"{side}{number}-work", project, f"{side}{number}-trade", cost_code=f"C {side}", budget_hours=8)
    node("N1-more", projects[0], "N1-trade", cost_code="C-more")
    hands = [stage.owner.ok("POST", "/operatives/", {"name": f"Hand {n}"})["id"] for n in range(3)]
    logged: dict[str, str] = {}
    for place, (name, project, code, quantity) in enumerate(
        [
            ("N1-work", projects[0], "C N", "0.1"),
            ("N1-more", projects[0], "C-more", "0.2"),
            ("S1-work", projects[0], "C S", None),
            ("N2-work", projects[1], "C N", "-3.0001"),
            ("none", projects[0], None, None),
        ]
    ):
        body = {
            "project": project,
            "operative": hands[place % 3],
            "date": DAYS[place],
            "hours": "1.1",
            "cost_code": code,
        }
        body |= {"hours": 1.1, "quantity": float(quantity) if quantity else None}
        logged[name] = stage.owner.ok("POST", "/labour/", {"status": "draft", **body})["id"]
    return {"projects": projects, "nodes": nodes, "hands": hands, "logged": logged}


def names(plan: dict[str, Any], body: Any) -> set[str]:
    back = {id: name for name, id in plan["logged"].items()}
    return {back[id] for id in ids(body) if id in back}


def test_labour_is_found_by_cost_code_and_by_any_node_above_it(stage: Stage, plan: dict[str, Any]) -> None:
    first, nodes = plan["projects"][0], plan["nodes"]
    for query, expected in [
        ({"cost_code": "c n"}, {"N1-work", "N2-work"}),
        ({"cost_code": "C  N", "project": first}, {"N1-work"}),
        ({"wbs": nodes["N1"]}, {"N1-work", "N1-more"}),
        ({"wbs": nodes["N1-trade"], "cost_code": "c-MORE"}, {"N1-more"}),
        ({"wbs": nodes["S1-work"]}, {"S1-work"}),
        ({"wbs": nodes["S1"], "project": plan["projects"][1]}, set()),
        ({"wbs": nodes["N1"], "status": "draft", "operative": plan["hands"][1]}, {"N1-more"}),
        ({"wbs": nodes["N1"], "date_to": DAYS[0]}, {"N1-work"}),
        ({"wbs": nodes["N1"], "updated_since": "2020-01-01T00:00:00Z"}, {"N1-work", "N1-more"}),
        ({"cost_code": "nowhere"}, set()),
    ]:
        for size in (1, 50):
            link = "/api/v1/labour/?" + urlencode({**query, "page_size": size})
            walk = list(pages(stage.owner, link))
            assert set().union(*(names(plan, body) for body in walk)) == expected, query
            assert {body["count"] for body in walk} == {len(expected)}, query


def test_totals_are_of_all_that_matches_and_the_same_on_every_page_of_a_walk(
    stage: Stage, plan: dict[str, Any]
) -> None:
    link = "/api/v1/labour/?" + urlencode({"cost_code": "C N", "totals": "true", "page_size": 1})
    walk = list(pages(stage.owner, link))
    assert [body["totals"] for body in walk] == [{"hours": "2.20", "quantity": "-2.9001"}] * 2
    assert stage.owner.ok("GET", "/labour/?operative=nobody&totals=true")["totals"] == {
        "hours": "0.00",
        "quantity": "0.0000",
    }
    assert "totals" not in stage.owner.ok("GET", "/labour/?totals=false")


def test_a_person_sees_the_rows_of_every_operative_they_are_and_no_others(stage: Stage, plan: dict[str, Any]) -> None:
    user = stage.owner.ok("POST", "/users/", {"name": "En", "email": "en@a.example", "role": "engineer"})["id"]
    own = stage.owner.token(stage.owner.ok("POST", "/tokens/", {"label": "t", "user": user})["token"])
    for hand in plan["hands"][:2]:
        stage.owner.ok("PATCH", f"/operatives/{hand}/", {"user": user})
    everything = {"N1-work", "N1-more", "N2-work", "none"}
    since = "updated_since=2020-01-01T00:00:00Z"
    for query, expected in [
        ("", everything),
        (f"project={plan['projects'][0]}", everything - {"N2-work"}),
        (f"operative={plan['hands'][1]}", {"N1-more", "none"}),
        (f"operative={plan['hands'][2]}", set()),
        ("cost_code=C%20S", set()),
        (since, everything),
        (f"{since}&operative={plan['hands'][2]}", set()),
    ]:
        for size in (2, 50):
            walk = list(pages(own, f"/api/v1/labour/?{query}&page_size={size}"))
            assert [len(body["results"]) for body in walk[:-1]] == [size] * (len(walk) - 1)
            seen = [id for body in walk for id in ids(body)]
            assert {name for name, id in plan["logged"].items() if id in seen} == expected and len(seen) == len(
                expected
            )
            for number, body in enumerate(walk, 1):
                assert ids(own.send("GET", f"/api/v1/labour/?{query}&page_size={size}&page={number}").body) == ids(body)
            assert {body["count"] for body in walk} == {len(expected)}
    dates = [row["date"] for row in own.ok("GET", "/labour/")["results"]]
    assert dates == sorted(dates, reverse=True)


def test_an_unknown_id_and_another_companys_answer_alike_with_an_empty_list(stage: Stage, plan: dict[str, Any]) -> None:
    other = company.create("Foreign", "pro", "UTC", f"f{next(NUMBERS)}@b.example")
    foreign = Client(stage.gateway).token(other["token"])
    project = foreign.ok("POST", "/projects/", {"code": "F", "name": "F"})["id"]
    node = foreign.ok("POST", f"/projects/{project}/wbs/", {"name": "F"})["id"]
    hand = foreign.ok("POST", "/operatives/", {"name": "F"})["id"]
    tree = f"/projects/{plan['projects'][0]}/wbs/"
    for path, filter, id in [
        ("/labour/", "project", project),
        ("/labour/", "operative", hand),
        ("/labour/", "submitted_by", other["owner"]["id"]),
        ("/labour/", "wbs", node),
        (tree, "parent", node),
        (tree, "under", node),
        (tree, "parent", plan["nodes"]["N2"]),
        (tree, "view=tree&under", node),
        (tree, "updated_since=2020-01-01T00:00:00Z&under", node),
    ]:
        answers = [stage.owner.ok("GET", f"{path}?{filter}={each}") for each in (id, "unknown", f"{id[:12]}nowhere")]
        for answer in answers:
            answer.pop("synced_until", None)
        assert answers == [{"count": 0, "next": None, "previous": None, "results": []}] * 3, (path, filter)


def test_nodes_are_listed_by_level_parent_and_subtree(stage: Stage, plan: dict[str, Any]) -> None:
    place, nodes = f"/projects/{plan['projects'][0]}/wbs/", plan["nodes"]
    for query, expected in [
        (f"parent={nodes['N1-trade']}", ["N1-work", "N1-more"]),
        (f"parent={nodes['N1-trade']}&level=4", ["N1-work", "N1-more"]),
        (f"parent={nodes['N1-trade']}&level=3", []),
        (f"parent={nodes['N1-trade']}&under={nodes['N1']}", ["N1-work", "N1-more"]),
        (f"parent={nodes['N1']}&under={nodes['N1-trade']}", []),
        (f"parent={nodes['N1-work']}", []),
        (f"under={nodes['S1']}&level=3", ["S1-trade"]),
        (f"under={nodes['S1']}", ["S1-floor", "S1-trade", "S1-work"]),
        ("level=1", ["N1", "S1"]),
    ]:
        for more in ("", "&page_size=1", "&updated_since=2020-01-01T00:00:00Z"):
            walk = list(pages(stage.owner, f"/api/v1{place}?{query}{more}"))
            assert [id for body in walk for id in ids(body)] == [nodes[name] for name in expected], query
            assert walk[0]["count"] == len(expected)


def test_a_tree_nests_everything_below_the_top_nodes(stage: Stage, plan: dict[str, Any]) -> None:
    def shape(rows: list[Any]) -> list[Any]:
        return [(row["name"], shape(row["children"])) for row in rows]

    north = ("N1", [("N1-floor", [("N1-trade", [("N1-work", []), ("N1-more", [])])])])
    south = ("S1", [("S1-floor", [("S1-trade", [("S1-work", [])])])])
    place = f"/projects/{plan['projects'][0]}/wbs/"
    whole = stage.owner.ok("GET", f"{place}?view=tree")
    assert (shape(whole["results"]), whole["count"]) == ([north, south], 2)
    one = list(pages(stage.owner, f"/api/v1{place}?view=tree&page_size=1"))
    assert [shape(body["results"]) for body in one] == [[north], [south]]
    below = stage.owner.ok("GET", f"{place}?view=tree&under={plan['nodes']['N1']}")
    assert shape(below["results"]) == north[1]
    flat = {row["id"]: row for row in stage.owner.ok("GET", place)["results"]}
    nested = whole["results"][0]["children"][0]
    assert {name: value for name, value in nested.items() if name != "children"} == flat[nested["id"]]
    assert "children" not in flat[nested["id"]]
    for name, value in {"level": 1, "parent": "x", "search": "x", "updated_since": "2020-01-01T00:00:00Z"}.items():
        reply = stage.owner.send("GET", f"/api/v1{place}?view=tree&{name}={value}")
        assert (reply.status, list(reply.body["errors"])) == (400, [name])


def synced(client: Client, path: str, since: str, copy: dict[str, Any]) -> str:
    """One incremental read of a client that keeps a copy; what to send next time."""
    link = f"/api/v1{path}{'&' if '?' in path else '?'}" + urlencode(
        {"updated_since": since, "include_deleted": "true", "page_size": 2}
    )
    until = set()
    for body in pages(client, link):
        until.add(body["synced_until"])
        for row in body["results"]:
            if "deleted_at" in row:
                copy.pop(row["id"], None)
            else:
                copy[row["id"]] = row
    [next_time] = until
    return str(next_time)


def test_an_incremental_copy_is_the_list_after_adding_changing_and_deleting(stage: Stage, plan: dict[str, Any]) -> None:
    project, hand = plan["projects"][1], plan["hands"][0]
    path, copy = f"/labour/?project={project}", dict[str, Any]()

    def log(day: str) -> str:
        body = {"project": project, "operative": hand, "date": day, "hours": 2}
        return str(stage.owner.ok("POST", "/labour/", {"status": "draft", **body})["id"])

    made = [log(day) for day in DAYS]
    since = synced(stage.owner, path, "2020-01-01T00:00:00+01:00", copy)
    stage.owner.ok("PATCH", f"/labour/{made[0]}/", {"hours": 3})
    stage.owner.ok("DELETE", f"/labour/{made[1]}/")
    since = synced(stage.owner, path, since, copy)
    stage.owner.ok("DELETE", f"/labour/{made[2]}/")
    made.append(log(DAYS[0]))
    synced(stage.owner, path, since, copy)
    current = stage.owner.ok("GET", f"{path}&page_size=200")["results"]
    assert copy == {row["id"]: row for row in current} and made[1] not in copy
    changed = stage.owner.ok("GET", f"{path}&updated_since=2020-01-01T00:00:00Z&page_size=200")
    times = [row["updated_at"] for row in changed["results"]]
    assert times == sorted(times) and changed["count"] == len(current)
    assert ids(stage.owner.ok("GET", f"{path}&updated_since=0500-01-01T00:00:00Z&page_size=200")) == ids(changed)
    inclusive = stage.owner.ok("GET", f"{path}&updated_since={times[-1]}")
    assert ids(inclusive) == [changed["results"][-1]["id"]]


def test_a_row_stamped_before_a_walk_and_seen_after_it_comes_with_the_next(stage: Stage) -> None:
    site, copy = Site(stage), dict[str, Any]()
    path = f"/labour/?project={site.project}"
    site.add(DAYS[0])
    since = synced(stage.owner, path, "2020-01-01T00:00:00Z", copy)
    late = labour(site.company, site.project, DAYS[1], at=datetime.now(UTC) - SYNC_LAG + timedelta(seconds=30))
    store().transact([Put(late)])
    synced(stage.owner, path, since, copy)
    assert late.id in copy


def test_deleted_rows_are_shown_to_those_who_saw_them_and_only_when_asked_for(
    stage: Stage, plan: dict[str, Any]
) -> None:
    user = stage.owner.ok("POST", "/users/", {"name": "Eo", "email": "eo@a.example", "role": "engineer"})["id"]
    own = stage.owner.token(stage.owner.ok("POST", "/tokens/", {"label": "t", "user": user})["token"])
    hand = stage.owner.ok("POST", "/operatives/", {"name": "Eo", "user": user})["id"]
    gone = {}
    for operative in (hand, plan["hands"][2]):
        body = {"project": plan["projects"][1], "operative": operative, "date": DAYS[0], "hours": 2}
        gone[operative] = stage.owner.ok("POST", "/labour/", {"status": "draft", **body})["id"]
        stage.owner.ok("DELETE", f"/labour/{gone[operative]}/")
    since = f"/labour/?updated_since=2020-01-01T00:00:00Z&page_size=200&project={plan['projects'][1]}"
    answer = stage.owner.ok("GET", f"{since}&include_deleted=true")
    deleted = {row["id"]: row for row in answer["results"] if "deleted_at" in row}
    assert gone.items() and set(gone.values()) <= deleted.keys()
    assert all(row.keys() == {"id", "deleted_at"} for row in deleted.values())
    assert [row["id"] for row in own.ok("GET", f"{since}&include_deleted=true")["results"]] == [gone[hand]]
    for filter in (f"operative={hand}", "status=draft", f"date={DAYS[0]}"):
        assert gone[hand] in ids(stage.owner.ok("GET", f"{since}&include_deleted=true&{filter}"))
    assert gone[hand] not in ids(stage.owner.ok("GET", f"{since}&include_deleted=true&status=submitted"))
    for plain in (since, "/labour/?page_size=200", f"/labour/?operative={hand}"):
        assert not set(gone.values()) & set(ids(stage.owner.ok("GET", plain)))
    reply = stage.owner.send("GET", "/api/v1/labour/?include_deleted=true")
    assert (reply.status, list(reply.body["errors"])) == (400, ["include_deleted"])


def test_a_deleted_node_is_told_of_below_the_nodes_it_was_under(stage: Stage) -> None:
    project = stage.owner.ok("POST", "/projects/", {"code": "DEL", "name": "Del"})["id"]
    top = stage.owner.ok("POST", f"/projects/{project}/wbs/", {"name": "Top"})["id"]
    below = stage.owner.ok("POST", f"/projects/{project}/wbs/", {"name": "Below", "parent": top})["id"]
    stage.owner.ok("DELETE", f"/wbs/{below}/")
    place = f"/projects/{project}/wbs/"
    assert ids(stage.owner.ok("GET", place)) == [top]
    since = f"{place}?updated_since=2020-01-01T00:00:00Z&include_deleted=true"
    told = stage.owner.ok("GET", since)["results"][-1]
    assert told == {"id": below, "deleted_at": told["deleted_at"]}
    for filter in (f"under={top}", "level=2", f"parent={top}", "search=bel"):
        assert stage.owner.ok("GET", f"{since}&{filter}")["results"] == [told], filter
    assert stage.owner.ok("GET", f"{since}&search=to&level=2")["results"] == []


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-06-08", "2026-06-08T07:00:00", "9999-12-31T23:59:59-01:00", "x" * 41]
)
def test_a_time_that_is_none_is_named(stage: Stage, text: str) -> None:
    for path in ("/projects/", "/labour/", "/operatives/", "/users/"):
        reply = stage.owner.send("GET", f"/api/v1{path}?{urlencode({'updated_since': text})}")
        assert (reply.status, list(reply.body["errors"])) == (400, ["updated_since"])


@pytest.mark.parametrize("path", ["/projects/", "/labour/", "/operatives/", "/users/", "/tokens/", "wbs", "tree"])
def test_every_list_answers_as_the_schema_says(stage: Stage, plan: dict[str, Any], path: str) -> None:
    below = f"/projects/{plan['projects'][0]}/wbs/"
    template = {"wbs": "/projects/{id}/wbs/", "tree": "/projects/{id}/wbs/"}.get(path, path)
    place = {"wbs": below, "tree": f"{below}?view=tree"}.get(path, path)
    operation = document()["paths"][f"/api/v1{template}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document()["components"]})
    known = {parameter["name"] for parameter in operation["parameters"]}
    queries = [{}]
    if "updated_since" in known and path != "tree":
        queries.append({"updated_since": "2020-01-01T00:00:00Z", "include_deleted": "true"})
    queries += [{"totals": "true"}] if "totals" in known else []
    for query in queries:
        reply = stage.owner.send("GET", f"/api/v1{place}{'&' if '?' in place else '?'}{urlencode(query)}")
        validator.validate(json.loads(reply.text))
        assert ("synced_until" in reply.body) is ("updated_since" in query)


def test_a_hash_in_an_id_reaches_no_other_key(stage: Stage, plan: dict[str, Any]) -> None:
    first = plan["projects"][0]
    assert refused(stage.owner, f"/api/v1/labour/?{urlencode({'project': key(first, 'draft')})}") == (
        400,
        "validation_error",
    )


@pytest.mark.long
def test_a_tree_of_more_than_five_thousand_nodes_needs_under(stage: Stage) -> None:
    project = stage.owner.ok("POST", "/projects/", {"code": "BIG", "name": "Big"})["id"]
    top = stage.owner.ok("POST", f"/projects/{project}/wbs/", {"name": "Top"})["id"]
    made = stage.made["company"]["id"]
    for start in range(0, 5000, 100):
        orders = (step(number, f"{number:012d}") for number in range(start, start + 100))
        store().transact([Put(line(key(made, project, ALL_LEVELS), order, 1, " copy")) for order in orders])
    reply = stage.owner.send("GET", f"/api/v1/projects/{project}/wbs/?view=tree")
    assert (reply.status, list(reply.body["errors"])) == (400, ["view"])
    assert stage.owner.ok("GET", f"/projects/{project}/wbs/?view=tree&under={top}")["results"] == []
