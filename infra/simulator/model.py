"""What must hold of a company, written from the product's rules alone: nothing here is the product's.

An operation is judged against the facts as they are. What is *hard* must not be at the very moment of the effect, as
the effect and the fact share a row. What is *soft* (permissions, the announcement of a closing) a request may have
looked at a moment before. Any of the reasons may be the answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from infra.simulator.figures import Hours
from infra.simulator.roles import People
from infra.simulator.site import Activity, Measured, Plan, Site

CLOCK = "the clock"
CAP = Decimal(16)
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


@dataclass
class Why:
    """Reasons against an operation: ``soft``, ``hard``, and those that may be given and need not be."""

    soft: set[str] = field(default_factory=set)
    hard: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)

    def answers(self) -> set[str]:
        """The codes with which it may be refused."""
        return self.soft | self.hard | self.maybe


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
    quantity: Decimal | None = None
    rate: Decimal | None = None  # kept at the approval
    changers: dict[str, str] = field(
        default_factory=dict
    )  # the last to change each of hours, date, quantity, operative
    submitters: set[str] = field(default_factory=set)  # whoever has ever submitted it
    clocked: bool = False
    history: list[tuple[str | None, str, str]] = field(default_factory=list)  # by whom, from, to

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


@dataclass
class Model:
    """One company."""

    people: People = field(default_factory=People)
    sites: dict[str, Site] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)  # operative -> the user they are
    rates: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)  # as they were entered, one after another
    entries: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)
    punched: set[tuple[str, str]] = field(default_factory=set)  # operative and clock-in of what became hours
    resolved: dict[tuple[str, str], dict[str, tuple[Decimal, str]]] = field(default_factory=dict)

    # clashes

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

    # what is refused

    def refusals(self, operation: Operation) -> Why:
        """Every reason against an operation as things are now; none: it is to be done."""
        if operation.by != CLOCK and operation.by in self.people.inactive:
            return Why(soft={"not_authenticated"})
        judge = getattr(self, f"_judge_{operation.verb}", None)
        why: Why = judge(operation) if judge else self._judge_step(operation)
        return why

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

    def _judge_create(self, operation: Operation) -> Why:
        new = operation.new
        assert new is not None
        if operation.by == CLOCK:
            why = Why(hard={"twice"} if new.day in self.punched else set(), maybe={"conflict", "invalid_transition"})
            return self._closed(why, new.project, new.date)
        if not self.may_log(operation.by, new.project, new.operative):
            return Why(soft={"permission_denied"})
        return self._closed(Why(), new.project, new.date)

    def _judge_sheet(self, operation: Operation) -> Why:
        if not self.people.may_somewhere(operation.by, "log"):
            return Why(soft={"permission_denied"})
        for row in operation.rows:
            may = self.may_log(operation.by, row.project, row.operative)
            if not may or row.date <= self.sites[row.project].closed_to:
                return Why(soft={"validation_error"})
        return Why()

    def _judge_review(self, operation: Operation) -> Why:
        may = self.people.may_somewhere(operation.by, "approve")
        return Why() if may else Why(soft={"permission_denied"})

    def _judge_step(self, operation: Operation) -> Why:
        """A step in the life of an entry."""
        entry = self.entries.get(operation.entry)
        if entry is None:
            return Why(hard={"not_found"}, maybe={"permission_denied"})
        if not self.sees(operation.by, entry):
            return Why(soft={"not_found", "permission_denied"})
        why = Why()
        if operation.verb in APPROVING:
            if self._lacks(operation, "approve", project=entry.project):
                why.soft.add("permission_denied")
        elif not self.may_log(operation.by, entry.project, entry.operative):
            why.soft.add("permission_denied")
        if entry.status not in SOURCES[operation.verb]:
            why.hard.add("invalid_transition")
            return why
        self._closed(why, entry.project, entry.date, operation.values.get("date", entry.date))
        return self._refuses_approval(operation, entry, why) if operation.verb == "approve" else why

    def _refuses_approval(self, operation: Operation, entry: Entry, why: Why) -> Why:
        if operation.by in {*entry.submitters, *entry.changers.values(), self.workers.get(entry.operative)}:
            why.hard.add("own_entry")
        if self.held(entry.day):
            why.hard.add("clash_unresolved")
        if entry.code is None and operation.code is None:
            why.hard.add("cost_code_required")
        return why

    def _judge_resolve(self, operation: Operation) -> Why:
        day = operation.values["day"]
        counted = self.counted(day)
        around = [each for each in (*self.entries.values(), *self.gone.values()) if each.day == day]
        why = Why()
        if any(each.date <= self.sites[each.project].closed_to for each in around):
            why.maybe.add("period_closed")
        if not self.held(day):
            why.hard |= {"invalid_transition", "not_found", "conflict"}
            why.maybe.add("permission_denied")
            return why
        if any(self._lacks(operation, "approve", project=each.project) for each in counted.values()):
            why.soft |= {"permission_denied", "not_found"}
        if set(operation.keep) - set(counted):
            why.hard.add("validation_error")
        rest = [each for id, each in counted.items() if id not in operation.keep]
        if any(each.status == "approved" for each in rest):
            why.hard.add("invalid_transition")
        for each in rest:
            self._closed(why, each.project, each.date)
        return why

    def _judge_close(self, operation: Operation) -> Why:
        site, why = self.sites[operation.project], Why(maybe={"in_use"})
        if self._lacks(operation, "close periods", project=operation.project):
            why.soft.add("permission_denied")
        if site.closed_to != site.closed_for_good:
            why.hard |= {"in_use"}
            why.maybe |= {"conflict"}
        elif operation.values["closed_to"] <= site.closed_to:
            why.hard.add("conflict")
        return why

    def _judge_open(self, operation: Operation) -> Why:
        site, why = self.sites[operation.project], Why()
        if self._lacks(operation, "close periods", project=operation.project):
            why.soft.add("permission_denied")
        if not site.closed_to or site.closed_to != site.closed_for_good:
            why.hard.add("invalid_transition")
        return why

    def _of_project(self, operation: Operation, *either: str) -> Why:
        lacks = self._lacks(operation, *either, project=operation.project)
        return Why(soft={"permission_denied"} if lacks else set())

    def _judge_budget(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets")

    def _judge_dates(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets", "edit the WBS")

    def _judge_node_rate(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets")

    def _judge_move(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit the WBS")
        why.maybe |= {"in_use"} if self.sites[operation.project].busy else set()
        return why

    def _judge_freeze(self, operation: Operation) -> Why:
        why, site = self._of_project(operation, "edit budgets"), self.sites[operation.project]
        why.maybe |= {"in_use"} if site.busy else set()
        why.hard |= {"in_use"} if len(site.baselines) >= MOST_BASELINES else set()
        return why

    def _judge_measure(self, operation: Operation) -> Why:
        return self._closed(self._of_project(operation, "measure"), operation.project, operation.values["date"])

    def _judge_unmeasure(self, operation: Operation) -> Why:
        why = self._of_project(operation, "measure")
        known = self.sites[operation.project].activities[operation.node].measured.get(operation.values["id"])
        if known is None:
            why.hard.add("not_found")
            return why
        return self._closed(why, operation.project, known.date)

    def _judge_holiday(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit projects")
        if operation.values["date"] in self.sites[operation.project].holidays:
            why.hard.add("conflict")
        return why

    def _judge_workday(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit projects")
        if operation.values["date"] not in self.sites[operation.project].holidays:
            why.hard.add("not_found")
        return why

    def _judge_project_rate(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit projects")

    def _judge_pay(self, operation: Operation) -> Why:
        """A new rate of an operative: by base role, for those who manage operatives and see rates."""
        lacks = self._lacks(operation, "manage operatives") or self._lacks(operation, "see rates")
        return Why(soft={"permission_denied"} if lacks else set())

    def _judge_role(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "write users") else set())

    _judge_active = _judge_role

    def _judge_join(self, operation: Operation) -> Why:
        why = self._of_project(operation, "manage the team")
        if (operation.project, operation.values["user"]) in self.people.memberships:
            why.hard.add("conflict")
        return why

    def _judge_leave(self, operation: Operation) -> Why:
        why = self._of_project(operation, "manage the team")
        if operation.values["user"] == operation.by:
            why.maybe.add("permission_denied")  # by that very membership
        if (operation.project, operation.values["user"]) not in self.people.memberships:
            why.hard.add("not_found")
        return why

    # what is done

    def apply(self, operation: Operation, id: str = "", rate: Decimal | None = None) -> None:
        """The effect of an operation at the moment in which it is done.

        ``id`` is that of what is new; ``rate`` the one that an approval keeps.
        """
        days = set(self._applied(operation, id, rate))
        for day in days:
            if not self.covered(day):
                self.resolved.pop(day, None)  # a new question: the resolution is history, and covers nothing more

    def _applied(self, operation: Operation, id: str, rate: Decimal | None) -> Iterable[tuple[str, str]]:
        doing = getattr(self, f"_do_{operation.verb}", None)
        if doing is not None:
            return doing(operation, id) or ()
        entry = self.entries[operation.entry]
        before, day = entry.status, entry.day
        if operation.verb == "approve":
            entry.status, entry.code, entry.rate = "approved", operation.code or entry.code, rate
        elif operation.verb == "reject":
            entry.status = "rejected"
        elif operation.verb == "reopen":
            entry.status, entry.rate = "submitted", None
        elif operation.verb == "submit":
            entry.status, entry.submitter = "submitted", operation.by
            entry.submitters.add(operation.by)
        elif operation.verb == "delete":
            entry.status = "deleted"
            self.gone[operation.entry] = self.entries.pop(operation.entry)
        elif operation.verb == "correct":
            entry.hours = operation.values["hours"]
        else:
            assert operation.verb == "edit", operation.verb
            for name, value in operation.values.items():
                if getattr(entry, name) != value:
                    setattr(entry, name, value)
                    entry.changers[name] = operation.by
        if entry.status != before:
            entry.history.append((operation.by, before, entry.status))
        return {day, entry.day}

    def _do_create(self, operation: Operation, id: str) -> Iterable[tuple[str, str]]:
        new = operation.new
        assert new is not None
        if new.clocked:
            self.punched.add(new.day)
        history = [(None if new.clocked else operation.by, "", new.status)]
        self.entries[id] = replace(new, changers={**new.changers}, submitters={*new.submitters}, history=history)
        return [new.day]

    def _do_resolve(self, operation: Operation, id: str) -> Iterable[tuple[str, str]]:
        day: tuple[str, str] = operation.values["day"]
        self.resolved[day] = {}
        for each_id, each in self.counted(day).items():
            if each_id in operation.keep:
                self.resolved[day][each_id] = (each.hours, each.handed_in)
            else:
                each.history.append((operation.by, each.status, "rejected"))
                each.status = "rejected"
        return [day]

    def _do_close(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].closed_to = operation.values["closed_to"]

    def _do_open(self, operation: Operation, id: str) -> None:
        site = self.sites[operation.project]
        site.closed_to = site.closed_for_good = ""

    def _activity(self, operation: Operation) -> Activity:
        return self.sites[operation.project].activities[operation.node]

    def _do_budget(self, operation: Operation, id: str) -> None:
        self._activity(operation).plan.budget = operation.values["budget"]

    def _do_dates(self, operation: Operation, id: str) -> None:
        plan: Plan = self._activity(operation).plan
        plan.start, plan.finish = operation.values["start"], operation.values["finish"]

    def _do_node_rate(self, operation: Operation, id: str) -> None:
        self._activity(operation).rate = operation.values["rate"]

    def _do_move(self, operation: Operation, id: str) -> None:
        site, parent = self.sites[operation.project], operation.values["parent"]
        if operation.node in site.activities:
            site.activities[operation.node].parent = parent
        else:
            site.nodes[operation.node] = parent

    def _do_freeze(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].freeze()

    def _do_measure(self, operation: Operation, id: str) -> None:
        values = operation.values
        measured = Measured(values["date"], values.get("percent"), values.get("installed"))
        self._activity(operation).measured[id] = measured

    def _do_unmeasure(self, operation: Operation, id: str) -> None:
        del self._activity(operation).measured[operation.values["id"]]

    def _do_holiday(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].holidays.add(operation.values["date"])

    def _do_workday(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].holidays.remove(operation.values["date"])

    def _do_project_rate(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].rate = operation.values["rate"]

    def _do_pay(self, operation: Operation, id: str) -> None:
        self.rates.setdefault(operation.values["operative"], []).append(
            (operation.values["from"], operation.values["rate"])
        )

    def _do_role(self, operation: Operation, id: str) -> None:
        self.people.roles[operation.values["user"]] = operation.values["role"]

    def _do_active(self, operation: Operation, id: str) -> None:
        change = self.people.inactive.discard if operation.values["active"] else self.people.inactive.add
        change(operation.values["user"])

    def _do_join(self, operation: Operation, id: str) -> None:
        self.people.memberships[operation.project, operation.values["user"]] = operation.values["role"]

    def _do_leave(self, operation: Operation, id: str) -> None:
        del self.people.memberships[operation.project, operation.values["user"]]

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
        codes = self.sites[project].codes()
        return [
            Hours(codes[each.code], each.date, each.hours, each.rate, each.quantity)
            for each in self.entries.values()
            if each.project == project and each.status == "approved" and each.code
        ]
