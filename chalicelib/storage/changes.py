"""What a transaction is made of: the changes of rows, each with the condition under which it holds."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as UpdateExpression

from chalicelib.storage.rows import Row, Tracked

Key = tuple[str, str]


class Put(Struct, frozen=True):
    """Write a whole row."""

    row: Row
    condition: Condition | None = None


class Update(Struct, frozen=True):
    """Change some attributes of a row; of a :class:`Tracked` one none that it shows, or its lists would not know."""

    model: type[Row]
    key: Key
    actions: tuple[Action, ...]
    condition: Condition | None = None

    def __post_init__(self) -> None:
        if issubclass(self.model, Tracked):
            paths: list[Any] = [action.values[0] for action in self.actions]
            seen = {str(each.path[0]) for each in paths} - self.model.unseen
            if seen:
                raise ValueError(f"{self.model.__name__} is put whole: {', '.join(sorted(seen))}")


class Delete(Struct, frozen=True):
    """Remove a row."""

    model: type[Row]
    key: Key
    condition: Condition | None = None


class Check(Struct, frozen=True):
    """Require something of a row that is not written."""

    model: type[Row]
    key: Key
    condition: Condition


class Raw(Struct, frozen=True):
    """A transaction item given as DynamoDB takes it (the idempotency completion)."""

    item: Mapping[str, Any]


Change = Put | Update | Delete | Check | Raw


def absent(model: type[Row]) -> Condition:
    """The row must not be there yet."""
    return model.pk.does_not_exist()


def wire(change: Change, prefix: str) -> dict[str, object]:
    """A change as DynamoDB takes it in a transaction; ``prefix`` begins the names of the stage's tables."""
    if isinstance(change, Raw):
        return dict(change.item)
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    operation: dict[str, object]
    if isinstance(change, Put):
        kind, model = "Put", type(change.row)
        operation = {"Item": change.row.serialize()}
    else:
        kind, model = _KINDS[type(change)], change.model
        operation = {"Key": {"pk": {"S": change.key[0]}, "sk": {"S": change.key[1]}}}
    if isinstance(change, Update):
        operation["UpdateExpression"] = UpdateExpression(*change.actions).serialize(names, values)
    if change.condition is not None:
        operation["ConditionExpression"] = change.condition.serialize(names, values)
    if names:
        operation["ExpressionAttributeNames"] = {alias: name for name, alias in names.items()}
    if values:
        operation["ExpressionAttributeValues"] = values
    return {kind: operation | {"TableName": prefix + model.table}}


_KINDS = {Update: "Update", Delete: "Delete", Check: "ConditionCheck"}
