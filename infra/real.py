"""``make real``: the main job on a real work breakdown structure of a power plant.

    python -m infra.real [DIRECTORY]

Reads ``power-plant-accounts-labour-hours.csv`` (MIT licence, its source in the README beside it), by default the copy
that is kept here: 597 activities over four levels, imported as a workbook (docs/import.md says which column comes from
where). The baseline is **our own schedule**, not the publisher's: each
activity takes twenty working days and starts as the file lists them. The figures of every node are
compared with a calculation from scratch.

With a directory of the published files it first sees whether the copies are still the same, those of the worked
examples in the tests (``evm-vectors.json``) too.
"""

import csv
import json
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import default_rule
from chalicelib.evm.figures import Node, figures
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity, Booking, every_node
from chalicelib.tree.export import XLSX, as_xlsx
from infra.company import create
from infra.demo import Client
from infra.gates import saying
from infra.local.service import service

ROOT, VECTORS = Path(__file__).parents[1], "tests/evm/vectors.json"
KEPT = Path(__file__).with_name("real_data")
FILE = "power-plant-accounts-labour-hours.csv"
CONTROL_TOTAL = 21_989_571
ACTIVITIES = 597
START = date(2026, 1, 5)
AS_OF = date(2026, 10, 30)
CENT = Decimal("0.01")
PATIENCE = 60.0
Figures = Mapping[str, object]
FIGURES = (
    "bac",
    "pv",
    "ev",
    "ac",
    "se",
    "spi",
    "cpi",
    "sv",
    "cv",
    "eac",
    "etc",
    "vac",
    "tcpi",
    "percent_complete",
    "percent_spent",
)


@dataclass(frozen=True, slots=True)
class Account:
    """One leaf of the file and the names above it; figures with all digits of the file."""

    path: tuple[str, str, str]
    name: str
    cost_code: str
    exact_hours: Decimal
    unit: str | None
    exact_quantity: Decimal | None

    @property
    def hours(self) -> Decimal:
        """As an import rounds them."""
        return self.exact_hours.quantize(CENT, ROUND_HALF_UP)

    @property
    def quantity(self) -> Decimal | None:
        """As an import rounds it."""
        exact = self.exact_quantity
        return None if exact is None else exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def accounts(directory: Path) -> list[Account]:
    """The leaves below A.2, without the rows of other plant types."""
    with (directory / FILE).open(encoding="utf-8-sig", newline="") as file:
        rows = {row["Account"].rstrip("."): row for row in csv.DictReader(file)}
    return list(_leaves(rows))


def _leaves(rows: dict[str, dict[str, str]]) -> Iterator[Account]:
    parents = {_parent(code, rows) for code in rows}
    for code, row in rows.items():
        if (
            code.startswith("A.2")
            and not code.startswith(("A.219", "A.229"))
            and code not in parents
            and Decimal(row["Site Labor Hours"] or 0) > 0
        ):
            yield _account(code, row, rows)


def _parent(code: str, rows: dict[str, dict[str, str]]) -> str | None:
    return next((code[:length] for length in range(len(code) - 1, 0, -1) if code[:length] in rows), None)


def _account(code: str, row: dict[str, str], rows: dict[str, dict[str, str]]) -> Account:
    def named(account: str) -> str:
        return f"{account.removeprefix('A.')} {rows[account]['Account Description'].strip()}"

    middle = code[:6] if code.startswith("A.218") and code[:6] in rows else code[:5]
    quantity = row["Site Quantity"].strip()
    return Account(
        (named(code[:4]), named(middle), named(_parent(code, rows) or middle)),
        row["Account Description"].strip(),
        row["Account"],
        Decimal(row["Site Labor Hours"]),
        row["Site Quantity Unit"].strip() or None,
        Decimal(quantity) if quantity else None,
    )


def main(arguments: list[str]) -> int:
    """Load, work, compare; non-zero when a figure differs."""
    say = saying("real")
    for published in map(Path, arguments):
        if differing := _differing(published):
            say(f"{differing} differs from the published file in {published}")
            return 1
    leaves = accounts(KEPT)
    total = sum((leaf.hours for leaf in leaves), Decimal(0))
    say(f"{len(leaves)} activities, {total} hours (control total {CONTROL_TOTAL})")
    if len(leaves) != ACTIVITIES or abs(total - CONTROL_TOTAL) > 1:
        say("the file does not give the control total")
        return 1
    with service(0, "off", say) as (base_url, _, _):
        return _job(base_url, leaves, say)


def _differing(published: Path) -> str | None:
    """Which of the files that are kept here is not as it was published; None where they are the same."""
    if (published / FILE).read_bytes() != (KEPT / FILE).read_bytes():
        return FILE
    theirs, ours = (
        json.loads(path.read_text())["vectors"] for path in (published / "evm-vectors.json", ROOT / VECTORS)
    )
    return None if [{name: row[name] for name in ours[0]} for row in theirs] == ours else VECTORS


