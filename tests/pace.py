"""Bounds of CPU time that hold on a machine of any speed."""

import json
import time

REFERENCE = 0.25  # seconds of CPU that the piece of work takes where the bounds were set
PIECE = json.dumps([{"a": number, "b": str(number)} for number in range(100_000)])


def within(spent: float, bound: float) -> bool:
    """Whether work took no more CPU than it may; on a slow or busy machine, by as much more as any work takes there."""
    return spent < bound or spent < bound * _pace()


def _pace() -> float:
    """How many times as long as where the bounds were set a fixed piece of work takes here and now."""
    begun = time.process_time()
    for _ in range(5):
        json.loads(PIECE, object_pairs_hook=dict)
    return (time.process_time() - begun) / REFERENCE
