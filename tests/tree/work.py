"""Work of more than one transaction, as tests take it forward."""

from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.storage.work import commit
from chalicelib.times import utc_now
from chalicelib.work import intents
from chalicelib.work.rows import UNFINISHED, Intent

LATER = "tree_verify"  # work that waits for a while


def unfinished(company: str, *, waiting: bool = False) -> list[Intent]:
    """A company's work that is not finished; ``waiting`` that which waits for its time, else the other."""
    query = Query(model=Intent, hash="unfinished", list=UNFINISHED)
    rows = [row for row in store().each(query) if row.pk.startswith(company)]
    return [row for row in rows if (row.kind == LATER) is waiting]


def one_step(company: str, id: str, known: Reading | None = None) -> None:
    """One transaction of some work, by a function that may have read some of it before."""
    commit(store(), lambda reading: intents._taken(reading, company, id, utc_now(), True), known=known)


def finish(company: str) -> None:
    """Whatever has begun comes to its end, but for what waits."""
    while rows := unfinished(company):
        for row in rows:
            intents.forward(store(), company, row.id, waited_for=True)


def finish_what_waits(company: str) -> None:
    """The time has come for what waits."""
    for row in unfinished(company, waiting=True):
        intents.forward(store(), company, row.id, waited_for=True)
