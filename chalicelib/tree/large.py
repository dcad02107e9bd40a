"""Changes of whole subtrees: staged step by step, shown at one flip, and cleared (docs/tree.md, Editions).

The work that stages and flips is finished when everybody sees the tree as it will be. ``tree_clear`` then takes away
what has ended. No step of either can find that it may not be done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import parse
from chalicelib.times import stamp
from chalicelib.tree.carrying import ITEMS, Carried, Carry, items, subtree, with_places
from chalicelib.tree.clearing import AT_MOST, clear
from chalicelib.tree.ground import Found, outline_key
from chalicelib.tree.movement import Movement
from chalicelib.tree.order import LEVELS, last_step, level_of, node_of
from chalicelib.tree.rows import Line, Outline
from chalicelib.tree.staging import begin, end, flip, stage_children, stage_node, stage_order
from chalicelib.work.intents import begun, following, put
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

MOVE, DELETE, CLEAR, VERIFY = "tree_move", "tree_delete", "tree_clear", "tree_verify"
ASKED_AGAIN = timedelta(seconds=90)  # longer than any request that read a node before it was deleted
EDIT_WBS = "edit_wbs"
MOST_AWAITED = 1000  # nodes that a request moves before it answers; more are a job


def size(reading: Reading, company: str, project: str, carries: Sequence[Carry]) -> int:
    """How many nodes some subtrees have."""
    return sum(reading.store.count(subtree(company, project, carry.old)) for carry in carries)


def begin_move(
    company: str,
    found: Found,
    movement: Movement,
    after: Mapping[str, object],
    nodes: int,
    by: str | None,
    now: datetime,
) -> tuple[Intent, list[Change]]:
    """The intent of a move, and the changes that begin it; ``after`` is what the node itself will be besides."""
    intent, changes = begin_subtrees(MOVE, company, found, movement, nodes, by, now)
    return intent, [*changes, stage_node(found.node, after, found.outline.edition + 1)]


def begin_subtrees(
    kind: str, company: str, found: Found, movement: Movement, nodes: int, by: str | None, now: datetime
) -> tuple[Intent, list[Change]]:
    """The intent of some change of subtrees, and the changes that begin it: the parents are staged with it."""
    edition = found.outline.edition + 1
    intent = begun(
        company,
        kind,
        {
            "edition": edition,
            "carries": [[carry.old, carry.new] for carry in movement.carries],
            "parents": [place.node for place, _ in movement.parents],
        },
        now,
        total=nodes,
        by=by,
        permission=EDIT_WBS,
        project=found.node.project,
        awaited=nodes <= MOST_AWAITED,
    )
    children = [stage_children(place, standing, edition) for place, standing in movement.parents]
    return intent, [put(intent), begin(found.outline, intent.id), *children]


def answering(intent: Intent, body: bytes, status: int = 200) -> None:
    """What the work answers when it is finished: known when it begins, as nothing comes between."""
    intent.arguments["answer"], intent.arguments["status"] = body.decode(), status


class Stretch(Struct, frozen=True):
    """Some nodes of the subtrees that an intent is about, in tree order, and where the next ones begin."""

    nodes: Sequence[Carried]
    state: Mapping[str, Any]


def stretch(reading: Reading, intent: Intent) -> Stretch | None:
    """The next nodes to stage, as many as fit a transaction; None where all are staged.

    Raises:
        EditionChanged: a node was appended meanwhile; what is read anew has it.
    """
    number, after = intent.state.get("carry", 0), intent.state.get("after", "")
    carries = [Carry(old, new) for old, new in intent.arguments["carries"]]
    if number == len(carries):
        return None
    company, project = where(intent)
    page = reading.page(subtree(company, project, carries[number].old, after), limit=ITEMS // items(LEVELS))
    lines = _fitting([parse(Line, item) for item in page.rows])
    whole = page.last is None and len(lines) == len(page.rows)
    found = with_places(reading, company, project, carries[number], lines, whole)
    return Stretch(found, {"carry": number + 1} if whole else {"carry": number, "after": lines[-1].sk})


def _fitting(lines: list[Line]) -> list[Line]:
    """As many lines as fit a transaction with what they bring."""
    total, kept = 0, list[Line]()
    for line in lines:
        total += items(line.level)
        if total > ITEMS:
            break
        kept.append(line)
    return kept


def move_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Some nodes staged at their new order keys; then the flip."""
    found = stretch(reading, intent)
    if found is None:
        return shown(reading, intent, now)
    company, edition = where(intent)[0], intent.arguments["edition"]
    changes = [change for each in found.nodes for change in stage_order(company, each, edition)]
    return Step(changes, found.state, intent.done + len(found.nodes))


def shown(reading: Reading, intent: Intent, now: datetime, *, deletes: bool = False) -> Step:
    """The flip: everything that is staged shows, and the work is finished. What has ended is cleared by other work.

    A move is one node that changes its parent; what ``deletes`` takes away the plans of many.
    """
    outline: Outline = reading.rows(outline_key(*where(intent)))[0]
    kept = {name: intent.arguments[name] for name in ("carries", "parents")}
    clearing = following(intent, CLEAR, kept | ({"deletes": True} if deletes else {}), now, total=intent.done)
    answer = intent.arguments.get("answer")
    body = msgspec.Raw(answer.encode()) if answer else None
    changes = [flip(outline, intent.id, clearing.id, bulk=deletes), put(clearing)]
    return Step(changes, intent.state, intent.done, finished=Finished(body, intent.arguments["status"], clearing.id))


def clear_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The parents, then some nodes at a time in the order of their old keys; then the outline is free again."""
    company, project = where(intent)
    number, after = intent.state.get("carry", -1), intent.state.get("after", "")
    carries = [old for old, _ in intent.arguments["carries"]]
    if number == len(carries):
        outline: Outline = reading.rows(outline_key(company, project))[0]
        return Step([end(outline, intent.id)], intent.state, intent.done, finished=Finished(None, 204))
    if number < 0:
        cleared = clear(reading, company, project, intent.arguments["parents"], now, intent.by)
        return Step(cleared.changes, {"carry": 0}, intent.done)
    page = reading.page(subtree(company, project, carries[number], after), limit=AT_MOST)
    orders = [item["sk"]["S"] for item in page.rows]
    ids = [node_of(last_step(order), project) for order in orders]
    cleared = clear(reading, company, project, ids, now, intent.by)
    whole = page.last is None and cleared.count == len(orders)
    gone = [id for id, order in zip(ids[: cleared.count], orders, strict=False) if level_of(order) == LEVELS]
    later = ask_again(company, project, gone, now) if intent.arguments.get("deletes") else []
    state = {"carry": number + 1} if whole else {"carry": number, "after": orders[cleared.count - 1]}
    return Step([*cleared.changes, *later], state, intent.done + cleared.count)


def ask_again(company: str, project: str, activities: Sequence[str], now: datetime) -> list[Change]:
    """Have it asked, when no request that knew the activities runs any more, whether hours have come to them."""
    if not activities:
        return []
    intent = begun(company, VERIFY, {"activities": list(activities)}, now, total=len(activities), project=project)
    intent.not_before = stamp(now + ASKED_AGAIN)
    return [put(intent)]


def where(intent: Intent) -> tuple[str, str]:
    """The company and the project that an intent is about."""
    company, _, _ = str(intent.pk).partition("#")
    assert intent.project is not None, "a tree is a project's"
    return company, intent.project
