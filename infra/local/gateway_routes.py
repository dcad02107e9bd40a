"""Which route of the app takes a request, by the rules of the REST gateway."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

GREEDY_ROUTE = "/{proxy+}"


@dataclass(frozen=True)
class Match:
    """The route of a request and its path variables, decoded."""

    resource: str
    variables: dict[str, str]


@dataclass
class _Node:
    """The routes that go on from one place in a path."""

    literals: dict[str, _Node] = field(default_factory=dict)
    variable: str | None = None
    below_variable: _Node | None = None
    resource: str | None = None


class RouteTable:
    """The routes of an app: ``{"/projects/{project_id}": {"GET": ...}}``.

    A literal segment wins over a variable. What no route takes, and a method the route of a path
    does not declare, goes to ``/{proxy+}``, as on the deployed gateway, whose greedy resource has
    all methods (only verbs that HTTP hardly knows, which it refuses itself, get further here). The
    root is not below ``/{proxy+}``, there as here.
    """

    def __init__(self, routes: Mapping[str, Collection[str]]) -> None:
        self._routes = routes
        self._root = _Node()
        for resource in routes:
            if resource != GREEDY_ROUTE:
                self._add(resource)

    def match(self, method: str, path: str) -> Match | None:
        """Return the route of a request; ``path`` is as sent, without the query."""
        path = path.removesuffix("/")
        segments = path.split("/")[1:] if path else []
        resource = next(_resources(self._root, [unquote(part) for part in segments]), None)
        if resource is not None and method in self._routes[resource]:
            return Match(resource, _variables(resource, segments))
        if segments and GREEDY_ROUTE in self._routes:
            return Match(GREEDY_ROUTE, {"proxy": unquote("/".join(segments))})
        return None

    def _add(self, resource: str) -> None:
        node = self._root
        for segment in [part for part in resource.split("/") if part]:
            node = _child(node, segment, resource)
        node.resource = resource


def _child(node: _Node, segment: str, resource: str) -> _Node:
    """Return the node a segment of a new route leads to."""
    if not segment.startswith("{"):
        return node.literals.setdefault(segment, _Node())
    if node.variable not in (None, segment):
        # Packaging accepts this; the deployed gateway refuses the whole API.
        raise ValueError(f"{resource}: {segment} is called {node.variable} in another route")
    node.variable = segment
    node.below_variable = node.below_variable or _Node()
    return node.below_variable


def _resources(node: _Node, segments: list[str]) -> Iterator[str]:
    """Iterate over the routes that fit, the most literal first."""
    if not segments:
        if node.resource is not None:
            yield node.resource
        return
    if segments[0] in node.literals:
        yield from _resources(node.literals[segments[0]], segments[1:])
    if node.below_variable is not None and segments[0]:
        yield from _resources(node.below_variable, segments[1:])


def _variables(resource: str, segments: list[str]) -> dict[str, str]:
    """Read the variables of a route from the segments of the path, decoding each once."""
    names = [part for part in resource.split("/") if part]
    return {name[1:-1]: unquote(segment) for name, segment in zip(names, segments, strict=True) if name.startswith("{")}
