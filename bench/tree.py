"""What a project of nearly 20,000 nodes costs: pages in tree order, a nested tree, and the move of a large subtree.

The rows are put straight into the local moto. Its own time is taken off: what is left of the CPU is the
application's and botocore's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import cycle
from typing import TYPE_CHECKING, Any

from bench.meter import Meter

if TYPE_CHECKING:
    from chalicelib.storage.rows import Row
    from tests.stage import Client, Stage

_LAYOUT = "{:<54} {:>10} {:>8} {:>9} {:>9} {:>9}"


@dataclass(frozen=True)
class Shape:
    """How many nodes of each level stand under one of the level above."""

    locations: int = 4
    below: tuple[int, int, int] = (5, 49, 19)

    @property
    def subtree(self) -> int:
        """The nodes of one location, itself included."""
        first, second, third = self.below
        return 1 + first * (1 + second * (1 + third))


@dataclass
class Planted:
    """A project whose rows are in the tables: ids of its locations, and some nodes on the way down in the first."""

    project: str
    locations: list[str] = field(default_factory=list)
    branch: list[str] = field(default_factory=list)


def tree_section(output: Callable[[str], object] = print, shape: Shape | None = None) -> None:
    """Print a row for each kind of request."""
    from tests.stage import running

    shape = shape or Shape()
    with running() as stage, outside() as moto:
        planted = plant(stage, shape)
        output(f"{shape.locations * shape.subtree:,} nodes, {shape.subtree:,} in a location")
        output(_LAYOUT.format("request", "sequential", "calls", "RCU", "WCU", "CPU ms"))
        for name, send in requests(stage, planted):
            output(_LAYOUT.format(name, *cost(send, moto)))
        for name, send in long_requests(stage, planted):
            output(_LAYOUT.format(name, *time_of(send, moto)))


def cost(
    send: Callable[[], object], moto: Spent, prepare: Callable[[], object] = lambda: None
) -> tuple[int, int, Decimal, Decimal, str]:
    """Sequential calls, calls, read and write units, and the CPU that is ours; ``prepare`` goes before, unmeasured."""
    import boto3

    from bench.application import indexes
    from chalicelib.storage.store import store

    meter = Meter(boto3.client("dynamodb"), indexes())
    prepare()
    began, taken = time.process_time(), moto.seconds
    send()
    ours = time.process_time() - began - (moto.seconds - taken)
    prepare()
    meter.attach(store().client)
    try:
        send()
        capacity = meter.capacity()
        return meter.sequential_calls(), len(meter.calls), capacity.read, capacity.write, f"{1000 * ours:.0f}"
    finally:
        meter.detach(store().client)


def time_of(send: Callable[[], object], moto: Spent) -> tuple[str, int, str, str, str]:
    """Calls and CPU of what takes so long that a meter would come in its way."""
    from tests.faults.harness import sound, storage

    began, taken = time.process_time(), moto.seconds
    with storage(sound) as client:
        send()
    ours = time.process_time() - began - (moto.seconds - taken)
    return "", len(client.calls), "", "", f"{1000 * ours:.0f}"


@dataclass
class Spent:
    """CPU seconds of the emulator, in whatever thread."""

    seconds: float = 0.0


@contextmanager
def outside() -> Iterator[Spent]:
    """The emulator's own time, as long as the block lasts."""
    from moto.core.models import botocore_stubber

    spent, answer = Spent(), botocore_stubber.process_request

    def timed(request: Any) -> Any:
        began = time.thread_time()
        try:
            return answer(request)
        finally:
            spent.seconds += time.thread_time() - began

    botocore_stubber.process_request = timed  # type: ignore[method-assign]  # the one place that every call passes
    try:
        yield spent
    finally:
        botocore_stubber.process_request = answer  # type: ignore[method-assign]  # as above


def plant(stage: Stage, shape: Shape) -> Planted:
    """A project of that shape."""
    from chalicelib.tree.rows import Outline
    from chalicelib.tree.standing import Standing

    project = str(stage.owner.ok("POST", "/projects/", {"code": "LONG", "name": "Long"})["id"])
    company, planted = stage.made["company"]["id"], Planted(project)
    put([Outline(pk=f"{company}#{project}", sk="outline", edition=0)])
    numbers = iter(range(10**9))
    _plant(company, planted, Standing(), (shape.locations, *shape.below), 1, numbers)
    return planted


