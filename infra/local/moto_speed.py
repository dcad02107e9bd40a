"""Moto's DynamoDB with the same answers, sooner.

Nine tenths of a request's time on this machine are moto's. Most of that went into walking each attribute value
through the service's model on its way out, copying scalars, and asking each node of an expression for its class by
way of abstract classes. ``install_speed()`` takes these three short cuts.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import Any, cast

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.parsing import ast_nodes

_NODES: Any = ast_nodes  # moto leaves this module untyped
_AS_SENT = {"S", "N", "BOOL", "NULL", "SS", "NS"}


def install_speed() -> None:
    """Take the short cuts, for the whole process. Repeating it is harmless."""
    if vars(DynamoType)["__deepcopy__"] is _copy_of_value:
        return
    whole = BaseJSONSerializer._serialize_type_structure
    for kind, name, short_cut in (
        (DynamoType, "__deepcopy__", _copy_of_value),
        (Item, "__deepcopy__", _copy_of_item),
        (BaseJSONSerializer, "_serialize_type_structure", _values_as_sent(whole)),
        (_NODES.DepthFirstTraverser, "traverse_node_recursively", _traversed),
        (_NODES.Node, "find_clauses", _clauses),
    ):
        setattr(kind, name, short_cut)


def _copy_of_value(value: DynamoType, memo: object = None) -> DynamoType:
    """A copy; scalars are shared, as no step changes one in place."""
    held = value.value
    if isinstance(held, dict):
        held = {name: _copy_of_value(each) for name, each in held.items()}
    elif isinstance(held, list):
        held = [_copy_of_value(each) if isinstance(each, DynamoType) else each for each in held]
    else:
        return value
    copy = DynamoType.__new__(DynamoType)
    copy.type, copy.value = value.type, held
    return copy


def _copy_of_item(item: Item, memo: object = None) -> Item:
    copy: Any = Item.__new__(Item)
    copy.hash_key, copy.range_key = item.hash_key, item.range_key
    copy.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(copy.attrs, {name: _copy_of_value(value) for name, value in item.attrs.items()})
    return cast("Item", copy)


def _values_as_sent(whole: Any) -> Any:
    """An attribute value that is wire format already goes out as it is; bytes and models go through the whole walk."""

    @functools.wraps(whole)
    def serialize(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and key and _is_wire(value):
            self._default_serialize(serialized, value, shape, key)
        else:
            whole(self, serialized, value, shape, key)

    return serialize


def _is_wire(value: object) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(kind, held)] = value.items()
    if kind == "M":
        return isinstance(held, dict) and all(_is_wire(each) for each in held.values())
    if kind == "L":
        return isinstance(held, list) and all(_is_wire(each) for each in held)
    return kind in _AS_SENT


@functools.cache
def _is_a(kind: Hashable, base: Any) -> bool:
    """As issubclass, which is slow for abstract classes."""
    return issubclass(cast("type", kind), base)


def _traversed(self: Any, node: Any, child_id: int = -1) -> Any:
    """Process a tree from its leaves up, each node by the first processor of its class."""
    kind: Any = type(node)
    if not _is_a(kind, _NODES.Node):
        return node
    above = node.parent
    for number, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, number)
        _traversed(self, child, number)
    processors = vars(self).setdefault("_processors", {})
    if kind not in processors:
        every = self._processing_map().items()
        processors[kind] = next((process for base, process in every if _is_a(kind, base)), None)
    if processors[kind] is not None:
        node = processors[kind](node)
        node.parent = above
        if above:
            above.children[child_id] = node
    return node


def _clauses(self: Any, kinds: Any) -> list[Any]:
    found = []
    for child in self.children or ():
        kind: Any = type(child)
        if kind in kinds:
            found.append(child)
        elif _is_a(kind, _NODES.Expression) or _is_a(kind, _NODES.UpdateExpressionFunction):
            found += _clauses(child, kinds)
    return found
