"""Storage clients with a fault of one kind."""

from collections.abc import Callable
from typing import Any

from tests.faults.harness import refused


class Broken:
    """Whatever asks for the events of one clock ID meets a fault, as a rule one that nobody has thought of."""

    def __init__(self, inner: Any, clock_id: str, fault: type[Exception] = ZeroDivisionError) -> None:
        self.inner, self.named, self.fault = inner, f"#{clock_id}'", fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def query(self, **parameters: Any) -> Any:
        if self.named in str(parameters["ExpressionAttributeValues"]):
            raise self.fault
        return self.inner.query(**parameters)


class Refusing:
    """Storage that takes no transaction with an entry of one operative in it, as if some value were not valid."""

    def __init__(self, inner: Any, operative: str) -> None:
        self.inner, self.operative = inner, operative

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        if any(
            "Put" in item
            and item["Put"]["Item"].get("operative") == {"S": self.operative}
            and item["Put"]["Item"]["sk"] == {"S": "entry"}
            for item in parameters["TransactItems"]
        ):
            raise refused("ValidationException")
        return self.inner.transact_write_items(**parameters)


class Interrupted:
    """Something else happens just before a transaction."""

    def __init__(self, inner: Any, happen: Callable[[], None]) -> None:
        self.inner, self.happen = inner, happen

    def __getattr__(self, name: str) -> Any:
        if name == "transact_write_items":
            self.happen()
        return getattr(self.inner, name)


class Counting:
    """A client that counts its calls, and in which each transaction takes some time."""

    def __init__(self, inner: Any, takes: Callable[[], None] = lambda: None) -> None:
        self.inner, self.takes = inner, takes
        self.calls: list[str] = []
        self.items: list[int] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.inner, name)

        def call(**parameters: Any) -> Any:
            self.calls.append(name)
            if name == "transact_write_items":
                self.items.append(len(parameters["TransactItems"]))
                self.takes()
            return operation(**parameters)

        return call if callable(operation) else operation
