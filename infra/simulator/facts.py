"""What is known of a company, written from the product's rules alone: nothing here is the product's.

An operation is judged against the facts as they are. What is *hard* must not be at the very moment of the effect, as
the effect and the fact share a row. What is *soft* (permissions, the announcement of a closing) a request may have
looked at a moment before. Any of the reasons may be the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from infra.simulator.figures import Hours
from infra.simulator.roles import People
from infra.simulator.site import RUNS, Shown, Site

CLOCK = "the clock"
NOBODY = "somebody who is not signed in"
COUNTED = frozenset({"submitted", "approved"})
SOURCES = {
    "approve": {"submitted"},
    "reject": {"submitted"},
    "reopen": {"approved"},
    "edit": {"draft", "submitted", "rejected"},
    "submit": {"draft", "rejected"},
    "delete": {"draft", "submitted", "rejected"},
}
APPROVING = ("approve", "reject", "reopen")
MOST_BASELINES = 20
CLOCKS = 4.5  # seconds by which two functions' clocks differ at most, and a little


@dataclass
class Why:
    """Reasons against an operation: ``soft``, ``hard``, and those that may be given and need not be."""

    soft: set[str] = field(default_factory=set)
    hard: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)

    def answers(self) -> set[str]:
        """The codes with which it may be refused."""
        return self.soft | self.hard | self.maybe


@dataclass(frozen=True)
class Hand:
    """Who did something: a user, and the makers of the token that they used, who count as the user does."""

    user: str
    behind: frozenset[str] = frozenset()

    def is_also(self, other: "Hand") -> bool:
        """Whether one of the two is the other, or stands behind the other."""
        return self.user == other.user or self.user in other.behind or other.user in self.behind


@dataclass
class Entry:
    """Hours of one operative on one date."""

    project: str
    operative: str
    date: str
    hours: Decimal
    code: str | None  # as the request names the activity
    submitter: str
    status: str = "submitted"
    node: str | None = None  # the activity
    quantity: Decimal | None = None
    rate: Decimal | None = None  # kept at the approval
    born: float = 0.0  # when it came to its activity
    changers: dict[str, Hand] = field(default_factory=dict)  # of hours, date, quantity and operative: the last
    submitters: set[Hand] = field(default_factory=set)  # whoever has ever submitted it
    clocked: bool = False
    imported: bool = False  # from a file
    by_clock: Decimal | None = None  # the hours that the clock made it, or last corrected it to
    punch: tuple[str, str] = ("", "")  # of a clocked one: the operative and the date of the shift that was told
    history: list[tuple[str | None, str, str]] = field(default_factory=list)  # by whom, from, to

    @property
    def source(self) -> str:
        """Where it comes from, as the API says it."""
        return "clock" if self.clocked else "import" if self.imported else "manual"

    @property
    def handed_in(self) -> str:
        """Who counts as its submitter in a clash: of what a clock sent the clock, whoever submits it again."""
        return CLOCK if self.clocked else self.submitter

    @property
    def corrected_by_hand(self) -> bool:
        """Whether it is other than the clock made it; what a person has changed back is as the clock says."""
        return (self.hours, *self.day) != (self.by_clock, *self.punch)

    @property
    def day(self) -> tuple[str, str]:
        """The operative and the date."""
        return self.operative, self.date


@dataclass
class Stray:
    """A punched shift of a clock ID that nobody has."""

    project: str
    shift: Decimal  # hours from its beginning to its end, as the device or a person says
    pause: int = 0  # minutes, as a person says
    event: str = ""  # its id, once a device knows it
    to: str = ""  # whose it is, as a person says
    dismissed: bool = False
    entry: str = ""  # the hours that it has become, if it ever has
    waits: bool = False  # somebody has settled it while something stood in the way: that waits, whatever it has become
    was_hours: bool = False  # they were deleted, and are not hours again
    timed_by: "Hand | None" = None  # who has really changed the times or the break last
    assigned_by: "Hand | None" = None
    again_by: "Hand | None" = None  # who wants hours again that were deleted

    @property
    def hours(self) -> Decimal:
        """What is worked of it."""
        return self.shift - Decimal(self.pause) / 60


@dataclass
class Secret:
    """An ingest secret: when it ends, at the earliest and at the latest, once that is known."""

    ends: tuple[float, float] | None = None

    def works(self, now: float) -> bool:
        """Whether it works for sure."""
        return self.ends is None or now < self.ends[0]

    def is_over(self, now: float) -> bool:
        """Whether it has ended for sure."""
        return self.ends is not None and now >= self.ends[1]

    def end_by(self, end: tuple[float, float]) -> None:
        """It ends then, or earlier where it would have anyway."""
        self.ends = end if self.ends is None else (min(self.ends[0], end[0]), min(self.ends[1], end[1]))


@dataclass(repr=False)
class Operation:
    """What somebody wants done: the verb, of which entry, node or project, and with what."""

    verb: str
    by: str
    entry: str = ""
    project: str = ""
    node: str = ""
    code: str | None = None
    keep: tuple[str, ...] = ()
    new: Entry | None = None
    rows: tuple[Entry, ...] = ()  # of a crew sheet
    ids: tuple[str, ...] = ()  # of a review of many
    values: dict[str, Any] = field(default_factory=dict)
    token: str = ""  # the one in use, where it is not the user's own
    behind: frozenset[str] = frozenset()  # who stands behind it
    secret: int = 0  # of a device: the number of the ingest secret that it sends

    def __repr__(self) -> str:
        told = {each.name: getattr(self, each.name) for each in fields(self)[2:]}
        return ", ".join([f"{self.verb} by {self.by}", *(f"{name} {value}" for name, value in told.items() if value)])

    @property
    def hand(self) -> Hand:
        """Who does it."""
        return Hand(self.by, self.behind)

    def codes(self) -> set[tuple[str, str]]:
        """The cost codes that it names, each with its project where it names one."""
        rows = (*([self.new] if self.new else []), *self.rows)
        found = {(row.project, row.code) for row in rows if row.code}
        return found | {
            ("", code) for code in (self.code, self.values.get("code") if self.verb == "edit" else None) if code
        }


@dataclass
class Effect:
    """What the transaction of an operation says of it: the new id, the rate that is kept, the activity of the hours."""

    id: str = ""
    rate: Decimal | None = None
    node: str | None = None
    shown: dict[str, "Shown"] = field(default_factory=dict)  # nodes that an import has made or changed
    began: float = 0.0  # when the function began that had it


@dataclass
class Facts:
    """One company."""

    now: Callable[[], float] = field(default=lambda: 0.0)  # seconds
    people: People = field(default_factory=People)
    sites: dict[str, Site] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)  # operative -> the user they are
    rates: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)  # as they were entered, one after another
    entries: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)  # activity -> when hours last went from it to another
    punched: set[tuple[str, str]] = field(default_factory=set)  # operative and clock-in of what became hours
    resolved: dict[tuple[str, str], dict[str, tuple[Decimal, str]]] = field(default_factory=dict)
    caps: list[tuple[float, Decimal]] = field(
        default_factory=lambda: [(0.0, Decimal(16))]
    )  # since when, hours in a day
    strays: dict[str, Stray] = field(default_factory=dict)  # date -> the punch
    trades: dict[str, str | None] = field(default_factory=dict)  # of operatives who have been given one
    emails: dict[str, str] = field(default_factory=dict)  # of users who have got one in the history
    passwords: dict[str, list[str]] = field(default_factory=dict)  # user -> those that were set, the last one last
    secrets: list[Secret] = field(default_factory=lambda: [Secret()])  # of devices, one after another
    founded: dict[str, dict[str, set[Any]]] = field(
        default_factory=dict
    )  # projects that have come in it: code -> which of the company's settings they may have
    names: dict[str, str] = field(default_factory=dict)  # of operatives who have got another
    settings: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)  # of the company, since when
    idle: dict[str, float] = field(default_factory=dict)  # operatives who are not active, since when
    freed: float = -1.0  # when something that stood in the way of hours last went
    spare: str = ""  # the operative whose they are, as people say
    owner: str = ""  # the operative who has got the clock ID, or was made for it
    unsure: set[tuple[str, str]] = field(default_factory=set)  # days whose resolution was judged by another cap

    def setting(self, name: str) -> Any:
        """A setting of the company as it is now."""
        return self.settings[name][-1][1]

    def lately(self, name: str, began: float) -> set[Any]:
        """What a setting was, from a moment until now."""
        known = self.settings.get(name, [])
        ends = [*(at for at, _ in known), self.now()][1:]
        return {value for (_, value), end in zip(known, ends, strict=True) if end >= began}

    # clashes

    def counted(self, day: tuple[str, str]) -> dict[str, Entry]:
        """The entries of a day that a clash is about."""
        return {id: each for id, each in self.entries.items() if each.day == day and each.status in COUNTED}

    @property
    def cap(self) -> Decimal:
        """The hours that one may work in a day."""
        return self.caps[-1][1]

    def lenient(self) -> Decimal:
        """The highest cap that a request may have read that still runs."""
        lately = [
            cap for (_, cap), (until, _) in zip(self.caps, self.caps[1:], strict=False) if until > self.now() - RUNS
        ]
        return max(self.cap, *lately) if lately else self.cap

    def clashes(self, day: tuple[str, str], cap: Decimal | None = None) -> bool:
        """Whether the facts of a day clash: two submitters, or hours above the cap."""
        found = self.counted(day).values()
        return len({each.handed_in for each in found}) > 1 or sum(each.hours for each in found) > (cap or self.cap)

    def sure(self, day: tuple[str, str]) -> bool:
        """Whether every cap that the company has had says the same of a day."""
        return day not in self.unsure and len({self.clashes(day, cap) for _, cap in self.caps}) == 1

    def covered(self, day: tuple[str, str]) -> bool:
        """Whether a resolution knew every entry of the day that counts, as it is now."""
        known = self.resolved.get(day)
        return known is not None and all(
            known.get(id) == (each.hours, each.handed_in) for id, each in self.counted(day).items()
        )

    def held(self, day: tuple[str, str]) -> bool:
        """Whether a clash that nobody has resolved as it is now keeps the day's entries from approval."""
        return self.clashes(day) and not self.covered(day)

    def stands_in_the_way(self, project: str, closed_to: str) -> bool:
        """Whether the days of a project are not closed without force: something waits, or is under an open clash."""
        return any(
            each.project == project and each.date <= closed_to
            for each in self.entries.values()
            if each.status == "submitted" or (each.status == "approved" and self.held(each.day))
        )

    def entries_of(self, status: str) -> dict[str, Entry]:
        """Those in a state."""
        return {id: each for id, each in self.entries.items() if each.status == status}

    # what is seen

    def sees(self, user: str, entry: Entry) -> bool:
        """All labour of the project, or the hours that are one's own."""
        return self.people.may(user, "see all labour", entry.project) or self.workers.get(entry.operative) == user

    def looks(self, user: str, id: str) -> Any:
        """An entry as somebody is shown it: status, hours, whether the rate is there; or the refusal's status."""
        if user in self.people.inactive:
            return 401
        entry = self.entries.get(id)
        if entry is None or not self.sees(user, entry):
            return 404
        return entry.status, entry.hours, self.people.may(user, "see rates", entry.project)

    # what several rules ask

    def _lacks(self, operation: Operation, *either: str, project: str | None = None) -> bool:
        return not any(self.people.may(operation.by, what, project) for what in either)

    def may_log(self, user: str, project: str, operative: str) -> bool:
        """The crew's hours, or those of the operative that one is."""
        may = self.people.may
        own = self.workers.get(operative) == user and may(user, "log", project)
        return own or may(user, "log for the crew", project)

    def _closed(self, why: Why, project: str, *dates: str) -> Why:
        site, first = self.sites[project], min(dates)
        if first <= site.closed_for_good:
            why.hard.add("period_closed")
        elif first <= site.closed_to:
            why.soft.add("period_closed")
        return why

    def _inactive(self, why: Why, project: str, operative: str) -> Why:
        """An operative who is not active, or a project that is completed or archived, takes no hours."""
        why.soft |= {"inactive"} if operative in self.idle or not self.sites[project].takes_hours else set()
        return why

    def idle_since(self, began: float, project: str, operative: str) -> bool:
        """Whether hours were not to be taken, for as long as a function knows that began then."""
        site = self.sites[project]
        return self.idle.get(operative, began) < began or (not site.takes_hours and site.stopped < began)

    def _made_for(self, operation: Operation, what: str) -> Why:
        """What a user signs in with is made by those who may; so must all who stand behind the token in use."""
        user, why = operation.values["user"], Why(maybe={"in_use"})
        able = all(self.people.may_make_for(each, user) for each in (operation.by, *operation.behind))
        why.soft |= set() if able and not self._lacks(operation, what) else {"permission_denied"}
        why.hard |= {"inactive"} if user in self.people.inactive else set()
        return why

    def _of_project(self, operation: Operation, *either: str) -> Why:
        lacks = self._lacks(operation, *either, project=operation.project)
        gone = operation.node and not self.sites[operation.project].has(operation.node)
        return Why({"permission_denied"} if lacks else set(), {"not_found"} if gone else set())

    def _code(self, why: Why, project: str, code: str | None) -> Why:
        """A request names a cost code that the project has not, or perhaps has not any more."""
        site = self.sites[project]
        if code is not None and code not in site.codes():
            (why.maybe if code in site.lingering() else why.soft).add("validation_error")
        return why

    # figures

    def possible_rates(self, entry: Entry) -> set[Decimal | None]:
        """The rates of the entry's date, now or at any moment before."""
        valid: dict[str, Decimal] = {}
        found: set[Decimal | None] = {None}
        for since, rate in self.rates.get(entry.operative, []):
            valid[since] = rate
            before = [each for each in valid if each <= entry.date]
            found.add(valid[max(before)] if before else None)
        return found

    def rate_of(self, id: str) -> Decimal | None:
        """The rate of an entry's date as it is now."""
        entry = self.entries[id]
        valid = {since: rate for since, rate in self.rates.get(entry.operative, []) if since <= entry.date}
        return valid[max(valid)] if valid else None

    def work(self, project: str) -> list[Hours]:
        """The approved hours of a project."""
        return [
            Hours(each.node, each.date, each.hours, each.rate, each.quantity)
            for each in self.entries.values()
            if each.project == project and each.status == "approved" and each.node
        ]
