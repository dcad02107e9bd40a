"""What an entry depends on, and what follows from it for the actions of a caller."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission as P
from chalicelib.errors import Invalid
from chalicelib.labour import clash_rules, days, four_eyes
from chalicelib.labour.actors import hand_of
from chalicelib.labour.clash_rules import CLOCK
from chalicelib.labour.days import Day, Days, Judged
from chalicelib.labour.four_eyes import Hand
from chalicelib.labour.rows import Entry
from chalicelib.labour.states import Facts, State, allowed_actions
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import Operative
from chalicelib.projects.rows import Project
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.tree.claims import claim_key, code_key
from chalicelib.tree.ground import node_key, outline_key
from chalicelib.tree.rows import Node, NodeClaim, Outline

EARLIEST = "2000-01-01"
DAYS_AHEAD = 31


class Wants(Struct, frozen=True):
    """Of which entry the surroundings are asked for: its activity by cost code, or by node, or none."""

    project: str
    operative: str
    date: str
    cost_code: str | None = None
    wbs: str | None = None

    def places(self, company: str) -> list[Wanted]:
        """The rows to read: project, operative, day and activity."""
        found: list[Wanted] = [
            (Project, key(company, self.project), "project"),
            operatives.place(company, self.operative),
            days.place(company, self.operative, self.date),
        ]
        if self.cost_code is not None:
            found.append(claim_key(company, self.project, code_key(self.cost_code)))
            found.append(outline_key(company, self.project))
        elif self.wbs is not None:
            found.append(node_key(company, self.wbs))
        return found


def wants(entry: Entry, cost_code: str | None = None) -> Wants:
    """Of an entry as it is, perhaps with another cost code."""
    return Wants(entry.project, entry.operative, entry.date, cost_code, entry.wbs)


class Around(Struct, frozen=True):
    """Project, operative and activity of an entry, as they are now."""

    project: Project
    operative: Operative
    wbs: str | None = None
    cost_code: str | None = None


def around(reading: Reading, company: str, wanted: Wants) -> Around:
    """What an entry depends on, read in one round with its day.

    Raises:
        Invalid: names each field whose row is not there.
    """
    project, operative, _, *activity = reading.rows(*wanted.places(company))
    errors = {}
    if project is None:
        errors["project"] = ["There is no such project."]
    if operative is None:
        errors["operative"] = ["There is no such operative."]
    wbs, cost_code = _activity(activity)
    if wanted.cost_code is not None and wbs is None:
        errors["cost_code"] = ["The project has no activity with this code."]
    if errors:
        raise Invalid(errors=errors)
    return Around(project, operative, wbs, cost_code)


def _activity(found: Sequence[NodeClaim | Outline | Node | None]) -> tuple[str | None, str | None]:
    """The node and its present code; a node that is gone, or only staged, is no activity."""
    match found:
        case [NodeClaim() as claim, Outline() as outline] if (claim.since or 0) <= outline.edition:
            return claim.holder, claim.label
        case [Node() as node]:
            return node.id, node.cost_code
    return None, None


def refuse_date(project: Project, date: str, now: datetime) -> None:
    """Raises :class:`Invalid` for a date out of bounds: 2000-01-01 to 31 days from today in the project's zone."""
    latest = now.astimezone(ZoneInfo(project.timezone)).date() + timedelta(days=DAYS_AHEAD)
    if date < EARLIEST or Date.fromisoformat(date) > latest:
        raise Invalid(errors={"date": [f"Must lie between {EARLIEST} and {latest.isoformat()}."]})


def may_log(caller: Caller, project: str, operative: str) -> bool:
    """The crew's hours by those who log for it, else only those of the operatives the caller is."""
    held = caller.permissions(project)
    return P.LOG_CREW in held or (P.LOG_OWN in held and operative in caller.operatives)


def sees(caller: Caller, entry: Entry) -> bool:
    """All labour, or one's own rows."""
    return caller.may(P.READ_ALL_LABOUR, entry.project) or entry.operative in caller.operatives


def facts(caller: Caller, entry: Entry, near: Around, day: Day) -> Facts:
    """What decides on the caller's actions on the entry."""
    return Facts(
        state=State(entry.status),
        date=entry.date,
        may_log=may_log(caller, entry.project, entry.operative),
        may_approve=caller.may(P.APPROVE, entry.project),
        closed_to=near.project.closed_to,
        project_status=near.project.status,
        operative_active=near.operative.active,
        own=is_own(caller, entry, near.operative),
        clash=_held_back(caller, entry, day),
        cost_code=near.wbs is not None,
    )


