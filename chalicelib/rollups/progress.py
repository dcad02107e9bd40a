"""How far nodes are today: percent complete and installed quantity, for pages of nodes. It reads no history.

Functions import earned value where they need it: most requests do not, and need not load it at a cold start.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.projects.projects import today
from chalicelib.projects.rows import Project
from chalicelib.storage.store import Store, Wanted

if TYPE_CHECKING:
    from chalicelib.rollups.generations import Generation
    from chalicelib.rollups.nodesums import NodeSums
    from chalicelib.rollups.sources import Place


class Progress(Struct, frozen=True):
    """Percent complete from 0 to 1 by the plan of now (None without a budget), and the installed quantity."""

    percent: Decimal | None
    installed: Decimal

    def exceeds(self, quantity: Decimal | None) -> bool:
        """Whether more is installed than was planned."""
        from chalicelib.evm.earning import over_quantity

        return over_quantity(self.installed, quantity)


NONE = Progress(None, Decimal(0))


def of(store: Store, company: str, project: Project, levels: Mapping[str, int], now: datetime) -> dict[str, Progress]:
    """The progress of nodes (id to level) as of today in the project's time zone, in one round."""
    if not levels:
        return {}
    from chalicelib.rollups import generations, sheets
    from chalicelib.rollups.rows import Root
    from chalicelib.rollups.sources import Place

    place, as_of = Place(company, project.id), date.fromisoformat(today(project, now))
    half = sheets.half_of(as_of.toordinal())
    wanted = {id: _rows(place, id, level, half) for id, level in levels.items()}
    [root, *items] = store.raw_many((Root, place.pk, "root"), *(row for rows in wanted.values() for row in rows))
    if root is None:
        return dict.fromkeys(levels, NONE)
    current = generations.unpack(root["content"]["B"]).current
    found, rest = {}, iter(items)
    for id, rows in wanted.items():
        own = {sk: item for (_, _, sk), item in zip(rows, rest, strict=False) if item is not None}
        found[id] = _activity(own, current, as_of) if levels[id] == 4 else _upper(store, place, id, own, current, as_of)
    return found


def _rows(place: "Place", id: str, level: int, half: str) -> list[Wanted]:
    from chalicelib.rollups.rows import Half, Head, Tip

    if level == 4:
        return [(Head, place.of(id), "head")]
    return [
        row for slot in "ab" for row in ((Tip, place.of(id), f"{slot}#tip"), (Half, place.of(id), f"{slot}#{half}"))
    ]


def _activity(own: Mapping[str, dict[str, Any]], current: "Generation", as_of: date) -> Progress:
    from chalicelib.rollups import accounts
    from chalicelib.rollups.nodesums import NodeSums
    from chalicelib.rollups.steps import counted

    if "head" not in own:
        return NONE
    account = accounts.unpack(own["head"]["content"]["B"])
    sums = NodeSums.of_sheet(counted(account, current), current)
    return Progress(_percent(sums, current, as_of), account.installed(as_of))


def _upper(
    store: Store, place: "Place", id: str, own: Mapping[str, dict[str, Any]], current: "Generation", as_of: date
) -> Progress:
    """From its tip and today's half-year; whole, where somebody wrote in between."""
    from chalicelib.rollups import books, reading, sheets
    from chalicelib.rollups.nodesums import NodeSums

    tip = own.get(f"{current.slot}#tip")
    contents = books.unpack(tip["content"]["B"]) if tip else None
    half = sheets.half_of(as_of.toordinal())
    row = own.get(f"{current.slot}#{half}")
    if contents is not None and contents.generation == current.number:
        summary = contents.halves.get(half)
        if summary is None or (row is not None and int(row["version"]["N"]) == summary.version):
            packed = {half: row["content"]["B"]} if row is not None and summary is not None else {}
            return Progress(_percent(NodeSums(contents.undated, contents.halves, packed), current, as_of), Decimal(0))
    elif not own:
        return NONE
    state, _ = reading.read(store, place, id)
    return Progress(_percent(state.sums, state.generation, as_of) if state.generation else None, Decimal(0))


def _percent(sums: "NodeSums", generation: "Generation", as_of: date) -> Decimal | None:
    from fractions import Fraction

    from chalicelib.evm.amounts import rounded
    from chalicelib.rollups import kpis
    from chalicelib.rollups.accounts import NOW
    from chalicelib.rollups.nodesums import HOURS, Curve

    budget = sum(sums.budget(NOW, kind, HOURS) for kind in kpis.KINDS)
    if not budget:
        return None
    earned = sum(sums.earned(NOW, kind, HOURS, as_of.toordinal()) for kind in ("discrete", "undated"))
    effort = Curve(sums, NOW, "effort", HOURS, generation.days[NOW])(as_of)
    return rounded(Fraction(earned + effort, budget), 4)
