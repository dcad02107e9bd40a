"""After a change of the daily cap: the days that hold entries not yet approved are evaluated again.

Approving judges by the cap of its moment anyway; this keeps the list of clashes true. It goes through twice: at
once, and when no request that read the cap of before is running any more.
"""

from datetime import datetime
from decimal import Decimal

from chalicelib.access.callers import Caller
from chalicelib.access.rows import Company
from chalicelib.labour.days import Days, Judged, place
from chalicelib.labour.periods import REQUEST_TIME
from chalicelib.labour.rows import BY_STATUS, Entry
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import parse
from chalicelib.times import stamp
from chalicelib.work import intents
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

KIND = "labour_cap"
ROUNDS = 2
MOST_LOOKED_AT = 200  # entries in one step
MOST_DAYS = 30  # that one step changes


def begin(caller: Caller, now: datetime) -> Intent:
    """The intent that follows a change of the cap."""
    return intents.begun(caller.company, KIND, {}, now, total=ROUNDS, by=caller.user)


def step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The next days in the order of their dates, by the cap of this moment."""
    company = str(intent.pk).partition("#")[0]
    after = str(intent.state.get("after", "0"))
    waiting: Query[Entry] = Query(model=Entry, hash=key(company, "submitted"), list=BY_STATUS, between=(after, "~"))
    page = reading.page(waiting, limit=MOST_LOOKED_AT)
    entries = [parse(Entry, row) for row in page.rows]
    tenant = reading.row(Company, company, "company")
    assert tenant is not None, "a company stays"
    days = Days(reading, Judged(company, Decimal(tenant.daily_cap_hours), stamp(now), None))
    reading.rows(*(place(company, entry.operative, entry.date) for entry in entries))
    last, changed = after, 0
    for entry in entries:
        day = days.of(entry.operative, entry.date)
        if day.judged().event is not None and not day.touched:
            day.touched, changed = True, changed + 1
        last = f"{entry.date}#{entry.id} "  # just beyond it
        if changed == MOST_DAYS:
            break
    if changed == MOST_DAYS or page.last is not None:
        return Step(days.changes(), {**intent.state, "after": last}, intent.done)
    return _round_done(intent, days)


def _round_done(intent: Intent, days: Days) -> Step:
    done = intent.done + 1
    if done < ROUNDS:
        later = datetime.fromisoformat(intent.created_at) + REQUEST_TIME
        return Step(days.changes(), {"after": "0"}, done, not_before=later)
    return Step(days.changes(), intent.state, done, finished=Finished({}))
