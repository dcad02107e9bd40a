"""Order keys: where a node stands in its project, as one text.

A *step* is a rank of twelve digits and the node's own part of its id. An *order key* is the steps from the top to
the node. So the order of texts is the order of the tree, a subtree is a prefix, every key ends in an id, and the
key alone tells a node's level and all its ancestors. The top of the project stands at the empty key.
"""

from chalicelib.ids import ID_LENGTH

LEVELS = 4
RANK_DIGITS = 12
STEP_LENGTH = RANK_DIGITS + ID_LENGTH
TOP = ""


def step(rank: int, node: str) -> str:
    """The step of a node with a rank among its siblings."""
    return f"{rank:0{RANK_DIGITS}d}{node[-ID_LENGTH:]}"


def rank_of(step: str) -> int:
    """The rank that a step begins with."""
    return int(step[:RANK_DIGITS])


def steps(order: str) -> list[str]:
    """The steps of an order key, the top one first."""
    return [order[start : start + STEP_LENGTH] for start in range(0, len(order), STEP_LENGTH)]


def last_step(order: str) -> str:
    """A node's own step."""
    return order[-STEP_LENGTH:]


def holder_order(order: str) -> str:
    """The order key of a node's parent; that of the top for a node of level 1."""
    return order[:-STEP_LENGTH]


def level_of(order: str) -> int:
    """1 for a location, 4 for an activity; 0 for the top."""
    return len(order) // STEP_LENGTH


def node_of(step: str, project: str) -> str:
    """The id of the node whose step it is."""
    return project + step[RANK_DIGITS:]


def nodes_of(order: str, project: str) -> list[str]:
    """The ids from level 1 to the node itself."""
    return [node_of(each, project) for each in steps(order)]


def ancestors_of(order: str, project: str) -> list[str]:
    """The ids of the nodes above, the top one first."""
    return nodes_of(holder_order(order), project)


def parent_of(order: str, project: str) -> str | None:
    """The id of the parent; None for a node of level 1."""
    above = holder_order(order)
    return node_of(last_step(above), project) if above else None


def below(order: str) -> tuple[str, str]:
    """The bounds of the order keys below a node; of all, below the top."""
    return order + "0", order + "~"


def carried(order: str, old: str, new: str) -> str:
    """The order key that a node has once the subtree in which it stands has gone from one key to another."""
    return new + order[len(old) :]
