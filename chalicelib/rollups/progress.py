"""How far nodes are: percent complete and installed quantity, from their rollup rows.

Functions import earned value where they need it: most requests do not, and need not load it at a cold start.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from chalicelib.projects.projects import today
from chalicelib.projects.rows import Project
from chalicelib.rollups.rows import RollupDay, RollupHead
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store


class Progress(Struct, frozen=True):
    """Percent complete from 0 to 1 (None without a budget) and the installed quantity."""

    percent: Decimal | None
    installed: Decimal

    def exceeds(self, quantity: Decimal | None) -> bool:
        """Whether more is installed than was planned."""
        from chalicelib.evm.earning import over_quantity

        return over_quantity(self.installed, quantity)


NONE = Progress(None, Decimal(0))


def of(store: Store, company: str, project: Project, nodes: Sequence[str], now: datetime) -> dict[str, Progress]:
    """The progress of nodes as of today in the project's time zone; all reads are sent together."""
    if not nodes:
        return {}
    from chalicelib.rollups import kpis
    from chalicelib.rollups.measures import calendar_of

    as_of = today(project, now)
    heads, totals, *rows = store.together(
        lambda: store.get_many(*((RollupHead, key(company, node), "head") for node in nodes)),
        lambda: store.raw_many(*((RollupDay, *kpis.total_key(company, node)) for node in nodes)),
        *(lambda node=node: kpis.read_rows(store, company, node, as_of) for node in nodes),
    )
    found = {}
    for node, head, total, days in zip(nodes, heads, totals, rows, strict=True):
        sums = kpis.cut(total or {}, days, calendar_of(project), date.fromisoformat(as_of), None)
        percent = kpis.figures(sums, "hours", "cpi").percent_complete
        found[node] = Progress(percent, head.installed if head and head.installed is not None else Decimal(0))
    return found
