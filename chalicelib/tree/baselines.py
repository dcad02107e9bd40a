"""Baselines: the plan of a project frozen, activity by activity, and there once it is whole.

A freeze holds the outline as a large change does, so that no import flips and no other freeze runs meanwhile. It
goes by the nodes' keys, which no move changes. Whoever changes an activity meanwhile keeps first what it was
(:mod:`chalicelib.tree.freezing`); what is made meanwhile is not in the baseline.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.access.callers import Caller
from chalicelib.errors import InUse
from chalicelib.storage.changes import Change, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import parse
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.tree.editions import as_of, busy
from chalicelib.tree.freezing import baseline_sk, frozen_key, was_there
from chalicelib.tree.freezing import put as put_frozen
from chalicelib.tree.ground import find_ground, outline_key
from chalicelib.tree.large import MOST_AWAITED, where
from chalicelib.tree.rows import ALL_LEVELS, Baseline, Line, Node, Outline
from chalicelib.tree.staging import end
from chalicelib.work.intents import begun, put
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

FREEZE = "baseline_freeze"
EDIT_BUDGETS = "edit_budgets"
MOST = 20
TOGETHER = 90


def baselines_of(company: str, project: str) -> Query[Baseline]:
    """The baselines of a project by number."""
    return Query(model=Baseline, hash=key(company, project), between=("baseline#", "baseline#~"))


def baselines_in(reading: Reading, company: str, project: str) -> list[Baseline]:
    """The baselines of a project by number, or :class:`NotFound`."""
    _, rows = reading.together(
        lambda: find_ground(reading, company, project), lambda: list(reading.each(baselines_of(company, project)))
    )
    found: list[Baseline] = rows
    return found


def freeze(reading: Reading, caller: Caller, project: str, name: str, now: datetime) -> Decided[Intent]:
    """Begin to freeze the plan as the next baseline; the answer is the work.

    Raises:
        InUse: there are as many baselines as there may be, or a large change is under way.
    """
    company = caller.company
    ground = find_ground(reading, company, project)
    count = reading.store.count(baselines_of(company, project))
    if count >= MOST:
        raise InUse(f"A project has at most {MOST} baselines; key figures take the one that you name.")
    lines: Query[Line] = Query(model=Line, hash=key(company, project, ALL_LEVELS))
    nodes = reading.store.count(lines)
    baseline = Baseline(
        pk=key(company, project),
        sk=baseline_sk(count + 1),
        project=project,
        number=count + 1,
        name=name,
        frozen_at=stamp(now),
        frozen_by=caller.user,
        working_days=list(ground.project.working_days),
        holidays=dict(ground.project.holidays),
    )
    arguments = {field: value for field, value in baseline.plain().items() if field not in {"pk", "sk"}}
    intent = begun(
        company,
        FREEZE,
        arguments,
        now,
        total=nodes,
        by=caller.user,
        permission=EDIT_BUDGETS,
        project=project,
        awaited=nodes <= MOST_AWAITED,
    )
    return Decided([put(intent), _held(ground.outline, intent.id, count + 1)], intent)


def _held(outline: Outline, intent: str, number: int) -> Change:
    if outline.change is not None:
        raise busy()
    free = (Outline.edition == outline.edition) & Outline.change.does_not_exist()
    actions = (Outline.change.set(intent), Outline.freezing.set(number))
    return Update(Outline, (outline.pk, outline.sk), actions, free)


def freeze_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Some activities frozen; in the end the baseline itself."""
    company, project = where(intent)
    outline: Outline = reading.rows(outline_key(company, project))[0]
    after = intent.state.get("after", "node#")
    query: Query[Node] = Query(model=Node, hash=key(company, project), between=(after + "!", "node#~"))
    page = reading.page(query, limit=TOGETHER)
    nodes = [parse(Node, item) for item in page.rows]
    changes = _not_kept(reading, intent, [as_of(each, outline.edition) for each in nodes])
    done = intent.done + len(nodes)
    if page.last is not None:
        return Step(changes, {"after": nodes[-1].sk}, done)
    return _whole(intent, outline, changes, done)


def _not_kept(reading: Reading, intent: Intent, nodes: Sequence[Node | None]) -> list[Change]:
    """The activities of then that nobody has put into the baseline yet."""
    company, number = where(intent)[0], intent.arguments["number"]
    activities = [node for node in nodes if node is not None and was_there(node, number)]
    kept = reading.rows(*(frozen_key(company, node.id, number) for node in activities))
    return [put_frozen(company, node, number) for node, row in zip(activities, kept, strict=True) if row is None]


def _whole(intent: Intent, outline: Outline, changes: Sequence[Change], done: int) -> Step:
    company, project = where(intent)
    row = Baseline(pk=key(company, project), sk=baseline_sk(intent.arguments["number"]), **intent.arguments)
    last = [*changes, Put(row, absent(Baseline)), end(outline, intent.id)]
    return Step(last, intent.state, done, finished=Finished(shown(row), 201))


def shown(row: Baseline) -> dict[str, Any]:
    """A baseline as the API shows it."""
    return {"number": row.number, "name": row.name, "frozen_at": row.frozen_at, "frozen_by": row.frozen_by}
