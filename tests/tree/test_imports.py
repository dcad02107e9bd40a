"""Imports and exports through the API: all or nothing, shown at once, and exactly what the file says."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from openpyxl import load_workbook

from chalicelib.handlers.wbs_files import checks
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.storage.work import commit
from chalicelib.times import utc_now
from chalicelib.tree import imports
from chalicelib.tree.export import CSV, XLSX
from chalicelib.tree.rows import ALL_LEVELS, Line, Node
from chalicelib.work.rows import Intent
from tests.stage import Reply, Stage
from tests.tree.callers import owner
from tests.tree.conftest import Tree
from tests.tree.files import HEADER, activity, text, workbook
from tests.tree.work import finish, one_step, unfinished


def send(tree: Tree, content: bytes, kind: str = CSV, query: str = "", **headers: str) -> Reply:
    path = f"/api/v1/projects/{tree.project}/wbs/import/{query}"
    return tree.client.send("POST", path, content, **{"Content-Type": kind, **headers})


def imported(tree: Tree, *rows: Sequence[Any], query: str = "") -> dict[str, Any]:
    """The counts of an import that went well."""
    reply = send(tree, workbook(*rows), XLSX, query)
    assert reply.status == 200, reply
    return dict(reply.body)


def company_of(tree: Tree) -> str:
    return str(tree.client.ok("GET", "/company/")["id"])


def exported(tree: Tree, accept: str = CSV) -> bytes:
    reply = tree.client.send("GET", f"/api/v1/projects/{tree.project}/wbs/export/", Accept=accept)
    assert reply.status == 200, reply
    return reply.raw


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("rows", "created", "updated", "unchanged", "moved", "parents_created"))


ROWS = [
    activity("C-1", "Pour", 10, "m3", 2),
    activity("C-2", "Cure", 5),
    activity("C-3", "Pour", 7.125, None, None, "2026-01-05", "2026-01-09", place="Yard"),
]


class TestImport:
    def test_a_file_becomes_the_tree_that_it_shows(self, tree: Tree) -> None:
        answer = imported(tree, *ROWS)
        assert counts(answer) == (3, 3, 0, 0, 0, 6)
        assert (answer["rounded"], answer["sheet"], answer["header_row"]) == (1, "WBS", 1)
        assert tree.codes_and_paths() == [
            ("1", ["Quay"]),
            ("1.1", ["Quay", "North"]),
            ("1.1.1", ["Quay", "North", "Concrete"]),
            ("1.1.1.1", ["Quay", "North", "Concrete", "Pour"]),
            ("1.1.1.2", ["Quay", "North", "Concrete", "Cure"]),
            ("2", ["Yard"]),
            ("2.1", ["Yard", "North"]),
            ("2.1.1", ["Yard", "North", "Concrete"]),
            ("2.1.1.1", ["Yard", "North", "Concrete", "Pour"]),
        ]
        node = next(node for node in tree.nodes() if node["cost_code"] == "C-3")
        assert (node["budget_hours"], node["baseline_start"], node["earning_rule"]) == ("7.13", "2026-01-05", "percent")
        assert next(node for node in tree.nodes() if node["cost_code"] == "C-1")["earning_rule"] == "units"

    def test_the_tree_is_free_with_the_answer(self, tree: Tree) -> None:
        """Who imports, or moves many nodes, goes on at once: nothing is left to clear that would refuse them."""
        imported(tree, *(activity(f"C-{number}", f"Pour {number}") for number in range(60)))
        tree.add("Yard")
        tree.change(tree.nodes(level=1)[0]["id"], position=2)  # more than one transaction
        assert tree.client.send("DELETE", f"/api/v1/wbs/{tree.nodes(level=1)[1]['id']}/").status == 204
        assert tree.add("Quay") and [node["name"] for node in tree.nodes()] == ["Yard", "Quay"]
        assert not unfinished(company_of(tree))

    def test_each_fault_of_a_cell_is_named_once(self, tree: Tree) -> None:
        reply = send(tree, workbook(activity("C-1", "Pour", 1, None, None, "2026-01-05", None)), XLSX)
        said = "Row 2, Baseline finish: Both baseline dates or none."
        assert (reply.status, reply.body["errors"]) == (400, {"rows.2.baseline_finish": [said]})

    def test_the_same_file_again_changes_nothing(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        before = tree.nodes()
        assert counts(imported(tree, *ROWS)) == (3, 0, 0, 3, 0, 0)
        assert tree.nodes() == before

    def test_activities_are_updated_by_their_cost_code(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        ids = {node["cost_code"]: node["id"] for node in tree.nodes(level=4)}
        changed = [activity("c-1", "Pour slab", 12, "m3", 2), *ROWS[1:]]
        assert counts(imported(tree, *changed)) == (3, 0, 1, 2, 0, 0)
        node = tree.read(ids["C-1"])
        assert (node["name"], node["cost_code"], node["budget_hours"]) == ("Pour slab", "c-1", "12.00")
        assert [row["id"] for row in tree.nodes(search="slab")] == [ids["C-1"]]
        assert tree.nodes(search="c-1")[0]["id"] == ids["C-1"]

    def test_hours_get_a_cost_code_as_the_last_file_writes_it(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        imported(tree, activity("c-1", "Pour", 10, "m3", 2), *ROWS[1:])
        hand = tree.client.ok("POST", "/operatives/", {"name": "Ola"})["id"]
        body = {"project": tree.project, "operative": hand, "date": "2026-06-08", "cost_code": "C-1", "hours": 8}
        assert tree.client.ok("POST", "/labour/", body)["cost_code"] == "c-1"

    def test_an_activity_earns_by_its_first_quantity_unless_a_person_has_measured_it(self, tree: Tree) -> None:
        """As a new activity of the file would; what somebody entered in percent is not lost."""
        imported(tree, *(activity(f"C-{name}", name, 10) for name in "ABCD"))
        ids = {node["name"]: node["id"] for node in tree.nodes(level=4)}
        tree.client.ok("POST", f"/wbs/{ids['B']}/progress/", {"date": "2026-06-08", "percent_complete": 0.5})
        tree.change(ids["C"], earning_rule="50/50")
        again = [activity(f"C-{name}", name, 10, "m3", 2) for name in "ABC"]
        assert counts(imported(tree, *again)) == (3, 0, 3, 0, 0, 0)
        assert [node["earning_rule"] for node in tree.nodes(level=4)] == ["units", "percent", "50/50", "percent"]
        assert counts(imported(tree, *again)) == (3, 0, 0, 3, 0, 0)

    def test_an_activity_moves_to_where_the_file_has_it(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        moved = [*ROWS[:1], activity("C-2", "Cure", 5, place="Yard"), ROWS[2]]
        assert counts(imported(tree, *moved)) == (3, 0, 1, 2, 1, 0)
        assert [path for _, path in tree.codes_and_paths(level=4)] == [
            ["Quay", "North", "Concrete", "Pour"],
            ["Yard", "North", "Concrete", "Pour"],
            ["Yard", "North", "Concrete", "Cure"],
        ]

    def test_names_can_be_exchanged_and_passed_on(self, tree: Tree) -> None:
        names = ["A", "B", "C", "D"]
        imported(tree, *(activity(f"C-{name}", name) for name in names))
        turned = [activity(f"C-{name}", other) for name, other in zip(names, [*names[1:], names[0]], strict=True)]
        assert counts(imported(tree, *turned)) == (4, 0, 4, 0, 0, 0)
        assert [node["name"] for node in tree.nodes(level=4)] == ["B", "C", "D", "A"]
        last = tree.nodes(level=4)[-1]
        taken = tree.client.send("PATCH", f"/api/v1/wbs/{last['id']}/", {"name": "b"})
        assert taken.status == 409, taken
        assert tree.change(last["id"], name="E")["name"] == "E"
        assert tree.change(tree.nodes(level=4)[0]["id"], name="A")["name"] == "A"

    def test_a_new_activity_gets_the_name_that_another_leaves(self, tree: Tree) -> None:
        imported(tree, activity("C-1", "Pour"))
        assert counts(imported(tree, activity("C-1", "Pour slab"), activity("C-2", "Pour"))) == (2, 1, 1, 0, 0, 0)
        assert [node["name"] for node in tree.nodes(level=4)] == ["Pour slab", "Pour"]

    def test_what_the_file_does_not_name_stays(self, tree: Tree) -> None:
        tree.branch("Quay")
        assert counts(imported(tree, activity("N-1", "Dig", place="Quay"))) == (1, 1, 0, 0, 0, 2)
        assert [path[-1] for _, path in tree.codes_and_paths()] == [
            "Quay",
            "Ground",
            "Concrete",
            "Pour",
            "North",
            "Concrete",
            "Dig",
        ]

    def test_nodes_can_be_changed_like_any_other_afterwards(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        nodes = tree.nodes()
        assert tree.change(nodes[0]["id"], position=2)["code"] == "2"
        assert tree.activity("Strip", nodes[2]["id"], cost_code="C-9")
        assert tree.client.send("DELETE", f"/api/v1/wbs/{nodes[3]['id']}/").status == 204


class TestDryRun:
    def test_it_says_what_would_be_and_does_nothing(self, tree: Tree) -> None:
        answer = imported(tree, *ROWS, query="?dry_run=true")
        assert (counts(answer), answer["dry_run"]) == ((3, 3, 0, 0, 0, 6), True)
        assert tree.nodes() == []

    def test_it_names_every_bad_row(self, tree: Tree) -> None:
        reply = send(tree, workbook(activity(hours="x")), XLSX, "?dry_run=true")
        assert (reply.status, list(reply.body["errors"])) == (400, ["rows.2.budget_hours"])


class TestAllOrNothing:
    def test_any_bad_row_is_named_and_nothing_is_written(self, tree: Tree) -> None:
        rows = [activity("C-1", "Pour"), activity("C-1", "Cure"), ["", "North", "Concrete", "Strip", "C-3", "-1"]]
        reply = send(tree, text(*rows, header=HEADER[:6]))
        assert (reply.status, reply.body["code"]) == (400, "validation_error")
        assert reply.body["errors"] == {
            "rows.2.cost_code": ["Row 2, Cost code: Row 3 has the same cost code."],
            "rows.3.cost_code": ["Row 3, Cost code: Row 2 has the same cost code."],
            "rows.4.location": ["Row 4, Location: Must not be blank."],
            "rows.4.budget_hours": ["Row 4, Budget hours: Must not be negative."],
        }
        assert tree.nodes() == []

    def test_faults_in_rows_1983_and_2100_of_2100_are_both_named(self, tree: Tree) -> None:
        rows = [activity(f"C-{number}", f"A {number}", place=f"Quay {number % 3}") for number in range(2, 2101)]
        rows[1981][5], rows[2098][2] = "x", ""
        reply = send(tree, text(*rows, header=HEADER[:6]))
        assert list(reply.body["errors"]) == ["rows.1983.budget_hours", "rows.2100.discipline"]


class TestRequests:
    def test_a_form_names_the_file(self, tree: Tree) -> None:
        form = (
            b'--xx\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
            b'--xx\r\nContent-Disposition: form-data; name="file"; filename="wbs.xlsx"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + workbook(*ROWS) + b"\r\n--xx--\r\n"
        )
        reply = send(tree, form, "multipart/form-data; boundary=xx")
        assert (reply.status, reply.body["created"]) == (200, 3)

    @pytest.mark.parametrize(
        "form", [b"", b"--xx--", b'--xx\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n--xx--']
    )
    def test_a_form_without_the_file_is_refused(self, tree: Tree, form: bytes) -> None:
        assert send(tree, form, "multipart/form-data; boundary=xx").status == 400

    @pytest.mark.parametrize("kind", ["application/json", "application/pdf", "text/csv; charset=windows-1251"])
    def test_another_content_type_is_415(self, tree: Tree, kind: str) -> None:
        assert send(tree, b"{}", kind).status == 415

    def test_an_old_workbook_is_415(self, tree: Tree) -> None:
        assert (
            send(tree, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, XLSX).body["code"] == "unsupported_media_type"
        )

    def test_a_file_in_an_old_encoding_is_refused_by_name_also_through_the_gateway(self, tree: Tree) -> None:
        reply = send(tree, "Участок,Наружные сети,Бетон\n".encode("cp1251"))
        assert (reply.status, "Windows-1251" in reply.body["detail"]) == (400, True)

    def test_a_larger_body_than_is_taken_is_413(self, tree: Tree) -> None:
        assert send(tree, b"x" * 4_500_001).status == 413

    def test_a_key_gives_the_first_answer_again(self, tree: Tree) -> None:
        content = workbook(*ROWS)
        first, again = (send(tree, content, XLSX, Idempotency_Key="k1") for _ in range(2))
        assert (first.raw, again.headers["idempotency-replayed"]) == (again.raw, "true")
        assert first.body["created"] == 3
        other = send(tree, workbook(*ROWS[:1]), XLSX, Idempotency_Key="k1")
        assert other.body["code"] == "idempotency_key_reused"

    def test_who_may_import(self, tree: Tree, stage: Stage) -> None:
        engineer, foreman = stage.person("engineer", "erin"), stage.person("foreman", "finn")
        path = f"/api/v1/projects/{tree.project}/wbs/import/"
        assert foreman.send("POST", path, workbook(*ROWS), **{"Content-Type": XLSX}).status == 403
        refused = engineer.send("POST", path, workbook(*ROWS), **{"Content-Type": XLSX})
        assert (refused.status, "edit_budgets" in refused.body["detail"]) == (403, True)
        free = engineer.send("POST", path, workbook(activity(hours=0)), **{"Content-Type": XLSX})
        assert (free.status, free.body["created"]) == (200, 1)

    def test_a_project_of_nobody_is_404(self, tree: Tree) -> None:
        for name in ("import", "export"):
            assert tree.client.send("GET", f"/api/v1/projects/aaaaaaaaaaaa/wbs/{name}/").status == 404


class TestExport:
    @pytest.mark.parametrize("kind", [CSV, XLSX])
    def test_importing_it_changes_nothing(self, tree: Tree, kind: str) -> None:
        imported(tree, *ROWS)
        discipline = tree.nodes(level=3)[0]["id"]
        for code, name in (("=1+1", "@A"), ("01-010", "+1"), ("'x", "-2")):
            tree.activity(name, discipline, cost_code=code, budget_hours=0.05)
        reply = send(tree, exported(tree, kind), kind)
        assert counts(reply.body) == (6, 0, 0, 6, 0, 0)

    def test_it_is_a_workbook_unless_csv_is_asked_for(self, tree: Tree) -> None:
        imported(tree, *ROWS)
        shown = load_workbook(io.BytesIO(exported(tree, "*/*")))["WBS"]
        assert [cell.value for cell in shown[1]] == list(HEADER)
        assert [row[4].value for row in shown.iter_rows(min_row=2)] == ["C-1", "C-2", "C-3"]
        assert exported(tree).decode("utf-8-sig").splitlines()[0] == ",".join(HEADER)

    def test_a_client_that_says_nothing_of_what_it_accepts_gets_the_workbook(self, tree: Tree) -> None:
        reply = tree.client.send("GET", f"/api/v1/projects/{tree.project}/wbs/export/")
        assert (reply.status, reply.headers["content-type"]) == (200, XLSX)
        assert load_workbook(io.BytesIO(reply.raw))["WBS"].max_row == 1

    def test_the_template_is_the_header_alone(self, tree: Tree) -> None:
        reply = tree.client.send("GET", f"/api/v1/projects/{tree.project}/wbs/import/", Accept=CSV)
        assert reply.raw.decode("utf-8-sig").strip() == ",".join(HEADER)
        assert "wbs-template.csv" in reply.headers["content-disposition"]

    def test_another_form_is_406(self, tree: Tree) -> None:
        assert tree.client.send("GET", f"/api/v1/projects/{tree.project}/wbs/export/", Accept="image/png").status == 406


class Work:
    """An import under way, taken step by step."""

    def __init__(self, tree: Tree, *rows: Sequence[Any]) -> None:
        self.tree, self.company = tree, company_of(tree)
        self.before, self.tables = shown(tree), stored(tree)
        file = imports.read(text(*rows, header=HEADER[:6]), checks())
        decided = commit(
            store(),
            lambda reading: imports.begin_import(
                reading, owner(self.company), tree.project, file, utc_now(), dry_run=False
            ),
        )
        assert decided.answer.intent is not None
        self.id = decided.answer.intent.id

    def step(self) -> None:
        one_step(self.company, self.id)

    def job(self) -> Any:
        return self.tree.client.ok("GET", f"/jobs/{self.id}/")

    def end(self) -> Any:
        """The job when everything has come to its end."""
        finish(self.company)
        return self.job()


def shown(tree: Tree) -> list[dict[str, Any]]:
    """The whole tree as a reader sees it."""
    return tree.nodes(page_size=200)


def stored(tree: Tree) -> list[Any]:
    """Every row of the tree as it lies in the tables, but for what counts versions and says that a change is on."""
    company = company_of(tree)
    rows = []
    for model, hash in ((Node, key(company, tree.project)), (Line, key(company, tree.project, ALL_LEVELS))):
        for item in store().items(Query(model=model, hash=hash)):
            rows.append({name: value for name, value in item.items() if name not in {"version", "change", "staged"}})
    return rows


SMALL = [activity(f"C-{number}", f"A {number}", place=f"Quay {number % 3}") for number in range(24)]


class TestShownAtOnce:
    def test_a_reader_sees_the_tree_before_or_after_and_nothing_between(self, tree: Tree) -> None:
        imported(tree, *ROWS[:2])
        work = Work(tree, activity("C-1", "Cure"), activity("C-2", "Pour", place="Yard"), *SMALL[3:])
        seen = []
        while work.job()["status"] not in {"succeeded", "failed"}:
            seen.append(shown(tree))
            work.step()
        assert len(seen) >= 3
        assert all(each == work.before for each in seen)
        after = shown(tree)
        assert [node["name"] for node in after if node["cost_code"] in {"C-1", "C-2"}] == ["Cure", "Pour"]
        work.end()
        assert [{**node, "updated_at": ""} for node in shown(tree)] == [{**node, "updated_at": ""} for node in after]

    def test_hours_come_to_a_new_activity_once_it_is_shown(self, tree: Tree) -> None:
        """Hours on one that is staged would be on nothing, should the import fail."""
        hand = tree.client.ok("POST", "/operatives/", {"name": "Ola"})["id"]
        body = {"project": tree.project, "operative": hand, "date": "2026-06-08", "cost_code": "C-1", "hours": 8}
        work = Work(tree, *SMALL)
        while work.job()["status"] not in {"succeeded", "failed"}:
            reply = tree.client.send("POST", "/api/v1/labour/", body)
            assert (reply.status, list(reply.body.get("errors", {}))) == (400, ["cost_code"])
            work.step()
        assert tree.client.ok("POST", "/labour/", body)["cost_code"] == "C-1"

    @pytest.mark.parametrize("steps", [0, 1])
    def test_a_step_that_knows_the_work_as_it_was_before_another_ended_it_is_taken_anew(
        self, tree: Tree, steps: int
    ) -> None:
        imported(tree, *ROWS[:2], activity("C-3", "Cover", place="Yard"))
        work = Work(tree, activity("C-2", "Cure", place="Yard"))  # one leaves its parent, another gets it
        for _ in range(steps):
            work.step()
        known = Reading(store())
        before = known.row(Intent, key(work.company, work.id), "intent")
        assert before is not None and before.arguments["pieces"] == 1, "first the piece, then the flip"
        ended, after = work.end(), shown(tree)
        one_step(work.company, work.id, known)
        assert (work.job(), shown(tree)) == (ended, after)
        assert [node["cost_code"] for node in after if node["cost_code"]] == ["C-1", "C-3", "C-2"]

    def test_edits_of_the_structure_wait_until_it_is_shown(self, tree: Tree) -> None:
        imported(tree, *ROWS[:2])
        discipline = tree.nodes(level=3)[0]["id"]
        work = Work(tree, *SMALL)
        body = {"name": "Strip", "parent": discipline, "cost_code": "S-1"}
        refused = tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body)
        assert (refused.status, refused.body["code"], refused.headers["retry-after"]) == (409, "in_use", "2")
        assert send(tree, text(*SMALL, header=HEADER[:6])).body["code"] == "in_use"
        work.end()
        assert tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body).status == 201

    def test_budgets_are_edited_meanwhile_and_the_file_has_the_last_word(self, tree: Tree) -> None:
        imported(tree, *ROWS[:2])
        [pour, cure] = tree.nodes(level=4)
        work = Work(tree, activity("C-1", "Pour", 99))
        tree.change(pour["id"], budget_hours=1, unit="t")
        tree.change(cure["id"], budget_hours=2)
        work.end()
        nodes = {node["cost_code"]: node for node in tree.nodes(level=4)}
        assert [nodes[code]["budget_hours"] for code in ("C-1", "C-2")] == ["99.00", "2.00"]
        assert nodes["C-1"]["unit"] == "t"


class TestWhatComesBetween:
    def failed(self, work: Work) -> None:
        job = work.end()
        assert (job["status"], job["errors"][0]["code"], job["done"]) == ("failed", "conflict", 0)
        assert "Nothing was imported" in job["errors"][0]["detail"]

    def test_a_name_that_somebody_takes_meanwhile_fails_it_and_nothing_has_changed(self, tree: Tree) -> None:
        imported(tree, *ROWS[:2])
        cure = tree.nodes(level=4)[1]["id"]
        rows = [*SMALL, activity("N-1", "Strip")]
        work = Work(tree, *rows)
        tree.change(cure, name="Strip")
        during = stored(tree)
        self.failed(work)
        assert stored(tree) == during
        assert [node["name"] for node in tree.nodes(level=4)] == ["Pour", "Strip"]
        assert counts(imported(tree, *SMALL[3:]))[:2] == (21, 21)

    def test_a_code_and_a_name_that_somebody_gives_up_meanwhile_are_free(self, tree: Tree) -> None:
        imported(tree, *ROWS[:2])
        [pour, cure] = (node["id"] for node in tree.nodes(level=4))
        work = Work(tree, activity("C-1", "Pour", 99), activity("C-2", "Cure", 5, place="Yard"))
        tree.change(pour, cost_code="C-9", name="Cast")
        tree.change(cure, name="Strip")
        assert work.end()["status"] == "succeeded"
        nodes = {node["cost_code"]: node for node in tree.nodes(level=4)}
        assert {code: (node["name"], node["budget_hours"]) for code, node in nodes.items()} == {
            "C-9": ("Cast", "99.00"),
            "C-2": ("Strip", "5.00"),
        }
        for code, name, beside in (("C-1", "Pour", "C-9"), ("N-1", "Cure", "C-2")):
            body = {"cost_code": code, "name": name, "parent": nodes[beside]["parent"]}
            assert tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body).status == 201
        body = {"cost_code": "N-2", "name": "Strip", "parent": nodes["C-2"]["parent"]}
        assert tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body).status == 409

    def test_a_name_that_was_to_be_handed_to_a_node_with_another_name_by_now_fails_it(self, tree: Tree) -> None:
        imported(tree, activity("C-1", "Pour"), activity("C-2", "Pour", place="Yard"))
        [pour, other] = (node["id"] for node in tree.nodes(level=4))
        work = Work(tree, activity("C-1", "Cure"), activity("C-2", "Pour"))  # from the yard into the place that is left
        tree.change(other, name="Strip")
        self.failed(work)
        assert [node["name"] for node in tree.nodes(level=4)] == ["Pour", "Strip"]
        assert tree.change(pour, name="Cure")["name"] == "Cure"

    def test_a_name_that_was_to_be_handed_on_is_given_up_meanwhile(self, tree: Tree) -> None:
        imported(tree, activity("C-1", "Pour"), activity("C-2", "Cure"))
        [pour, cure] = (node["id"] for node in tree.nodes(level=4))
        work = Work(tree, activity("C-1", "Cure"), activity("C-2", "Pour"))
        tree.change(cure, name="Strip")
        self.failed(work)
        assert [node["name"] for node in tree.nodes(level=4)] == ["Pour", "Strip"]
        assert tree.change(pour, name="Cure")["name"] == "Cure"

    @pytest.mark.parametrize("steps", [1, 2])
    def test_names_that_were_to_be_exchanged_stay_where_they_were(self, tree: Tree, steps: int) -> None:
        imported(tree, activity("C-1", "Pour"), activity("C-2", "Cure"), activity("C-3", "Strip"))
        third = tree.nodes(level=4)[2]["id"]
        filler = [activity(f"F-{number}", f"F {number}", place=f"Far {number}") for number in range(6)]
        work = Work(tree, *filler, activity("C-1", "Cure"), activity("C-2", "Pour"), activity("C-3", "Strip 2"))
        for _ in range(steps):
            work.step()
        if tree.client.send("PATCH", f"/api/v1/wbs/{third}/", {"cost_code": "C-4"}).status == 200:
            work.end()
        else:
            assert work.end()["status"] == "succeeded"
        names = [node["name"] for node in tree.nodes(level=4) if node["path"][0] == "Quay"]
        assert names in (["Cure", "Pour", "Strip 2"], ["Pour", "Cure", "Strip"])
        for node in tree.nodes(level=4):
            assert tree.change(node["id"], name=f"New {node['name']}")["name"] == f"New {node['name']}"


def test_more_than_a_thousand_rows_are_a_job(tree: Tree) -> None:
    rows = [activity(f"C-{number}", f"A {number}", place=f"Quay {number // 25}") for number in range(1001)]
    reply = send(tree, text(*rows, header=HEADER[:6]))
    assert (reply.status, reply.body["kind"], reply.body["status"]) == (202, "wbs_import", "queued")
    company, job = company_of(tree), reply.headers["location"].removeprefix("/api/v1")
    assert [row.id for row in unfinished(company)] == [reply.body["id"]]
    one_step(company, reply.body["id"])
    assert (tree.client.ok("GET", job)["status"], tree.nodes()) == ("running", [])
