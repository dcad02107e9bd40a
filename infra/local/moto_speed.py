"""Moto's DynamoDB with the same answers, sooner.

Nine tenths of a request's time on this machine are moto's. Most of that went into walking each attribute value
through the service's model on its way out, copying scalars, asking each node of an expression for its class by
way of abstract classes, measuring an item anew for each attribute that it gets, and reading the same conditions
again. ``install_speed()`` takes these short cuts.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Hashable
from typing import Any, cast

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.parsing import ast_nodes

ITEM_BYTES = 400 * 1024
_LEX = ConditionExpressionParser._lex_condition_expression
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
        (Item, "__init__", _measured_once(Item.__init__)),
        (LimitedSizeDict, "__setitem__", dict.__setitem__),
        (DynamoType, "size", _size),
        (ConditionExpressionParser, "_lex_condition_expression", _lexed),
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


def check_size(item: Item) -> None:
    """Refuse an item over 400 KB, as DynamoDB does.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    if item.size() > ITEM_BYTES:
        raise ItemSizeTooLarge


def _measured_once(make: Any) -> Any:
    @functools.wraps(make)
    def init(item: Item, *args: Any, **kwargs: Any) -> None:
        make(item, *args, **kwargs)
        check_size(item)

    return init


def _size(value: DynamoType) -> int:
    """Bytes, as moto counts them."""
    held = value.value
    if isinstance(held, str):
        return len(held) if held.isascii() else len(held.encode())
    if isinstance(held, dict):
        values = ((name, each if isinstance(each, DynamoType) else DynamoType(each)) for name, each in held.items())
        return sum(len(name.encode()) + _size(each) for name, each in values)
    if isinstance(held, list):
        return sum(_size(each) if isinstance(each, DynamoType) else _length(each) for each in held)
    return 1 if isinstance(held, bool) else _length(held)


def _length(held: object) -> int:
    return len(held) if isinstance(held, bytes) else len(str(held).encode())


@functools.lru_cache(maxsize=4096)
def _nodes_of(condition: str) -> tuple[Any, ...]:
    return tuple(_LEX(ConditionExpressionParser(condition, {}, {})))


def _lexed(self: ConditionExpressionParser) -> deque[Any]:
    return deque(_nodes_of(self.condition_expression) if self.condition_expression else ())


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
