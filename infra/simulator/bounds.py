"""Bounds of the product made small in some histories, so that what needs many transactions happens to small trees."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from unittest.mock import patch

from chalicelib.handlers import baselines as baselines_routes
from chalicelib.handlers import wbs as wbs_routes
from chalicelib.tree import baselines, carrying, clearing, deletion, import_steps, imports, large, sowing

SMALL: tuple[tuple[int, tuple[tuple[ModuleType, str], ...]], ...] = (
    (7, ((sowing, "ITEMS"),)),  # rows of a piece of an import: an activity or two
    (2, ((imports, "MOST_DIRECTLY"),)),  # more are a job
    (10, ((carrying, "ITEMS"), (large, "ITEMS"))),  # rows that are moved at once
    (20, ((clearing, "ITEMS"),)),
    (3, ((clearing, "AT_MOST"), (large, "AT_MOST"), (import_steps, "AT_MOST"))),
    (1, ((deletion, "FEW"),)),  # nodes that are deleted at once
    (4, ((baselines, "TOGETHER"),)),  # nodes that are frozen at once
    (3, ((large, "MOST_AWAITED"), *((each, "MOST_AWAITED") for each in (baselines, baselines_routes, wbs_routes)))),
)


@contextmanager
def small_bounds(seed: int, surely: bool) -> Iterator[None]:
    """In two of five histories, by the seed, or surely: most of the bounds are small."""
    luck = random.Random(f"bounds {seed}")
    with ExitStack() as stack:
        for value, places in SMALL if luck.random() < 0.4 or surely else ():
            if luck.random() < 0.8:
                for module, name in places:
                    stack.enter_context(patch.object(module, name, value))
        yield
