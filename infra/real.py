"""``make real``: the main job on a real work breakdown structure of a power plant.

    python -m infra.real DIRECTORY

Reads ``power-plant-accounts-labour-hours.csv`` (MIT licence, its source in the README beside it):
597 activities over four levels. The baseline is **our own schedule**, not the publisher's: each
activity takes twenty working days and starts as the file lists them. The figures of every node are
compared with a calculation from scratch.

Before that it sees whether the worked examples of the tests are still those of ``evm-vectors.json``.
"""

import csv
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import default_rule
from chalicelib.evm.figures import Node, figures
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity, Booking, every_node
from infra.company import create
from infra.demo import Client
from infra.gates import saying
from infra.local.service import service

ROOT, VECTORS = Path(__file__).parents[1], "tests/evm/vectors.json"
FILE = "power-plant-accounts-labour-hours.csv"
CONTROL_TOTAL = 21_989_571
ACTIVITIES = 597
START = date(2026, 1, 5)
AS_OF = date(2026, 10, 30)
CENT = Decimal("0.01")
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
    """One leaf of the file and the names above it."""

    path: tuple[str, str, str]
    name: str
    cost_code: str
    hours: Decimal
    unit: str | None
    quantity: Decimal | None


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
        Decimal(row["Site Labor Hours"]).quantize(CENT, ROUND_HALF_UP),
        row["Site Quantity Unit"].strip() or None,
        Decimal(quantity).quantize(Decimal("0.0001")) if quantity else None,
    )


def main(arguments: list[str]) -> int:
    """Load, work, compare; non-zero when a figure differs."""
    say = saying("real")
    if not _same_vectors(Path(arguments[0])):
        say(f"{VECTORS} differs from the published file")
        return 1
    leaves = accounts(Path(arguments[0]))
    total = sum((leaf.hours for leaf in leaves), Decimal(0))
    say(f"{len(leaves)} activities, {total} hours (control total {CONTROL_TOTAL})")
    if len(leaves) != ACTIVITIES or abs(total - CONTROL_TOTAL) > 1:
        say("the file does not give the control total")
        return 1
    with service(0, "off", say) as (base_url, _, _):
        return _job(base_url, leaves, say)


def _same_vectors(directory: Path) -> bool:
    """Whether the copied facts equal the published ones."""
    published, copied = (
        json.loads(path.read_text())["vectors"] for path in (directory / "evm-vectors.json", ROOT / VECTORS)
    )
    return bool([{name: row[name] for name in copied[0]} for row in published] == copied)


def _job(base_url: str, leaves: list[Account], say: Any) -> int:
    company = create("Power plant", "enterprise", "UTC", "owner@plant.example")
    owner = Client(base_url, company["token"])
    user = owner.call("POST", "/users/", {"name": "Fay", "email": "fay@plant.example", "role": "foreman"})
    foreman = owner.with_token(owner.call("POST", "/tokens/", {"label": "job", "user": user["id"]})["token"])
    project = owner.call("POST", "/projects/", {"code": "PWR12", "name": "Reference plant", "planned_rate": 40})["id"]
    nodes = _build(owner, project, leaves)
    say(f"built {len(nodes)} nodes; the baseline is our own schedule")
    work = _work(owner, foreman, project, leaves)
    say(f"logged and approved {len(work)} entries")
    expected = _expected(leaves, nodes, work)
    _settle(owner, project, expected[project])
    with ThreadPoolExecutor(4) as pool:
        differences = [
            text for found in pool.map(lambda item: _compare(owner, project, *item), expected.items()) for text in found
        ]
    for text in differences[:20]:
        say(text)
    say(f"compared {len(expected)} nodes with a calculation from scratch: {len(differences)} differences")
    return 1 if differences else 0


def _build(owner: Client, project: str, leaves: list[Account]) -> dict[tuple[str, ...], str]:
    nodes: dict[tuple[str, ...], str] = {}
    for place, leaf in enumerate(leaves):
        for depth in range(1, 4):
            key = leaf.path[:depth]
            if key not in nodes:
                nodes[key] = _node(owner, project, nodes.get(key[:-1]), name=key[-1])
        start, finish = _schedule(place)
        nodes[*leaf.path, leaf.name] = _node(
            owner,
            project,
            nodes[leaf.path],
            name=leaf.name,
            cost_code=leaf.cost_code,
            budget_hours=float(leaf.hours),
            unit=leaf.unit,
            quantity=None if leaf.quantity is None else float(leaf.quantity),
            baseline_start=start.isoformat(),
            baseline_finish=finish.isoformat(),
        )
    return nodes


def _node(owner: Client, project: str, parent: str | None, **values: Any) -> str:
    return str(owner.call("POST", f"/projects/{project}/wbs/", values | {"parent": parent})["id"])


def _schedule(place: int) -> tuple[date, date]:
    """Our own baseline: one activity begins each working day or so and takes four weeks."""
    start = START + timedelta(days=place)
    return start, start + timedelta(days=27)


def _work(owner: Client, foreman: Client, project: str, leaves: list[Account]) -> list[tuple[Account, Booking]]:
    """A hundred shifts over every location, some with quantities."""
    crew = [
        hand["id"]
        for hand in (
            owner.call("POST", "/operatives/", {"name": f"Hand {number}", "hourly_rate": 30 + number})
            for number in range(5)
        )
    ]
    work = []
    for place, leaf in enumerate(leaves[::6]):
        day, hours = _schedule(place * 2)[0], Decimal("7.75") + place % 3
        quantity = (leaf.quantity / 3).quantize(Decimal("0.0001")) if leaf.quantity else None
        entry = owner.call(
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
) -> dict[str, dict[str, Any]]:
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
    return {name if name != PROJECT else project: _figures(node) for name, node in found.items()}


def _figures(node: Node) -> dict[str, Any]:
    shown = figures(node)
    return {name: getattr(shown, name) for name in FIGURES}


def _settle(owner: Client, project: str, wanted: dict[str, Any]) -> None:
    """Wait until the stream functions have caught up."""
    until = time.monotonic() + 60
    while _compare(owner, project, project, wanted) and time.monotonic() < until:
        time.sleep(0.5)


def _compare(owner: Client, project: str, node: str, wanted: dict[str, Any]) -> list[str]:
    where = f"/projects/{node}" if node == project else f"/wbs/{node}"
    got = owner.call("GET", f"{where}/kpis/?as_of={AS_OF}")
    return [
        f"{where} {name}: {got[name]} instead of {value}"
        for name, value in wanted.items()
        if (None if got[name] is None else Decimal(str(got[name]))) != value
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
