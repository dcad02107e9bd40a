"""Whether the rows of a project's tree fit together: each fact that is kept twice is the same twice."""

from typing import Any

from chalicelib.storage.store import store
from chalicelib.tree import claims
from chalicelib.tree.order import LEVELS, level_of, nodes_of, parent_of
from chalicelib.tree.rows import FOREVER

Rows = dict[str, dict[tuple[str, str], dict[str, Any]]]


def rows_of(project: str) -> Rows:
    """The rows of a project's tree by the beginning of their sort keys; lines under ``line``."""
    found: Rows = {}
    for table in ("projects", "tree"):
        for page in store().client.get_paginator("scan").paginate(TableName=store().name(table)):
            for item in page["Items"]:
                pk, sk = item["pk"]["S"], item["sk"]["S"]
                if pk.split("#")[1:2] == [project]:
                    kind = "line" if table == "tree" else sk.partition("#")[0]
                    found.setdefault(kind, {})[pk, sk] = item
    return found


def check(project: str) -> None:
    """Nodes, places, lines and claims are of one tree, and nothing is staged."""
    rows = rows_of(project)
    orders = check_places(project, rows)
    held = {
        sk: item["id"]["S"]
        for item in rows.get("node", {}).values()
        for sk in claims.keys(
            parent_of(orders[item["id"]["S"]], project), item["name"]["S"], item.get("cost_code", {}).get("S")
        ).values()
    }
    claimed = {sk: item["holder"]["S"] for kind in ("name", "code") for (_, sk), item in rows.get(kind, {}).items()}
    assert claimed == held


def check_places(project: str, rows: Rows | None = None) -> dict[str, str]:
    """Nodes, places and lines are of one tree, and nothing is staged; the order keys by node."""
    rows = rows or rows_of(project)
    places = {item["node"]["S"]: item for item in rows["place"].values()}
    nodes = {item["id"]["S"]: item for item in rows.get("node", {}).values()}
    assert places.keys() - {project} == nodes.keys()
    orders = {node: item["order"]["S"] for node, item in places.items()}
    assert all(nodes_of(order, project)[-1:] == ([node] if order else []) for node, order in orders.items())
    below: dict[str, list[str]] = {node: [] for node in places}
    for order in filter(None, orders.values()):
        below[parent_of(order, project) or project].append(order)
    for node, item in places.items():
        children = [step["S"] for step in item["children"]["L"]]
        assert children == sorted(children) and "next" not in item
        assert [orders[node] + step for step in children] == sorted(below[node])
    _check_lines(rows, nodes, orders, project)
    return orders


def _check_lines(rows: Rows, nodes: dict[str, Any], orders: dict[str, str], project: str) -> None:
    expected = set()
    for node, item in nodes.items():
        level = level_of(orders[node])
        assert item["level"]["N"] == str(level) and "next" not in item
        expected |= {("tree", orders[node])} | ({(str(level), orders[node])} if level < LEVELS else set())
    lines = {(pk.split("#")[2], sk): item for (pk, sk), item in rows.get("line", {}).items()}
    assert lines.keys() == expected
    for (_, order), item in lines.items():
        node = nodes[nodes_of(order, project)[-1]]
        assert item["search_text"] == node["search_text"] and item["until"]["N"] == str(FOREVER)
