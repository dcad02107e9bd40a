"""What is unique in a tree: names among siblings, cost codes in the project, both in comparison form."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.errors import Conflict
from chalicelib.names import comparison_form
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.tree.rows import Node, NodeClaim

TAKEN = {"name": "A sibling has this name.", "cost_code": "Another activity of the project has this code."}


def name_key(parent: str | None, name: str) -> str:
    """The key of the row that keeps a name unique among siblings."""
    return f"name#{parent or ''}#{comparison_form(name)}"


def code_key(code: str) -> str:
    """The key of the row that keeps a cost code unique in its project."""
    return f"code#{comparison_form(code)}"


def keys(parent: str | None, name: str, cost_code: str | None) -> dict[str, str]:
    """The keys that a node holds, by field."""
    return {"name": name_key(parent, name)} | ({"cost_code": code_key(cost_code)} if cost_code else {})


def claim_key(company: str, project: str, sk: str) -> Wanted:
    """Which row a claim is."""
    return NodeClaim, key(company, project), sk


def require_free(reading: Reading, company: str, project: str, node: str, wanted: Mapping[str, str]) -> None:
    """Raises :class:`Conflict` naming every field whose value another node has."""
    rows: Sequence[NodeClaim | None] = reading.rows(*(claim_key(company, project, sk) for sk in wanted.values()))
    taken = [field for field, row in zip(wanted, rows, strict=True) if row is not None and row.holder != node]
    if taken:
        names = " and the ".join(taken)
        raise Conflict(f"The {names} is taken; choose another.", errors={field: [TAKEN[field]] for field in taken})


def claimed(company: str, node: Node, keys: Iterable[str]) -> list[Change]:
    """A node takes some values, on condition that nobody has them; one that is staged does so from the start."""
    return [Put(_claim(company, node, sk), absent(NodeClaim)) for sk in keys]


def relabelled(company: str, node: Node, keys: Iterable[str]) -> list[Change]:
    """Values that a node has and writes in another way now: in upper case, say."""
    return [Put(_claim(company, node, sk), NodeClaim.holder == node.id) for sk in keys]


def _claim(company: str, node: Node, sk: str) -> NodeClaim:
    label = node.name if sk.startswith("name#") else node.cost_code
    return NodeClaim(pk=key(company, node.project), sk=sk, holder=node.id, label=label, since=node.since)


def released(company: str, node: Node, keys: Iterable[str]) -> list[Change]:
    """A node leaves some values to others."""
    pk = key(company, node.project)
    return [Delete(NodeClaim, (pk, sk), NodeClaim.holder == node.id) for sk in keys]
