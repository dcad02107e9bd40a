"""One piece of an import as the changes that stage it, decided on what is there now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from chalicelib.errors import Conflict, InUse
from chalicelib.ids import ID_LENGTH
from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.times import stamp
from chalicelib.tree.carrying import Carried, line
from chalicelib.tree.claims import claim_key, claimed, keys
from chalicelib.tree.editions import as_of, standing_of
from chalicelib.tree.ground import node_key, place_key
from chalicelib.tree.order import LEVELS, parent_of, step
from chalicelib.tree.plan import PLAN, check, with_defaults
from chalicelib.tree.plan_import import Planned
from chalicelib.tree.rows import ALL_LEVELS, Node, NodeClaim, Place
from chalicelib.tree.sowing import ChangedNode, Entry, NewChildren, NewNode
from chalicelib.tree.staging import stage_children, stage_new, stage_node, stage_order
from chalicelib.tree.standing import GAP, LAST_RANK, MOST_CHILDREN, Standing, remove

MEANWHILE = "The tree was changed while the import began: {what}. Nothing was imported; import the file again."


class Staging:
    """What is known while a piece is staged: the standings that its nodes come to, of this piece and earlier ones."""

    def __init__(self, reading: Reading, company: str, project: str, edition: int, now: datetime) -> None:
        self._reading, self._company, self._project = reading, company, project
        self._edition, self._now = edition, now
        self._standings: dict[str, Standing] = {}

    def changes(self, entries: Sequence[Entry]) -> list[Change]:
        """The changes of one transaction.

        Raises:
            Conflict, InUse, Invalid: something has come in between, so the import cannot be.
        """
        self._read_ahead(entries)
        return [change for entry in entries for change in self._entry(entry)]

    def _read_ahead(self, entries: Sequence[Entry]) -> None:
        """All rows that the entries are about, in one round."""
        new = {entry.id for entry in entries if isinstance(entry, NewNode)}
        places = {entry.id for entry in entries if not isinstance(entry, NewNode)}
        places |= {entry.parent for entry in entries if not isinstance(entry, NewChildren)} - new
        changed = [entry.id for entry in entries if isinstance(entry, ChangedNode)]
        wanted = [sk for entry in entries if not isinstance(entry, NewChildren) for sk in _claims(entry)]
        self._reading.rows(
            *(place_key(self._company, id) for id in sorted(places)),
            *(node_key(self._company, id) for id in changed),
            *(claim_key(self._company, self._project, sk) for sk in wanted),
        )

    def _entry(self, entry: Entry) -> list[Change]:
        if isinstance(entry, NewChildren):
            return [self._children(entry)]
        return self._new(entry) if isinstance(entry, NewNode) else self._changed(entry)

    def _children(self, entry: NewChildren) -> Change:
        place: Place = self._reading.rows(place_key(self._company, entry.id))[0]
        standing = standing_of(place)
        for id in entry.leave:
            standing = remove(standing, _step_of(standing, id))
        self._standings[entry.id] = _with(standing, entry.come)
        return stage_children(place, self._standings[entry.id], self._edition)

    def _new(self, entry: NewNode) -> list[Change]:
        standing = _with(Standing(self._order(entry.parent, entry.id)), entry.children)
        self._standings[entry.id] = standing
        node = self._node(entry)
        kept = {entry.handed} if entry.handed else set[str]()
        self._require_free(entry.id, entry.name, set(_claims(entry)) - kept)
        self._require_held(entry.handed)
        return stage_new(self._company, node, standing, self._edition, kept)

    def _node(self, entry: NewNode) -> Node:
        at = stamp(self._now)
        return Node(
            pk=key(self._company, self._project),
            sk=f"node#{entry.id}",
            id=entry.id,
            project=self._project,
            level=entry.level,
            name=entry.name,
            version=1,
            created_at=at,
            updated_at=at,
            **with_defaults(entry.level, _stored(entry.planned) if entry.planned else {}),
        )

    def _changed(self, entry: ChangedNode) -> list[Change]:
        node, place = self._reading.rows(node_key(self._company, entry.id), place_key(self._company, entry.id))
        if as_of(node, self._edition) is None or place is None:
            raise Conflict(MEANWHILE.format(what=f"the activity {entry.planned.cost_code} is gone"))
        told = _stored(entry.planned) | {"name": entry.name}
        fields = {name: told[name] for name in entry.fields}
        check(LEVELS, {name: fields.get(name, getattr(node, name)) for name in PLAN})
        values = fields | {"version": node.version + 1, "updated_at": stamp(self._now)}
        after = Node(**(node.plain() | values))
        before = set(keys(parent_of(place.order, self._project), node.name, node.cost_code).values())
        wanted = set(keys(_above(entry), after.name, after.cost_code).values())  # its name may be another by now
        taken = wanted - before - {entry.handed}
        self._require_free(entry.id, after.name, taken)
        self._require_held(entry.handed)
        if not {entry.hands_on} - {None} <= before or not {entry.handed} - {None} <= wanted:
            raise Conflict(MEANWHILE.format(what=f"{after.cost_code} has another name"))
        moved = self._moved(entry, node, place) if entry.moved else []
        return [stage_node(node, values, self._edition), *claimed(self._company, after, sorted(taken)), *moved]

    def _moved(self, entry: ChangedNode, node: Node, place: Place) -> list[Change]:
        pk = key(self._company, self._project, ALL_LEVELS)
        old = line(pk, place.order, LEVELS, node.searchable())
        return stage_order(self._company, Carried(old, place, self._order(entry.parent, entry.id)), self._edition)

    def _order(self, parent: str, id: str) -> str:
        """The order key that a node comes to, as its parent's children are staged."""
        if parent not in self._standings:
            place = as_of(self._reading.rows(place_key(self._company, parent))[0], self._edition)
            assert place is not None, "parents are staged before what comes to them"
            self._standings[parent] = standing_of(place)
        standing = self._standings[parent]
        return standing.order + _step_of(standing, id)

    def _require_free(self, id: str, name: str, wanted: Iterable[str]) -> None:
        rows: Sequence[NodeClaim | None] = self._reading.rows(
            *(claim_key(self._company, self._project, sk) for sk in sorted(wanted))
        )
        for row in rows:
            if row is not None and row.holder != id:
                raise Conflict(MEANWHILE.format(what=f"another node has “{row.label}” now, which “{name}” was to get"))

    def _require_held(self, claim: str | None) -> None:
        """What another leaves to a node must be there until the flip."""
        if claim and self._reading.rows(claim_key(self._company, self._project, claim))[0] is None:
            raise Conflict(MEANWHILE.format(what="an activity has another name"))


