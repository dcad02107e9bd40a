"""Event functions as Chalice registers them, from the one table of them."""

from collections.abc import Callable
from typing import Any

from chalice.app import Chalice

from chalicelib.functions import FUNCTIONS, StreamFunction, work_of

ANY_STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/{}/stream/set-by-template"


def register(app: Chalice) -> dict[str, Callable[..., object]]:
    """Register every event function with the app; what Lambda calls, by name."""
    return {function.name: _registered(app, function) for function in FUNCTIONS}


def _registered(app: Chalice, function: Any) -> Callable[..., Any]:
    def handle(event: Any) -> Any:
        return work_of(function)(function.name, event.to_dict(), event.context)

    handle.__name__ = function.name
    if isinstance(function, StreamFunction):
        decorate = app.on_dynamodb_record(stream_arn=ANY_STREAM.format(function.table), name=function.name)
    else:
        rate = f"rate({function.minutes} minute{'s' if function.minutes > 1 else ''})"
        decorate = app.schedule(rate, name=function.name)
    registered: Callable[..., object] = decorate(handle)
    return registered