def is_own(caller: Caller, entry: Entry, operative: Operative) -> bool:
    """Whether one of those behind the request may not be the second pair of eyes on these hours."""
    workers = {operative.user, *(operative.former_users or {})}  # who unlinks themselves is still the one who worked
    return four_eyes.is_own(hand_of(caller), submitters(entry), changers(entry), workers)


def submitters(entry: Entry) -> list[Hand]:
    """Everybody who ever handed the entry in."""
    return [_hand(kept) for kept in entry.submitters or ()]


def changers(entry: Entry) -> four_eyes.Changers:
    """Who last really changed each watched field."""
    return {name: _hand(kept) for name, kept in (entry.changers or {}).items()}


def kept_hands(hands: Iterable[Hand]) -> list[list[str]]:
    """Hands as an entry keeps them: the user, then the makers."""
    return sorted([hand.user, *hand.makers] for hand in hands)


def kept_changers(found: four_eyes.Changers) -> dict[str, list[str]]:
    """The same of each field."""
    return {name: [hand.user, *hand.makers] for name, hand in found.items()}


def _hand(kept: Sequence[str]) -> Hand:
    return Hand(kept[0], tuple(kept[1:]))


def _held_back(caller: Caller, entry: Entry, day: Day) -> Mapping[str, object] | None:
    """What an answer says of the clash that holds an entry back: where it is, its kinds, and the other entries."""
    clash = day.clash
    if entry.id not in clash_rules.counted(day.entries) or not clash_rules.holds_back(clash, entry.id):
        return None
    assert clash is not None
    others = [each for each in clash_entries(caller, day.operative, day.date, day.entries) if each.id != entry.id]
    link = f"/api/v1/clashes/{day.id}/"
    return {"clash": {"id": day.id, "link": link, "kinds": list(clash.kinds), "entries": others}}


class ClashEntry(Struct, frozen=True):
    """An entry under a clash; of a project that the caller may not see only date, hours and status."""

    date: str
    hours: Decimal
    status: str
    id: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    submitted_by: str | None | UnsetType = UNSET  # None: the clock


def clash_entries(
    caller: Caller, operative: str, date: str, entries: Mapping[str, clash_rules.DayEntry]
) -> list[ClashEntry]:
    """The entries of a day that can clash, as far as the caller may see them."""
    shown = []
    for id, each in sorted(clash_rules.counted(entries).items()):
        whole = caller.may(P.READ_ALL_LABOUR, each.project) or operative in caller.operatives
        rest = (id, each.project, None if each.submitter == CLOCK else each.submitter) if whole else ()
        shown.append(ClashEntry(date, each.hours, each.status, *rest))
    return shown


class Shown(Struct, frozen=True):
    """An entry as an answer tells of it: its activity's present code, the clash over it, and what may be done.

    ``before`` is its version before a change that it has just got.
    """

    entry: Entry
    cost_code: str | None
    clash: str | None
    actions: list[str]
    before: int = 0


def show(caller: Caller, entry: Entry, near: Around, day: Day, before: int = 0) -> Shown:
    """The entry as the caller is told of it."""
    over = entry.id in clash_rules.counted(day.entries) and clash_rules.is_over(day.clash, entry.id)
    actions = allowed_actions(facts(caller, entry, near, day))
    return Shown(entry, near.cost_code, day.id if over else None, actions, before)


def show_all(reading: Reading, caller: Caller, entries: Sequence[Entry], by: Judged) -> list[Shown]:
    """Entries as the caller is told of them; what they depend on is read in one round."""
    reading.rows(*(wanted for entry in entries for wanted in wants(entry).places(caller.company)))
    all_days = Days(reading, by)
    return [_shown(reading, caller, entry, all_days.of(entry.operative, entry.date)) for entry in entries]


def _shown(reading: Reading, caller: Caller, entry: Entry, day: Day) -> Shown:
    project, operative, _, *activity = reading.rows(*wants(entry).places(caller.company))
    if project is None or operative is None:  # a restored table may lack it: the row is shown, and nothing is offered
        return Shown(entry, _activity(activity)[1], None, [])
    return show(caller, entry, Around(project, operative, *_activity(activity)), day)
