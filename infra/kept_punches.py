"""The kept punches of a forgotten operative: moved to a clock ID that nobody has, as their keys hold the real one."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.access.keys import keyed
from chalicelib.clock import event_ids
from chalicelib.clock.rows import ClockEvent, ClockHead, Waiting, event_place, head_place, waiting_place
from chalicelib.errors import Unavailable
from chalicelib.ids import ID_LENGTH
from chalicelib.labour.rows import Entry
from chalicelib.names import comparison_form
from chalicelib.storage.changes import Change, Check, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store, parse
from chalicelib.times import stamp, utc_now
from infra.company_rows import items
from infra.forgetting import GONE

ATTEMPTS = 8
Moved = dict[str, str]  # ids of events as they were -> as they are


def nobodys(company: str, operative: str, form: str) -> str:
    """The clock ID that stands for one of a forgotten operative; only who has the stage's key finds the way back."""
    return f"former-{keyed('digest-key', 'former clock ID', company, operative, form)[:ID_LENGTH]}"


def move(here: Store, company: str, operative: str, clock_id: str | None) -> Moved:
    """Move the punches of the operative, and those of their clock ID that are nobody's. It may be done again."""
    form = comparison_form(clock_id or "")
    moved: Moved = {}
    for place in [(str(row.pk), str(row.sk)) for row in _theirs(here, company, operative, form)]:
        moved |= _moved_from(here, company, operative, place)
    return moved


def _moved_from(here: Store, company: str, operative: str, place: tuple[str, str]) -> Moved:
    for _ in range(ATTEMPTS):
        row = here.get(ClockEvent, *place)
        if row is None:  # it went with its partner
            return {}
        try:
            return _move(here, company, operative, row)
        except ConditionFailed:
            continue
    raise Unavailable


def clock_id(id: str) -> str:
    """The clock ID that an event's id carries."""
    found = event_ids.identity(id)
    return found.form if found else ""


def _theirs(here: Store, company: str, operative: str, form: str) -> Iterator[ClockEvent]:
    for table, item in items(here, company):
        if table != "clock" or not item["sk"]["S"].startswith(event_ids.PREFIX):
            continue
        row = parse(ClockEvent, item)
        if not _form(row).startswith("former-") and _is_of(row, operative, form):
            yield row


def _form(row: ClockEvent) -> str:
    return str(row.pk).partition("#")[2]


def _is_of(row: ClockEvent, operative: str, form: str) -> bool:
    return row.operative == operative or (row.operative is None and bool(form) and _form(row) == form)


def _move(here: Store, company: str, operative: str, row: ClockEvent) -> Moved:
    """One event with the one that it belongs to, its entry's word of it and what it waits for, in one transaction."""
    old = _form(row)
    new = nobodys(company, operative, old)
    pair = [row]
    partner = here.get(ClockEvent, row.pk, row.partner) if row.partner else None
    if partner is not None and partner.operative in (None, operative):
        pair.append(partner)
    now = utc_now()
    moved: Moved = {}
    changes: list[Change] = []
    for each in pair:
        moved[each.id] = event_ids.named(new, each.sk).id
        changes += _moved(company, each, old, new, now)
        changes += _entry(here, company, each, new)
    changes += _heads(here, company, old, new, [each.sk for each in pair])
    here.transact(changes)
    return moved


def _moved(company: str, row: ClockEvent, old: str, new: str, now: datetime) -> Iterator[Change]:
    before, was, causes = row.version, (str(row.pk), str(row.sk)), list(row.causes or ())
    yield Delete(ClockEvent, was, ClockEvent.version == before)
    row.pk, row.id, row.clock_id = event_place(company, new, row.sk)[1], event_ids.named(new, row.sk).id, new
    row.history = [step | {"reason": GONE} for step in row.history or ()] or None
    row.as_sent, row.version, row.updated_at = None, before + 1, stamp(now)
    row.causes = [_cause(cause, old, new) for cause in causes] or None
    yield Put(row, absent(ClockEvent))
    for cause in causes:
        yield Delete(Waiting, waiting_place(company, cause, old, row.sk)[1:])
        _, pk, sk = waiting_place(company, _cause(cause, old, new), new, row.sk)
        yield Put(Waiting(pk=pk, sk=sk, form=new, event=row.sk))


def _cause(cause: str, old: str, new: str) -> str:
    return f"clock#{new}" if cause == f"clock#{old}" else cause


def _entry(here: Store, company: str, row: ClockEvent, new: str) -> Iterator[Change]:
    """The entry of the event names it by its clock ID."""
    place = key(company, row.labour_entry or "")
    entry = here.get(Entry, place, "entry") if row.labour_entry else None
    if entry is None or not entry.shift or entry.shift["event"] != row.sk:
        return
    yield Update(Entry, (place, "entry"), (Entry.shift["clock_id"].set(new),), Entry.version == entry.version)


def _heads(here: Store, company: str, old: str, new: str, going: list[str]) -> Iterator[Change]:
    """The head comes along, and stays behind only while there are other events."""
    _, pk, sk = head_place(company, old)
    head = here.get(ClockHead, pk, sk)
    if head is None:
        return
    _, later_pk, _ = head_place(company, new)
    later = here.get(ClockHead, later_pk, sk)
    version = max(head.version, later.version if later else 0) + 1
    yield Put(ClockHead(pk=later_pk, sk=sk, version=version))
    left = here.items(Query(model=ClockEvent, hash=pk, between=(event_ids.PREFIX, f"{event_ids.PREFIX}~")))
    same = ClockHead.version == head.version
    stays = any(item["sk"]["S"] not in going for item in left)
    yield Check(ClockHead, (pk, sk), same) if stays else Delete(ClockHead, (pk, sk), same)
