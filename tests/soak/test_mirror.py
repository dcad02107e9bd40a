"""A mirror follows its list, and its comparison with the source notices whatever differs, in either."""

from typing import Any

import pytest

from infra.soak.mirror import BEGINNING, Mirror, cost_codes_wrong, joined_wrongly, lists_of

ENTRY = {"id": "a", "hours": 8, "wbs": "n", "cost_code": "C-1", "clash": None, "allowed_actions": ["reject"]}


class Pages:
    """A client whose list has these pages."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.pages, self.asked = list(pages), list[str]()

    def call(self, method: str, path: str) -> dict[str, Any]:
        self.asked.append(path)
        rows = self.pages.pop(0)
        link = "/api/v1/x/?page=2" if self.pages else None
        return {"results": rows, "synced_until": "2026-06-08T10:00:00Z", "next": link}


def labour(*rows: dict[str, Any]) -> Mirror:
    mirror = Mirror("/labour/")
    mirror.take(rows)
    return mirror


def test_a_mirror_takes_changes_and_deletions_from_where_it_was() -> None:
    mirror = Mirror("/x/")
    client = Pages([{"id": "a", "hours": 8}], [{"id": "b", "hours": 4}])
    mirror.look(client)  # type: ignore[arg-type]
    assert client.asked == [f"/x/?updated_since={BEGINNING}&include_deleted=true&page_size=200", "/x/?page=2"]
    client = Pages([{"id": "a", "hours": 7}, {"id": "b", "deleted_at": "2026-06-08T11:00:00Z"}])
    mirror.look(client)  # type: ignore[arg-type]
    assert client.asked == ["/x/?updated_since=2026-06-08T10:00:00Z&include_deleted=true&page_size=200"]
    assert mirror.rows == {"a": {"id": "a", "hours": 7}} and mirror.looks == 2


def test_a_mirror_that_breaks_off_begins_again_where_it_was() -> None:
    mirror = Mirror("/x/")
    mirror.look(Pages([{"id": "a"}]))  # type: ignore[arg-type]

    class Broken(Pages):
        def call(self, method: str, path: str) -> dict[str, Any]:
            if "page=2" in path:
                raise ConnectionResetError
            return super().call(method, path) | {"synced_until": "2026-06-08T12:00:00Z"}

    with pytest.raises(ConnectionResetError):
        mirror.look(Broken([{"id": "b"}], [{"id": "c"}]))  # type: ignore[arg-type]
    assert (mirror.until, mirror.looks) == ("2026-06-08T10:00:00Z", 1)


def test_a_mirror_says_what_it_lacks_and_what_it_has_too_much() -> None:
    mirror = labour(ENTRY, {**ENTRY, "id": "b"})
    assert mirror.differences([{**ENTRY, "id": "b"}, ENTRY]) == []
    assert mirror.differences([ENTRY, {**ENTRY, "id": "c"}]) == [
        "labour: b is gone from the source",
        "labour: c is missing",
    ]


@pytest.mark.parametrize(
    ("here", "there", "field"),
    [
        (ENTRY, {**ENTRY, "hours": 9}, "hours"),
        ({**ENTRY, "note": "x"}, ENTRY, "note"),
        ({**ENTRY, "note": None}, ENTRY, "note"),
        (ENTRY, {**ENTRY, "note": None}, "note"),
    ],
)
def test_rows_are_compared_whole_and_both_ways(here: dict[str, Any], there: dict[str, Any], field: str) -> None:
    assert labour(here).differences([there]) == [f"labour: a differs in {field}"]


def test_only_the_derived_fields_of_a_list_are_left_out() -> None:
    moved = {**ENTRY, "cost_code": "C-2", "clash": "k", "allowed_actions": []}
    assert labour(ENTRY).differences([moved]) == []
    nodes = Mirror("/projects/p/wbs/")
    nodes.take([{"id": "n", "cost_code": "C-1", "path": ["North"]}])
    assert nodes.differences([{"id": "n", "cost_code": "C-2", "path": ["South"]}]) == ["wbs: n differs in cost_code"]


def test_derived_fields_are_those_that_the_mirror_finds_by_joining() -> None:
    nodes = {"n": {"cost_code": "C-1"}}
    clash = {"id": "k", "status": "open", "entries": [{"id": "a"}]}
    assert joined_wrongly([ENTRY, {**ENTRY, "id": "b", "wbs": None, "cost_code": None}], nodes, []) == []
    assert joined_wrongly([{**ENTRY, "clash": "k"}], nodes, [clash]) == []
    for entry, clashes in (
        ({**ENTRY, "cost_code": "C-2"}, []),
        ({**ENTRY, "wbs": None}, []),
        (ENTRY, [clash]),
        ({**ENTRY, "clash": "k"}, [{**clash, "status": "resolved"}]),
    ):
        assert len(joined_wrongly([entry], nodes, clashes)) == 1


def test_cost_codes_are_those_of_the_mirrored_activities() -> None:
    above = {"id": "top", "cost_code": None, "unit": None, "budget_hours": None}
    node = {"id": "n", "cost_code": "C-1", "unit": "m", "budget_hours": 9}
    code = {"node": "n", "cost_code": "C-1", "unit": "m", "budget_hours": 9, "path": ["North", "Pour"]}
    assert cost_codes_wrong([above, node], [code]) == []
    assert len(cost_codes_wrong([above, node], [{**code, "budget_hours": 8}])) == 1
    assert len(cost_codes_wrong([above, node], [])) == len(cost_codes_wrong([above], [code])) == 1


def test_the_mirrored_lists_are_those_of_the_schema_that_take_updated_since() -> None:
    since, other = {"parameters": [{"name": "page"}, {"name": "updated_since"}]}, {"parameters": [{"name": "page"}]}
    paths = {"/api/v1/x/": {"get": since, "post": {}}, "/api/v1/y/": {"get": other}, "/api/v1/z/": {"post": {}}}
    assert lists_of({"paths": paths}) == ["/x/"]
