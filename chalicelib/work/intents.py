"""Work of more than one transaction, always brought to its end.

An intent is decided and committed like any other change, together with the completion of its request's key. From
then on it goes forward step by step, each one transaction that also raises the intent's version: so whoever
takes a step (the request, its retry, a stream function, the schedule), no step is taken twice.
"""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.encoding import encode
from chalicelib.errors import Unavailable, WbsyncError, of_code
from chalicelib.ids import new_id
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.storage.work import Decided, commit
from chalicelib.times import stamp, utc_now
from chalicelib.work.kinds import Step, StepOf, step_of
from chalicelib.work.rows import FINISHED, Intent, Piece

KEPT = timedelta(days=30)
OF_REQUEST = timedelta(seconds=40)  # work that a request waits for is left to it for longer than a request lasts
CARRIED_SECONDS = 5.0  # what one step has read may serve the next; rows that no step writes are read again after that
NO_CONTENT = 204
THEN = "then"  # in the state of finished work: the work that follows it
MOST_STAGED = 50  # pieces in one transaction
Moment = Callable[[], datetime]


def begun(
    company: str,
    kind: str,
    arguments: Mapping[str, object],
    now: datetime,
    *,
    total: int,
    by: str | None = None,
    permission: str | None = None,
    project: str | None = None,
    awaited: bool = False,
    id: str | None = None,
) -> Intent:
    """A new intent, to be put on condition that it is absent.

    ``awaited`` work is what a request answers with: it carries it out itself, and others leave it alone meanwhile.
    """
    id, at = id or new_id(), stamp(now)
    return Intent(
        pk=key(company, id),
        sk="intent",
        id=id,
        kind=kind,
        by=by,
        permission=permission,
        project=project,
        arguments=dict(arguments),
        state={},
        status="queued",
        done=0,
        total=total,
        not_before=stamp(now + OF_REQUEST) if awaited else None,
        version=1,
        created_at=at,
        updated_at=at,
        expires=int((now + KEPT).timestamp()),
    )


def following(intent: Intent, kind: str, arguments: Mapping[str, object], now: datetime, *, total: int) -> Intent:
    """Work that follows other work of a project: where a request waits for that one, it is left to the same request."""
    company, _, _ = str(intent.pk).partition("#")
    awaited = intent.not_before is not None
    return begun(company, kind, arguments, now, total=total, by=intent.by, project=intent.project, awaited=awaited)


def changed_at(decided: str, now: datetime) -> str:
    """What a row that work writes says of when it changed: when that was decided, as its request answered, unless that
    was so long ago that incremental reads are past it."""
    return decided if decided > stamp(now - OF_REQUEST) else stamp(now)


def put(intent: Intent) -> Change:
    """The change that begins the work."""
    return Put(intent, absent(Intent))


def piece(company: str, intent: str, n: int) -> tuple[type[Piece], str, str]:
    """Which row is the n-th piece of an intent."""
    return Piece, key(company, intent), f"piece#{n:06d}"


def pieces(company: str, intent: str, contents: Sequence[Mapping[str, object]], now: datetime) -> list[Put]:
    """The rows of an intent's pieces, in their order."""
    until = int((now + KEPT).timestamp())
    found = []
    for n, content in enumerate(contents):
        _, pk, sk = piece(company, intent, n)
        found.append(Put(Piece(pk=pk, sk=sk, content=dict(content), expires=until)))
    return found


