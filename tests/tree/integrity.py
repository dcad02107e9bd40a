"""Whether the rows of a project's tree fit together: each fact that is kept twice is the same twice."""

from typing import Any

from chalicelib.storage.store import store
from chalicelib.tree import claims
from chalicelib.tree.order import LEVELS, last_step, level_of, nodes_of, parent_of
from chalicelib.tree.rows import FOREVER


def rows_of(project: str) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    """The rows of a project's tree by the beginning of their sort keys; lines under ``line``."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
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
    places = {item["node"]["S"]: item for item in rows["place"].values()}
    nodes = {item["id"]["S"]: item for item in rows.get("node", {}).values()}
    assert places.keys() - {project} == nodes.keys()
    orders = {node: item["order"]["S"] for node, item in places.items()}
    assert all(nodes_of(order, project)[-1:] == ([node] if order else []) for node, order in orders.items())
    for node, item in places.items():
        children = [step["S"] for step in item["children"]["L"]]
        assert children == sorted(children) and "next" not in item
        below = [
            each for each, order in orders.items() if each != project and (parent_of(order, project) or project) == node
        ]
        assert children == sorted(last_step(orders[each]) for each in below)
        assert all(orders[each].startswith(orders[node]) for each in below)
    expected = set()
    for node in nodes:
        level = level_of(orders[node])
        assert nodes[node]["level"]["N"] == str(level) and "next" not in nodes[node]
        expected |= {("tree", orders[node])} | ({(str(level), orders[node])} if level < LEVELS else set())
    lines = {(pk.split("#")[2], sk): item for (pk, sk), item in rows.get("line", {}).items()}
    assert lines.keys() == expected
    for (_, order), item in lines.items():
        node = nodes[nodes_of(order, project)[-1]]
        assert item["search_text"] == node["search_text"] and item["until"]["N"] == str(FOREVER)
    held = {
        sk: node
        for node, item in nodes.items()
        for sk in claims.keys(
            parent_of(orders[node], project), item["name"]["S"], item.get("cost_code", {}).get("S")
        ).values()
    }
    claimed = {sk: item["holder"]["S"] for kind in ("name", "code") for (_, sk), item in rows.get(kind, {}).items()}
    assert claimed == held
