"""Which out belongs to which in: by time, whatever the order in which the punches came.

An out belongs to the latest unpaired in that lies at most 24 hours before it. So what a new punch
changes lies within 24 hours of it: ins up to 24 hours before, outs up to 24 hours after.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

LONGEST = timedelta(hours=24)
_OUT, _IN = 0, 1  # at one instant the out comes first: it ends what began before


class Single(Struct, frozen=True):
    """A punch that says only when work began, or only when it ended."""

    name: str
    kind: str  # "in" or "out"
    instants: tuple[datetime, ...]  # more than one where the local clock shows this time twice


class Pair(Struct, frozen=True):
    """An in and the out that belongs to it."""

    clock_in: str
    clock_out: str
    start: datetime
    finish: datetime


def pairs(singles: Iterable[Single]) -> list[Pair]:
    """The pairs that these punches make, in the order of their outs.

    A local time that comes twice is its first occurrence, and its second where only then there is an in before it.
    """
    order = [(each.instants[0], _IN if each.kind == "in" else _OUT, each.name, each.instants[1:]) for each in singles]
    heapq.heapify(order)
    waiting: list[tuple[datetime, str]] = []
    found = []
    while order:
        at, kind, name, later = heapq.heappop(order)
        if kind == _IN:
            waiting.append((at, name))
        elif waiting and at - waiting[-1][0] <= LONGEST:
            start, clock_in = waiting.pop()
            found.append(Pair(clock_in, name, start, at))
        elif later:
            heapq.heappush(order, (later[0], _OUT, name, ()))
    return found
