"""The kinds of work, and where each one's step is; loaded when it is taken.

A step is ``step(reading, intent, now) -> Step``: a pure decision, as a verb is, on what is there now.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

from msgspec import Struct

from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.work.rows import Intent

KINDS: dict[str, str] = {  # kind -> "module:function"
    "tree_move": "chalicelib.tree.large:move_step",
    "tree_delete": "chalicelib.tree.deletion:delete_step",
    "tree_clear": "chalicelib.tree.large:clear_step",
    "tree_verify": "chalicelib.labour.slipped_in:verify_step",
    "wbs_import": "chalicelib.tree.import_steps:import_step",
    "wbs_import_clear": "chalicelib.tree.import_steps:clear_step",
    "clock_settle": "chalicelib.clock.waiting:step",
    "clock_retry": "chalicelib.clock.waiting:retry_step",
    "labour_cap": "chalicelib.labour.cap_days:step",
    "labour_review": "chalicelib.labour.reviews:step",
    "labour_sheet": "chalicelib.handlers.labour_bulk:sheet_step",
    "period_close": "chalicelib.handlers.periods:close_step",
    "baseline_freeze": "chalicelib.tree.baselines:freeze_step",
}


class Finished(Struct, frozen=True):
    """What work has come to: the status and body that its request is answered with.

    ``then`` is work that follows it, such as clearing up: a request that waits carries it out too before it answers.
    """

    body: Any
    status: int = 200
    then: str | None = None


class Step(Struct, frozen=True):
    """One transaction of some work, and how far it has come with it.

    ``state`` and ``done`` replace the intent's; no further step is taken before the instant ``not_before``.
    ``otherwise`` is the step to take when storage refuses the changes for what they are.
    """

    changes: list[Change]
    state: Mapping[str, Any]
    done: int
    not_before: datetime | None = None
    finished: Finished | None = None
    otherwise: "StepOf | None" = None


StepOf = Callable[[Reading, Intent, datetime], Step]


def step_of(kind: str) -> StepOf:
    """How work of a kind goes on."""
    module, _, name = KINDS[kind].partition(":")
    step: StepOf = getattr(import_module(module), name)
    return step
