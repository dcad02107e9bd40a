"""An activity as a baseline keeps it; while one is being frozen, whoever changes an activity keeps what it was."""

from decimal import Decimal

from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.tree.order import LEVELS
from chalicelib.tree.rows import Frozen, Node, Outline


def baseline_sk(number: int) -> str:
    """The sort key of a baseline, and of each activity in it."""
    return f"baseline#{number:02d}"


def frozen_key(company: str, activity: str, number: int) -> Wanted:
    """Which row an activity is in a baseline."""
    return Frozen, key(company, activity), baseline_sk(number)


def kept_of(company: str, node: Node, outline: Outline) -> list[Wanted]:
    """What must be known before an activity is changed while a baseline is being frozen."""
    if not outline.freezing or not was_there(node, outline.freezing):
        return []
    return [frozen_key(company, node.id, outline.freezing)]


def was_there(node: Node, number: int) -> bool:
    """Whether a node is an activity that was there when the freeze of a baseline began."""
    return bool(node.level == LEVELS and node.made_during != number)


def keep(reading: Reading, company: str, node: Node, outline: Outline) -> list[Change]:
    """The activity as it is, put into the baseline that is being frozen, unless it is there already."""
    wanted = kept_of(company, node, outline)
    if not wanted or reading.rows(*wanted)[0] is not None:
        return []
    return [put(company, node, outline.freezing or 0)]


def put(company: str, node: Node, number: int) -> Change:
    """An activity put into a baseline, on condition that it is not there yet."""
    _, pk, sk = frozen_key(company, node.id, number)
    row = Frozen(
        pk=pk,
        sk=sk,
        project=node.project,
        activity=node.id,
        budget_hours=node.budget_hours or Decimal(0),
        baseline_start=node.baseline_start,
        baseline_finish=node.baseline_finish,
    )
    return Put(row, absent(Frozen))
