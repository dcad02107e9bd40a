"""The soak's own judgement can fail: on rows that are lost, doubled or stale, and on memory that grows."""

from collections import Counter
from typing import Any

from infra.soak.__main__ import counted
from infra.soak.memory import is_flat
from infra.soak.mirror import Mirror
from infra.soak.site import Told


class Pages:
    """A client whose list has two pages."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.pages, self.asked = list(pages), list[str]()

    def call(self, method: str, path: str) -> dict[str, Any]:
        self.asked.append(path)
        rows = self.pages.pop(0)
        return {
            "results": rows,
            "synced_until": "2026-06-08T10:00:00Z",
            "next": "/api/v1/x/?page=2" if self.pages else None,
        }


def test_a_mirror_takes_changes_and_deletions_from_where_it_was() -> None:
    mirror = Mirror("/x/")
    mirror.look(Pages([{"id": "a", "hours": 8}], [{"id": "b", "hours": 4}]))  # type: ignore[arg-type]
    client = Pages([{"id": "a", "hours": 7}, {"id": "b", "deleted_at": "2026-06-08T11:00:00Z"}])
    mirror.look(client)  # type: ignore[arg-type]
    assert "updated_since=2026-06-08T10:00:00Z&include_deleted=true" in client.asked[0]
    assert mirror.rows == {"a": {"id": "a", "hours": 7}} and mirror.looks == 2


def test_a_mirror_says_what_it_lacks_what_it_has_too_much_and_what_differs() -> None:
    mirror = Mirror("/x/")
    mirror.take([{"id": "a", "hours": 8, "cost_code": "C-1"}, {"id": "b", "hours": 1}])
    assert mirror.differences([{"id": "a", "hours": 8, "cost_code": "C-2"}, {"id": "b", "hours": 1}]) == []
    found = mirror.differences([{"id": "a", "hours": 9, "cost_code": "C-1"}, {"id": "c", "hours": 1}])
    assert found == ["a differs", "b is gone from the source", "c is missing"]


def test_a_shift_is_one_entry_or_was_deleted() -> None:
    shifts = {(1, "2026-01-05"), (2, "2026-01-05")}
    assert counted(Counter({(1, "2026-01-05"): 1}), shifts, {(2, "2026-01-05")}) == []
    [lost] = counted(Counter({(1, "2026-01-05"): 1}), shifts, set())
    [doubled] = counted(Counter({(1, "2026-01-05"): 2, (2, "2026-01-05"): 1}), shifts, set())
    assert lost.startswith("lost: [(2,") and doubled.startswith("doubled: [(1,")


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    assert is_flat([100.0, 180.0, 200.0, 205.0, 204.0, 206.0, 205.0, 207.0])
    assert not is_flat([100.0 + 20 * n for n in range(40)])


def test_only_answers_from_500_on_are_failures() -> None:
    told = Told()
    for who, status in (("device", 200), ("foreman", 409), ("reader", 503), ("reader", 503), ("mirror", 0)):
        told.add(who, status)
    assert told.failures == {"reader 503": 2}
