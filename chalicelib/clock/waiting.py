"""Events that wait: under what they wait for, and settled by themselves when that has come.

A stream function begins the work (an intent), which goes through the waiting events step by step. What many
requests share, such as a project, they do not check in their transactions: so the work looks a second time, after
the longest request that may have read how it was before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from aws_lambda_powertools import Logger
from msgspec.structs import replace

from chalicelib.clock import event_ids, retries
from chalicelib.clock.rows import ClockEvent, Waiting
from chalicelib.clock.surroundings import Active
from chalicelib.clock.timeline import Timeline
from chalicelib.clock.writing import changes
from chalicelib.errors import Unavailable
from chalicelib.ids import base32
from chalicelib.labour.rows import BY_PROJECT, Entry
from chalicelib.storage.changes import Change
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.storage.tables import ORDER
from chalicelib.work import intents
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

logger = Logger(service="wbsync", child=True)
KIND = "clock_settle"
SHARED = ("project", "projects", "code")  # kinds of causes that no punch's transaction checks
LATER = timedelta(seconds=40)  # the longest request, and a list that lags
TOGETHER = (10, 3, 1)  # events of one step; fewer where they make more than a transaction holds
MOST_ITEMS = 90
READ_TOGETHER = 200
Image = Mapping[str, Any]


def causes(table: str, old: Image | None, new: Image | None) -> Iterator[str]:
    """What has come with a change of a row, as a stream tells it."""
    image = new or old or {}
    sk = image["sk"]["S"]
    if table == "operatives" and new is not None:
        yield from _of_operative(sk, old, new)
    if table == "projects" and new is not None:
        yield from _of_project(sk, old, new)
    if table == "labour" and sk == "entry" and old is not None and "shift" in old:
        yield f"entry#{old['id']['S']}"


def _of_operative(sk: str, old: Image | None, new: Image) -> Iterator[str]:
    if sk == "clock" and (old is None or old["holder"] != new["holder"]):
        yield new["pk"]["S"].split("#", 1)[1]  # clock#<the clock ID>
    if sk == "operative" and old is not None and any(old.get(name) != new.get(name) for name in ("active", "projects")):
        yield f"operative#{new['id']['S']}"


def _of_project(sk: str, old: Image | None, new: Image) -> Iterator[str]:
    if sk.startswith("code#") and new["pk"]["S"].endswith("#codes"):
        yield sk
    if sk != "project":
        return
    if old is None or any(old.get(name) != new.get(name) for name in ("status", "closed_to")):
        yield f"project#{new['id']['S']}"
    if old is None or old["status"] != new["status"]:
        yield "projects"


def rezoned(table: str, old: Image | None, new: Image | None) -> str | None:
    """The project whose time zone a change has moved."""
    if table != "projects" or old is None or new is None or new["sk"]["S"] != "project":
        return None
    return str(new["id"]["S"]) if old["timezone"] != new["timezone"] else None


def begin(store: Store, company: str, arguments: Mapping[str, Any], of: str, now: datetime) -> None:
    """Begin the work once for the change that ``of`` names, unless nothing waits and nothing can come to wait."""
    cause = arguments.get("cause")
    if cause and cause.split("#")[0] not in SHARED and not _any_wait(store, company, cause):
        return
    id = base32(hashlib.sha256(f"{of}#{sorted(arguments.items())}".encode()).digest())[:24]
    try:
        store.transact([intents.put(intents.begun(company, KIND, arguments, now, total=0, id=id))])
    except ConditionFailed:
        return  # the record came again


def _waiting(company: str, cause: str, after: str) -> Query[Waiting]:
    between = (f"{after}\0" if after else None, None)
    return Query(model=Waiting, hash=key(company, Waiting.prefix, cause), between=between)


def _any_wait(store: Store, company: str, cause: str) -> bool:
    return bool(store.page(_waiting(company, cause, ""), limit=1).rows)


def step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Settle the next events that wait for the cause, or the one event that is named."""
    company, arguments = intent.pk.partition("#")[0], intent.arguments
    if "event" in arguments:
        events = [(arguments["form"], arguments["event"])]
        return _kept_if_refused(Step(_settled(reading, company, events, now), {}, 1, finished=Finished({})), events)
    state = {"after": "", "again": False, **intent.state}
    if "project" in arguments:
        return _rezoned(reading, company, arguments["project"], state["after"], intent.done, now)
    cause = arguments["cause"]
    page = reading.page(_waiting(company, cause, state["after"]), limit=TOGETHER[0])
    rows = [(item["form"]["S"], item["event"]["S"], item["sk"]["S"]) for item in page.rows]
    if not rows:
        return _round_ended(intent, cause, state, now)
    for many in TOGETHER:
        taken = rows[:many]
        changes = _settled(Reading(reading.store), company, [(form, name) for form, name, _ in taken], now)
        if len(changes) <= MOST_ITEMS:
            break
    step = Step(changes, {**state, "after": taken[-1][2]}, intent.done + len(taken))
    return _kept_if_refused(step, [(form, name) for form, name, _ in taken])