def stage(store: Store, company: str, intent: str, contents: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Put the pieces of an intent that is to be; nobody sees them before it is, and without it they expire."""
    rows = pieces(company, intent, contents, now)
    for start in range(0, len(rows), MOST_STAGED):
        store.transact(rows[start : start + MOST_STAGED])


def find(store: Store, company: str, id: str) -> Intent | None:
    """The intent as it is now."""
    return store.get(Intent, key(company, id), "intent")


def forward(store: Store, company: str, id: str, now: Moment = utc_now, *, waited_for: bool = False) -> Intent | None:
    """Take steps until the work is finished, waits for its time, or the function's time runs short.

    ``waited_for`` says that the request whose answer it is takes them.
    """
    carried: Reading | None = None
    last: Reading | None = None
    read_at = 0.0

    def take(reading: Reading) -> Decided[Intent | None]:
        nonlocal last
        last = reading
        return _taken(reading, company, id, now(), waited_for)

    while True:
        decided = commit(store, take, known=carried)
        if not decided.changes or not store.has_time() or last is None:
            return decided.answer
        read_at = read_at if last is carried else time.monotonic()
        carried = last.after(decided.changes) if time.monotonic() - read_at < CARRIED_SECONDS else None


def _taken(
    reading: Reading, company: str, id: str, now: datetime, waited_for: bool, take: StepOf | None = None
) -> Decided[Intent | None]:
    """One step, its kind's or the one to ``take``; no changes where there is none to take now."""
    intent = reading.row(Intent, key(company, id), "intent")
    if intent is None or intent.status in FINISHED or (_waits(intent, now) and not waited_for):
        return Decided([], intent)
    same: Condition = Intent.version == intent.version
    try:
        step = (take or step_of(intent.kind))(reading, intent, now)
    except Unavailable:
        raise
    except WbsyncError as error:  # the work may not be done: it says why, and it has changed nothing
        step = None
        intent.status, intent.errors = "failed", _problems(error)
    except (LookupError, StopIteration, ValueError, AssertionError, AttributeError, TypeError) as error:
        newest = find(reading.store, company, id)
        if newest is None or newest.version != intent.version:
            raise ConditionFailed from error  # what was read before and after another function took the step
        raise
    if step is not None:
        _advance(intent, step)
    intent.version, intent.updated_at = intent.version + 1, stamp(now)
    changes = [*(step.changes if step else []), Put(intent, same)]
    if step is None or step.otherwise is None:
        return Decided(changes, intent)
    refused = partial(_taken, company=company, id=id, now=now, waited_for=waited_for, take=step.otherwise)
    return Decided(changes, intent, otherwise=refused)


def _advance(intent: Intent, step: Step) -> None:
    intent.state, intent.done = dict(step.state), step.done
    intent.status = "succeeded" if step.finished else "running"
    intent.not_before = stamp(step.not_before) if step.not_before else intent.not_before
    if step.finished:
        intent.result, intent.result_status = zlib.compress(encode(step.finished.body)), step.finished.status
        intent.state |= {THEN: step.finished.then} if step.finished.then else {}


def _waits(intent: Intent, now: datetime) -> bool:
    return intent.not_before is not None and intent.not_before > stamp(now)


def _problems(error: WbsyncError) -> list[dict[str, Any]]:
    named = [{"field": name, "messages": list(messages)} for name, messages in (error.errors or {}).items()]
    return [{"code": error.code, "detail": error.detail}, *named]


def result(intent: Intent) -> bytes | None:
    """What finished work answers, as JSON."""
    return zlib.decompress(intent.result) if intent.result is not None else None


def carry_out(store: Store, company: str, id: str) -> tuple[int, bytes]:
    """The status and body that a request's work comes to, carried out now as far as it is not yet.

    What follows it is carried out as well, as far as the function's time allows: it is nobody's answer.

    Raises:
        Unavailable: the function's time was too short; the work goes on, and a retry with the key gives its answer.
        WbsyncError: what the work has failed with, having changed nothing.
    """
    intent = forward(store, company, id, waited_for=True)
    if intent is not None and intent.errors:
        raise _failure(intent.errors)
    if intent is None or intent.result is None:
        raise Unavailable("The work goes on. Ask again with the same Idempotency-Key for its answer.")
    if THEN in intent.state:
        with suppress(Unavailable):
            forward(store, company, intent.state[THEN], waited_for=True)
    body = result(intent)
    assert body is not None and intent.result_status is not None, "finished work has a result"
    return intent.result_status, b"" if intent.result_status == NO_CONTENT else body


def _failure(problems: Sequence[Mapping[str, Any]]) -> WbsyncError:
    """The reverse of :func:`_problems`."""
    first, *named = problems
    errors = {each["field"]: each["messages"] for each in named}
    return of_code(first["code"])(first["detail"], errors=errors or None)