def _job(base_url: str, leaves: list[Account], say: Any) -> int:
    company = create("Power plant", "enterprise", "UTC", "owner@plant.example")
    owner = Client(base_url, company["token"])
    # Whoever approves is not whoever logs, though one owner has made the tokens of both.
    supervisor, foreman = (
        owner.person(name, f"{name.lower()}@plant.example", role)
        for name, role in (("Sam", "supervisor"), ("Fay", "foreman"))
    )
    project = owner.call("POST", "/projects/", {"code": "PWR12", "name": "Reference plant", "planned_rate": 40})["id"]
    counts = _import(owner, project, workbook(leaves))
    say(f"imported {counts['created']} activities, {counts['rounded']} figures rounded; the schedule is our own")
    again = _import(owner, project, owner.file(f"/projects/{project}/wbs/export/"))
    if (counts["created"], again["unchanged"]) != (ACTIVITIES, ACTIVITIES):
        say(f"importing the export again would change something: {again}")
        return 1
    nodes = _nodes(owner, project)
    work = _work(_crew(owner), supervisor, foreman, project, leaves)
    say(f"logged and approved {len(work)} entries")
    expected = _expected(leaves, nodes, work)
    differences = compared(owner, project, f"?as_of={AS_OF}", expected, PATIENCE)
    for text in differences[:20]:
        say(text)
    say(f"compared {len(expected)} nodes with a calculation from scratch: {len(differences)} differences")
    return 1 if differences else 0


def workbook(leaves: list[Account]) -> bytes:
    """The file's leaves in the columns of an import (docs/import.md), as a workbook."""
    return as_xlsx(
        (*leaf.path, leaf.name, leaf.cost_code, leaf.exact_hours, leaf.unit, leaf.exact_quantity, *_schedule(place))
        for place, leaf in enumerate(leaves)
    )


def _import(owner: Client, project: str, file: bytes) -> dict[str, object]:
    """The counts of an import; asked for again by its key when it outlasts its request, or has to wait for another."""
    return dict(owner.patiently("POST", f"/projects/{project}/wbs/import/", file, PATIENCE, XLSX))


def _nodes(owner: Client, project: str) -> dict[tuple[str, ...], str]:
    """Every node's id by its path."""
    return {tuple(node["path"]): node["id"] for node in owner.every(f"/projects/{project}/wbs/?page_size=200")}


def _schedule(place: int) -> tuple[date, date]:
    """Our own baseline: one activity begins each working day or so and takes four weeks."""
    start = START + timedelta(days=place)
    return start, start + timedelta(days=27)


def _crew(owner: Client) -> list[str]:
    """Five hands, each with another rate."""
    hands = ({"name": f"Hand {number}", "hourly_rate": 30 + number} for number in range(5))
    return [owner.call("POST", "/operatives/", hand)["id"] for hand in hands]


def _work(
    crew: list[str], supervisor: Client, foreman: Client, project: str, leaves: list[Account]
) -> list[tuple[Account, Booking]]:
    """A hundred shifts over every location, some with quantities: one person logs them, another approves."""
    work = []
    for place, leaf in enumerate(leaves[::6]):
        day, hours = _schedule(place * 2)[0], Decimal("7.75") + place % 3
        quantity = (leaf.quantity / 3).quantize(Decimal("0.0001")) if leaf.quantity else None
        entry = supervisor.call(
            "POST",
            "/labour/",
            {
                "project": project,
                "operative": crew[place % 5],
                "date": day.isoformat(),
                "hours": float(hours),
                "status": "submitted",
                "cost_code": leaf.cost_code,
                "quantity": None if quantity is None else float(quantity),
            },
        )
        foreman.call("POST", f"/labour/{entry['id']}/approve/")
        work.append((leaf, Booking(day, micro_hours(hours), Decimal(30 + place % 5), quantity)))
    return work


def _expected(
    leaves: list[Account],
    nodes: dict[tuple[str, ...], str],
    work: list[tuple[Account, Booking]],
) -> dict[str, Figures]:
    activities: list[Activity] = []
    for place, leaf in enumerate(leaves):
        above = tuple(nodes[leaf.path[:depth]] for depth in range(1, 4))
        booked = tuple(booking for account, booking in work if account is leaf)
        activities.append(
            Activity(
                nodes[*leaf.path, leaf.name],
                above,
                Plan(micro_hours(leaf.hours), *_schedule(place)),
                default_rule(leaf.quantity),
                leaf.quantity,
                work=booked,
            )
        )
    found = every_node(activities, WorkCalendar({1, 2, 3, 4, 5}), AS_OF, Decimal(40))
    project = next(iter(nodes.values()))[:12]
    return {name if name != PROJECT else project: figures_of(node) for name, node in found.items()}


def figures_of(node: Node) -> Figures:
    """The key figures that are compared."""
    shown = figures(node)
    return {name: getattr(shown, name) for name in FIGURES}


def compared(client: Client, project: str, query: str, expected: Mapping[str, Figures], seconds: float) -> list[str]:
    """Which key figures are not as expected, by node; the project's are waited for as long as that."""
    until = time.monotonic() + seconds
    while _of_node(client, project, query, project, expected[project]) and time.monotonic() < until:
        time.sleep(0.5)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(partial(_of_node, client, project, query), expected.keys(), expected.values())
        return [text for texts in found for text in texts]


def _of_node(client: Client, project: str, query: str, node: str, wanted: Figures) -> list[str]:
    where = f"/projects/{node}" if node == project else f"/wbs/{node}"
    got = client.patiently("GET", f"{where}/kpis/{query}", None, PATIENCE)
    return [
        f"{where} {name}: {got[name]} instead of {value}"
        for name, value in wanted.items()
        if (None if got[name] is None else Decimal(str(got[name]))) != value
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