def _kept_if_refused(step: Step, events: Sequence[tuple[str, str]]) -> Step:
    """The step; where storage refuses something of it, its events are noted as failed and each is tried by itself."""

    def otherwise(reading: Reading, intent: Intent, now: datetime) -> Step:
        return replace(step, changes=_failed(reading, intent.pk.partition("#")[0], events, now))

    return replace(step, otherwise=otherwise)


def _rezoned(reading: Reading, company: str, project: str, after: str, done: int, now: datetime) -> Step:
    """Entries of local times follow their project's new time zone, as far as nobody has touched them."""
    query: Query[Entry] = Query(
        model=Entry,
        hash=key(company, project),
        list=BY_PROJECT,
        between=(f"{after}\0" if after else None, None),
        filters={"source": {"S": "clock"}},
    )
    page = reading.page(query, limit=READ_TOGETHER)
    local = [item for item in page.rows if "Z#" not in item["shift"]["M"]["event"]["S"]]
    taken = local[: TOGETHER[0]]
    shifts = [item["shift"]["M"] for item in taken]
    events = [(each["clock_id"]["S"], each["event"]["S"]) for each in shifts]
    changes, done = _settled(reading, company, events, now), done + len(taken)
    if len(local) > len(taken):
        step = Step(changes, {"after": taken[-1][ORDER]["S"]}, done)
    elif page.last is None:
        step = Step(changes, {}, done, finished=Finished({"settled": done}))
    else:
        step = Step(changes, {"after": page.last[ORDER]["S"]}, done)
    return _kept_if_refused(step, events)


def _round_ended(intent: Intent, cause: str, state: dict[str, Any], now: datetime) -> Step:
    if state["again"] or cause.split("#")[0] not in SHARED:
        return Step([], state, intent.done, finished=Finished({"settled": intent.done}))
    return Step([], {"after": "", "again": True}, intent.done, not_before=now + LATER)


def _settled(reading: Reading, company: str, events: Iterable[tuple[str, str]], now: datetime) -> list[Change]:
    """Events settled anew, each clock ID's together."""
    active, found = Active(reading, company), list[Change]()
    for form, group in groupby(events, key=lambda each: each[0]):
        names = [name for _, name in group]
        try:
            found += _of_clock_id(reading, active, form, names, now)
        except Unavailable:
            raise
        except Exception:  # one that cannot be processed holds no other back
            logger.exception("events could not be settled")
            found += _failed(reading, company, ((form, name) for name in names), now)
    return found


def _of_clock_id(reading: Reading, active: Active, form: str, names: list[str], now: datetime) -> list[Change]:
    around = [event_ids.named(form, name).moment for name in names]
    line = Timeline(reading, active, form, around, now)
    line.read_events()
    known = [name for name in names if name in line.rows]
    reading.rows(*line.second(known))
    line.settle(known)
    return changes(line)


def _failed(reading: Reading, company: str, events: Iterable[tuple[str, str]], now: datetime) -> list[Change]:
    """Events that could not be processed: each is noted, and tried again by itself."""
    found = list[Change]()
    for row in reading.store.get_many(*((ClockEvent, key(company, form), name) for form, name in events)):
        if row is not None and row.reason != retries.FAILED:
            found += retries.failed(company, row, now)
    return found


def retry_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Another attempt at an event that could not be processed."""
    company, form, name = intent.pk.partition("#")[0], intent.arguments["form"], intent.arguments["event"]
    row = reading.row(ClockEvent, key(company, form), name)
    if row is None or row.reason != retries.FAILED:  # it was sent again, or somebody has settled it
        return Step([], {}, intent.done, finished=Finished({}))
    try:
        changes = _of_clock_id(Reading(reading.store), Active(reading, company), form, [name], now)
        return Step(changes, {}, intent.done + 1, finished=Finished({}), otherwise=_later)
    except Unavailable:
        raise
    except Exception:
        logger.exception("an event could not be processed")
    return _later(reading, intent, now)


def _later(reading: Reading, intent: Intent, now: datetime) -> Step:
    done = intent.done + 1
    at = retries.next_attempt(done, now)
    return Step([], {}, done, not_before=at, finished=None if at else Finished({}))
