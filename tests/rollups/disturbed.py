"""Stores of which others make use in between, or that end in the middle."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.storage.store import Store


class Killed(BaseException):
    """The function has ended between two storage calls."""


class Disturbed(Store):
    """Before each call somebody else does something; calls that are sent together come one after another."""

    disturb: Callable[[int], None]
    numbers: Iterator[int]

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.disturb(next(self.numbers))
        return super().call(operation, **parameters)

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        return [call() for call in calls]


def disturbed(store: Store, disturb: Callable[[int], None]) -> Disturbed:
    """A store before whose calls ``disturb`` is told the number of the call, from 0."""
    other = Disturbed(store.client, store.prefix, sleep=lambda _: None)
    other.disturb, other.numbers = disturb, itertools.count()
    return other


def killed_at(store: Store, when: int) -> Disturbed:
    """A store whose user ends right before one of its calls."""

    def end(number: int) -> None:
        if number == when:
            raise Killed

    return disturbed(store, end)


def counted(store: Store) -> tuple[Store, list[str]]:
    """A store and the calls that it makes."""
    calls: list[str] = []

    class Counting(Store):
        def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
            calls.append(operation)
            return super().call(operation, **parameters)

    return Counting(store.client, store.prefix), calls