def _plant(
    company: str, planted: Planted, holder: Any, counts: tuple[int, ...], level: int, numbers: Iterator[int]
) -> None:
    """The children of one place, and everything below them."""
    from chalicelib.tree.ground import new_place
    from chalicelib.tree.order import node_of
    from chalicelib.tree.standing import Standing, insert

    for _ in range(counts[0]):
        holder = insert(holder, f"{planted.project}{next(numbers):012d}").standing
    project = planted.project
    put([new_place(company, project, _node_at(holder.order, project), holder)])
    for step in holder.children:
        node, order = node_of(step, project), holder.order + step
        put(_rows(company, project, node, order, level))
        planted.locations += [node] if level == 1 else []
        planted.branch += [node] if len(planted.branch) == level - 1 else []
        below = Standing(order)
        if len(counts) > 1:
            _plant(company, planted, below, counts[1:], level + 1, numbers)
        else:
            put([new_place(company, project, node, below)])


def _node_at(order: str, project: str) -> str:
    from chalicelib.tree.order import last_step, node_of

    return node_of(last_step(order), project) if order else project


def _rows(company: str, project: str, node: str, order: str, level: int) -> list[Row]:
    from chalicelib.tree.carrying import line
    from chalicelib.tree.claims import keys
    from chalicelib.tree.order import parent_of
    from chalicelib.tree.rows import Node, NodeClaim, lines_of

    at, number = "2026-06-08T07:00:00.000000Z", node[-6:]
    plan = {"cost_code": f"C-{number}", "budget_hours": Decimal(40), "unit": "m3", "quantity": Decimal(12)}
    dates = {"earning_rule": "units", "baseline_start": "2026-06-01", "baseline_finish": "2026-06-30"}
    row = Node(
        pk=f"{company}#{project}",
        sk=f"node#{node}",
        id=node,
        project=project,
        level=level,
        name=f"Work item number {number}",
        version=1,
        created_at=at,
        updated_at=at,
        **(plan | dates if level == 4 else {}),
    )
    held = keys(parent_of(order, project), row.name, row.cost_code)
    claims = [NodeClaim(pk=row.pk, sk=sk, holder=node, label=getattr(row, field)) for field, sk in held.items()]
    return [row, *claims, *(line(pk, sk, level, row.searchable()) for pk, sk in lines_of(company, project, order))]


def put(rows: list[Row]) -> None:
    """Rows straight into moto's tables."""
    from moto.dynamodb.models import dynamodb_backends

    from chalicelib.storage.store import store
    from infra.local.lambda_context import ACCOUNT, REGION

    tables = dynamodb_backends[ACCOUNT][REGION].tables
    for row in rows:
        tables[store().name(row.table)].put_item(row.serialize())


def requests(stage: Stage, planted: Planted) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is measured, by name; each is sent twice, once for its CPU and once for its calls."""
    owner, project = stage.owner, planted.project
    wbs, activity = f"/projects/{project}/wbs/", planted.branch[3]
    following = owner.ok("GET", f"{wbs}?page_size=50")["next"].removeprefix("/api/v1")
    yield "GET …/wbs/, the first page", lambda: owner.ok("GET", wbs)
    yield "GET …/wbs/, a following page", lambda: owner.ok("GET", following)
    yield "GET …/wbs/?level=2", lambda: owner.ok("GET", f"{wbs}?level=2")
    yield "GET …/wbs/{id}/ of an activity", lambda: owner.ok("GET", f"/wbs/{activity}/")
    yield "PATCH …/wbs/{id}/ of a budget", lambda: owner.ok("PATCH", f"/wbs/{activity}/", {"budget_hours": 41})
    yield "PATCH …/wbs/{id}/, an activity to the end", there_and_back(owner, activity, 20)


def long_requests(stage: Stage, planted: Planted) -> Iterator[tuple[str, Callable[[], object]]]:
    """What takes seconds, by name; each is sent once."""
    owner, location = stage.owner, planted.locations[0]
    wbs = f"/projects/{planted.project}/wbs/"
    yield (
        "GET …/wbs/?view=tree&under=<a location>",
        lambda: owner.ok("GET", f"{wbs}?view=tree&page_size=200&under={location}"),
    )
    yield "PATCH …/wbs/{id}/, a location to the end: job, clearing", there_and_back(owner, location, 4, stage)


def there_and_back(owner: Client, node: str, last: int, stage: Stage | None = None) -> Callable[[], object]:
    """A node to the end of its siblings, and with the next call to their beginning."""
    positions = cycle((last, 1))

    def send() -> None:
        owner.ok("PATCH", f"/wbs/{node}/", {"position": next(positions)})
        if stage is not None:
            finish(stage.made["company"]["id"])

    return send


def finish(company: str) -> None:
    """The work that has begun, to its end."""
    from chalicelib.storage.queries import Query
    from chalicelib.storage.store import store
    from chalicelib.work import intents
    from chalicelib.work.rows import UNFINISHED, Intent

    while left := list(store().each(Query(model=Intent, hash="unfinished", list=UNFINISHED))):
        for row in left:
            intents.forward(store(), company, row.id, waited_for=True)