def _claims(entry: NewNode | ChangedNode) -> list[str]:
    """The keys of the claims that a node will have, as far as the file knows."""
    return list(keys(_above(entry), entry.name, entry.planned.cost_code if entry.planned else None).values())


def _above(entry: NewNode | ChangedNode) -> str | None:
    """The node above; None for those of level 1, which are below the project."""
    return entry.parent if len(entry.parent) > ID_LENGTH else None


def _with(standing: Standing, ids: Sequence[str]) -> Standing:
    """A parent with more children after those that it has.

    Raises:
        InUse: it has as many as it may have, or has had so many that it must be put in order first.
    """
    if len(standing.children) + len(ids) > MOST_CHILDREN or standing.last_rank + GAP * len(ids) > LAST_RANK:
        raise InUse(f"A parent of the file has too many children. Put some under another; {MOST_CHILDREN} are taken.")
    ranks = range(standing.last_rank + GAP, standing.last_rank + GAP * (len(ids) + 1), GAP)
    come = [step(rank, id) for rank, id in zip(ranks, ids, strict=True)]
    return Standing(standing.order, (*standing.children, *come), ranks[-1] if come else standing.last_rank)


def _step_of(standing: Standing, id: str) -> str:
    """The step of a child among a parent's children."""
    return next(each for each in reversed(standing.children) if each.endswith(id[-ID_LENGTH:]))


def _stored(planned: Planned) -> dict[str, object]:
    """A plan as the node's fields keep it."""
    dates: Mapping[str, date | None] = {
        "baseline_start": planned.baseline_start,
        "baseline_finish": planned.baseline_finish,
    }
    return {
        "cost_code": planned.cost_code,
        "budget_hours": planned.budget_hours,
        "unit": planned.unit,
        "quantity": planned.quantity,
        "earning_rule": planned.earning_rule,
        **{name: day.isoformat() if day else None for name, day in dates.items()},
    }
