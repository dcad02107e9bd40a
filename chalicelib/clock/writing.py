"""What a settled timeline writes: events that have become different, what they wait for, and their entries."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, cast

from pynamodb.expressions.condition import Condition

from chalicelib.clock.booking import dates, shifts_place
from chalicelib.clock.judging import OVERLAP
from chalicelib.clock.rows import ClockEvent, ClockHead, Waiting, changed, head_place, waiting_place
from chalicelib.clock.surroundings import SETTLED
from chalicelib.clock.timeline import Timeline
from chalicelib.labour import entries
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import ClockIdClaim
from chalicelib.storage.changes import Change, Check, Delete, Put, Raw, absent
from chalicelib.storage.store import Wanted


def changes(line: Timeline) -> list[Change]:
    """Everything that has become different."""
    differing = [row for row in line.rows.values() if row.sk in line.changed or _differs(line, row)]
    found: list[Change] = []
    for row in differing:
        found.append(changed(row, line.now))
        found += _waits(line, row)
    if differing:
        found.append(_raised(line))
    found += [*line.made_operative, *(line.books.changes() if line.books else ())]
    return [*found, *_same_events(line, differing), *_checks(line, differing, written_places(found))]


def _same_events(line: Timeline, differing: Iterable[ClockEvent]) -> Iterator[Change]:
    """That the events from which entries are written still say so, where they are not written themselves."""
    for name in sorted((line.booked & line.rows.keys()) - {row.sk for row in differing}):
        row = line.rows[name]
        yield Check(ClockEvent, (row.pk, row.sk), ClockEvent.version == row.version)


def _differs(line: Timeline, row: ClockEvent) -> bool:
    return {name: getattr(row, name) for name in SETTLED} != line.before.get(row.sk)


def _waits(line: Timeline, row: ClockEvent) -> list[Change]:
    """The event put under what it waits for, and taken from under what it does not."""
    was, now = ({*(each or ())} for each in (line.before.get(row.sk, {}).get("causes"), row.causes))
    found: list[Change] = []
    for cause in sorted(now - was):
        _, pk, sk = waiting_place(line.company, cause, line.form, row.sk)
        found.append(Put(Waiting(pk=pk, sk=sk, form=line.form, event=row.sk)))
    for cause in sorted(was - now):
        model, pk, sk = waiting_place(line.company, cause, line.form, row.sk)
        found.append(Delete(model, (pk, sk)))
    return found


def _raised(line: Timeline) -> Change:
    """The head one version further: no other request has changed this clock ID's events since it was read."""
    _, pk, sk = place = head_place(line.company, line.form)
    head: ClockHead | None = line.reading.rows(place)[0]
    before = head.version if head else 0
    condition: Condition = ClockHead.version == before if head else absent(ClockHead)
    return Put(ClockHead(pk=pk, sk=sk, version=before + 1), condition)


def _checks(line: Timeline, differing: Iterable[ClockEvent], written: Collection[Wanted]) -> list[Change]:
    """That what events wait for has not come meanwhile, where it is a row that nobody else's hours touch.

    A project is everybody's: whoever fixes one looks again after the longest request.
    """
    found: dict[Wanted, Change] = {}
    for place in (place for row in differing for place in _waited_for(line, row)):
        if place in written:
            continue
        model, row = cast(Any, place[0]), cast(Any, line.reading.row(*place))
        if row is None:
            found[place] = Check(model, place[1:], absent(model))
        else:
            same = model.holder == row.holder if model is ClockIdClaim else model.version == row.version
            found[place] = Check(model, place[1:], same)
    return list(found.values())


def _waited_for(line: Timeline, row: ClockEvent) -> Iterator[Wanted]:
    """The rows of this clock ID's operative that keep an event from being hours."""
    if row.reason == OVERLAP and row.operative and row.clock_in and row.clock_out:
        span = datetime.fromisoformat(row.clock_in), datetime.fromisoformat(row.clock_out)
        yield from (shifts_place(line.company, row.operative, date) for date in dates(*span))
        return
    for cause in row.causes or ():
        kind, _, id = cause.partition("#")
        match kind:
            case "clock":
                yield operatives.clock_place(line.company, id)
            case "operative":
                yield operatives.place(line.company, id)
            case "entry":
                yield entries.place(line.company, id)


def written_places(changes: Iterable[Change]) -> set[Wanted]:
    """Which rows changes write."""
    found: set[Wanted] = set()
    for change in changes:
        if isinstance(change, Put):
            found.add((type(change.row), str(change.row.pk), str(change.row.sk)))
        elif not isinstance(change, Raw):
            found.add((change.model, *change.key))
    return found
