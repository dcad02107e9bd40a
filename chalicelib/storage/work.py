"""The unit of work: read once, decide purely, commit at once, and decide anew when something has changed meanwhile.

A *verb* is the decision: a function of what is read that returns :class:`Decided` or raises a domain
error. It writes nothing. Routes, pages, devices, commands and jobs commit what a verb decides with
:func:`commit`, the only loop there is.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.errors import Unavailable, WbsyncError
from chalicelib.storage.calls import CONTESTED
from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import ConditionFailed, Store

A = TypeVar("A")
logger = logging.getLogger("wbsync.storage")
BUSY = "The resource is too busy; try again."


class Decided(Struct, Generic[A], frozen=True):
    """What a verb decided: the changes to commit and the answer that they make true.

    ``began`` is the entity tag of what is changed, as it was read; None where nothing that is changed has one.
    A ``refusal`` is the verb's answer although there is something to keep: it is raised after the changes are in.
    ``otherwise`` is decided instead when storage refuses the changes for what they are, not for what is there.
    """

    changes: Sequence[Change]
    answer: A
    began: str | None = None
    refusal: WbsyncError | None = None
    otherwise: "Callable[[Reading], Decided[A]] | None" = None


class AlsoFailed(Exception):
    """A condition of what was to be committed beside the decision did not hold; deciding anew would not help."""


def commit(
    store: Store,
    decide: Callable[[Reading], Decided[A]],
    also: Callable[[Decided[A]], Sequence[Change]] = lambda decided: (),
    known: Reading | None = None,
) -> Decided[A]:
    """Decide on what is there now and commit it in one transaction with what ``also`` adds to a decision.

    The first attempt may decide on what is ``known`` already, where every row it rests on is held to its version.
    A decision may raise :class:`ConditionFailed` itself: what it has read in several rounds does not fit together.

    Raises:
        AlsoFailed: a condition of the additions did not hold.
        Unavailable: others change the same rows all the time, or storage fails.
    """
    for attempt in range(CONTESTED):
        decided: Decided[A] | None = None
        try:
            decided = decide(known if known is not None and attempt == 0 else Reading(store))
            store.transact([*decided.changes, *([] if decided.refusal else also(decided))])
        except ConditionFailed as error:
            if decided is not None and any(place >= len(decided.changes) for place in error.failed):
                raise AlsoFailed from error
            store.pause(attempt)
            continue
        except ClientError:
            if decided is None or decided.otherwise is None:
                raise
            logger.exception("storage refuses what was decided")
            decide = decided.otherwise
            continue
        if decided.refusal:
            raise decided.refusal
        return decided
    raise Unavailable(BUSY)
