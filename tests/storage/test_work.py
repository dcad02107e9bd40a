"""A decision is committed with what is added to it, and decided anew when what it rests on has changed."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.storage.changes import Change
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.storage.work import AlsoFailed, Decided, commit

CHANGE = cast(Change, "a change")
REFUSED = ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")


class Refusing(Struct):
    """A store whose first transactions fail."""

    failures: list[Exception]
    pauses: int = 0

    def transact(self, changes: Sequence[Change]) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def pause(self, attempt: int) -> None:
        self.pauses += 1


def committed(*failures: Exception, otherwise: Callable[[Any], Decided[str]] | None = None) -> tuple[str, int]:
    """What became of one change with one addition, and how often it was decided."""
    decided = list[int]()

    def decide(_: object) -> Decided[str]:
        decided.append(1)
        return Decided([CHANGE], "first", otherwise=otherwise)

    store = cast(Store, Refusing(list(failures)))
    return commit(store, decide, lambda _: [CHANGE]).answer, len(decided)


def test_a_condition_of_the_decision_decides_anew_and_one_of_an_addition_is_told() -> None:
    assert committed() == ("first", 1)
    assert committed(ConditionFailed([0])) == ("first", 2)
    with pytest.raises(AlsoFailed):
        committed(ConditionFailed([1]))


def test_what_storage_refuses_for_good_is_raised_unless_there_is_another_way() -> None:
    with pytest.raises(ClientError):
        committed(REFUSED)
    assert committed(REFUSED, otherwise=lambda _: Decided([CHANGE], "other")) == ("other", 1)
