"""The event functions of the deployment, in one table that the app, the template and the local runtime read.

``run`` names the function that does the work, as ``module:function``: it is loaded by the first event, so that
requests do without it at a cold start. It takes the function's name, the event and the Lambda context.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

Work = Callable[[str, dict[str, Any], Any], Any]


class StreamFunction(Struct, frozen=True):
    """A function that gets the changes of a table, in batches; at most two of one table."""

    name: str
    table: str
    run: str
    keys: tuple[str, ...] = ()  # beginnings of the sort keys of rows that it wants to hear of; all, where none is named
    window: int = 1  # seconds for which records are gathered into a batch: an approval of many is one run, not many
    seconds: int = 30  # the longest run


class ScheduledFunction(Struct, frozen=True):
    """A function that runs again and again."""

    name: str
    minutes: int
    run: str
    seconds: int = 120


STREAM_FUNCTIONS = (
    StreamFunction("labour_rollup", "labour", "chalicelib.handlers.streams:roll_up", keys=("2",)),  # bookings, by date
    StreamFunction(
        "plan_rollup",
        "projects",
        "chalicelib.handlers.streams:roll_up",
        keys=("project", "outline", "node#", "place#", "progress#", "baseline#"),
    ),
    StreamFunction("clock_labour", "labour", "chalicelib.handlers.clock_streams:begin_settling", keys=("entry",)),
    StreamFunction(
        "clock_projects", "projects", "chalicelib.handlers.clock_streams:begin_settling", keys=("project", "code#")
    ),
    StreamFunction(
        "clock_operatives",
        "operatives",
        "chalicelib.handlers.clock_streams:begin_settling",
        keys=("operative", "clock"),
    ),
    StreamFunction("work_forward", "work", "chalicelib.handlers.work:forward_begun", keys=("intent",), window=0),
)
SCHEDULED_FUNCTIONS = (
    ScheduledFunction("repair_rollups", 1, "chalicelib.handlers.streams:roll_forward"),
    ScheduledFunction("work_resume", 1, "chalicelib.handlers.work:resume_unfinished"),
)
FUNCTIONS: tuple[StreamFunction | ScheduledFunction, ...] = (*STREAM_FUNCTIONS, *SCHEDULED_FUNCTIONS)


def work_of(function: StreamFunction | ScheduledFunction) -> Work:
    """What a function does, loaded now."""
    module, _, name = function.run.partition(":")
    work: Work = getattr(import_module(module), name)
    return work
