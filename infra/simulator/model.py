"""What must hold of hours, written from the product's rules alone: nothing here is the product's.

An operation is judged against the facts as they are: which refusals are right (any of them may be the answer), or none.
"""

from dataclasses import dataclass, field
from decimal import Decimal

CLOCK = "the clock"
CAP = Decimal(16)
APPROVERS = frozenset({"owner", "project_manager", "foreman", "supervisor"})
COUNTED = frozenset({"submitted", "approved"})


@dataclass
class Entry:
    """Hours of one operative on one date."""

    project: str
    operative: str
    date: str
    hours: Decimal
    code: str | None
    submitter: str
    status: str = "submitted"
    hours_by: str = ""  # who was the last to change them
    submitters: set[str] = field(default_factory=set)  # whoever has ever submitted it

    clocked: bool = False

    @property
    def handed_in(self) -> str:
        """Who counts as its submitter in a clash: of what a clock sent the clock, whoever submits it again."""
        return CLOCK if self.clocked else self.submitter

    @property
    def day(self) -> tuple[str, str]:
        """The operative and the date."""
        return self.operative, self.date


@dataclass
class Operation:
    """A request: who, what, of which entry or clash, and with what."""

    verb: str
    by: str
    role: str = "foreman"
    entry: str = ""
    hours: Decimal = Decimal(0)
    code: str | None = None
    keep: tuple[str, ...] = ()
    new: Entry | None = None


@dataclass
class Model:
    """The hours of one company."""

    entries: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)
    resolved: dict[tuple[str, str], dict[str, tuple[Decimal, str]]] = field(default_factory=dict)

    def counted(self, day: tuple[str, str]) -> dict[str, Entry]:
        """The entries of a day that a clash is about."""
        return {id: each for id, each in self.entries.items() if each.day == day and each.status in COUNTED}

    def clashes(self, day: tuple[str, str]) -> bool:
        """Whether the facts of a day clash: two submitters, or hours above the cap."""
        found = self.counted(day).values()
        return len({each.handed_in for each in found}) > 1 or sum(each.hours for each in found) > CAP

    def covered(self, day: tuple[str, str]) -> bool:
        """Whether a resolution knew every entry of the day that counts, as it is now."""
        known = self.resolved.get(day)
        return known is not None and all(
            known.get(id) == (each.hours, each.handed_in) for id, each in self.counted(day).items()
        )

    def held(self, day: tuple[str, str]) -> bool:
        """Whether a clash that nobody has resolved as it is now keeps the day's entries from approval."""
        return self.clashes(day) and not self.covered(day)

    def refusals(self, operation: Operation) -> set[str]:
        """Every reason for which an operation is refused now; none: it is to be done."""
        if operation.verb == "create":
            return set()
        if operation.verb == "resolve":
            return self._refuses_resolution(operation)
        entry = self.entries.get(operation.entry)
        if entry is None:
            return {"not_found"}
        if (
            entry.status
            not in {
                "approve": {"submitted"},
                "reject": {"submitted"},
                "reopen": {"approved"},
                "edit": {"submitted", "rejected"},
                "submit": {"rejected"},
                "delete": {"submitted", "rejected"},
            }[operation.verb]
        ):
            return {"invalid_transition"}
        return self._refuses_approval(operation, entry) if operation.verb == "approve" else set()

    def _refuses_approval(self, operation: Operation, entry: Entry) -> set[str]:
        why = set()
        if operation.by in {entry.submitter, entry.hours_by, *entry.submitters}:
            why.add("own_entry")
        if self.held(entry.day):
            why.add("clash_unresolved")
        if entry.code is None and operation.code is None:
            why.add("cost_code_required")
        return why

    def _refuses_resolution(self, operation: Operation) -> set[str]:
        day = self.day_of(operation)
        counted = self.counted(day) if day else {}
        if day is None or not self.held(day):
            return {"invalid_transition", "not_found", "conflict"}
        why = {"validation_error"} if set(operation.keep) - set(counted) else set()
        rest = [each for id, each in counted.items() if id not in operation.keep]
        return why | ({"invalid_transition"} if any(each.status == "approved" for each in rest) else set())

    def day_of(self, operation: Operation) -> tuple[str, str] | None:
        """The day that a resolution is about."""
        entry = self.entries.get(operation.entry) or self.gone.get(operation.entry)
        return entry.day if entry else None

    def apply(self, operation: Operation, id: str) -> None:
        """The effect of an operation at the moment in which it is done; ``id`` is that of a new entry."""
        day = self._applied(operation, id)
        if day and not self.covered(day):
            self.resolved.pop(day, None)  # a new question: the resolution is history, and covers nothing more

    def _applied(self, operation: Operation, id: str) -> tuple[str, str] | None:
        if operation.verb == "create":
            assert operation.new is not None
            self.entries[id] = operation.new
            return operation.new.day
        day = self.day_of(operation)
        if operation.verb == "resolve":
            assert day is not None
            self.resolved[day] = {}
            for each_id, each in self.counted(day).items():
                if each_id in operation.keep:
                    self.resolved[day][each_id] = (each.hours, each.handed_in)
                else:
                    each.status = "rejected"
            return day
        entry = self.entries[operation.entry]
        if operation.verb == "approve":
            entry.status, entry.code = "approved", operation.code or entry.code
        elif operation.verb == "reject":
            entry.status = "rejected"
        elif operation.verb == "reopen":
            entry.status = "submitted"
        elif operation.verb == "submit":
            entry.submitters.add(entry.submitter)
            entry.status, entry.submitter = "submitted", operation.by
        elif operation.verb == "edit":
            if entry.hours != operation.hours:
                entry.hours, entry.hours_by = operation.hours, operation.by
        else:
            self.gone[operation.entry] = self.entries.pop(operation.entry)
        return day

    def spent(self, project: str) -> Decimal:
        """AC of a project: its approved hours."""
        return sum(
            (e.hours for e in self.entries.values() if e.project == project and e.status == "approved"), Decimal(0)
        )
