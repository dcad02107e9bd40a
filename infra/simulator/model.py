"""What must hold of a company: an operation is refused for a reason, or has its effect."""

from collections.abc import Iterable
from typing import Any

from infra.simulator.company_rules import CompanyRules
from infra.simulator.device_rules import DeviceRules
from infra.simulator.facts import CLOCK, Effect, Entry, Operation, Why
from infra.simulator.hours_rules import HoursRules
from infra.simulator.link_rules import LinkRules
from infra.simulator.people_rules import PeopleRules
from infra.simulator.site_rules import SiteRules
from infra.simulator.stray_rules import StrayRules


class Model(HoursRules, SiteRules, PeopleRules, StrayRules, CompanyRules, DeviceRules, LinkRules):
    """One company."""

    def refusals(self, operation: Operation) -> Why:
        """Every reason against an operation as things are now; none: it is to be done."""
        if operation.by != CLOCK and operation.by in self.people.inactive:
            return Why(soft={"not_authenticated"})
        if operation.token and self.people.tokens[operation.token].ended_at is not None:
            return Why(soft={"not_authenticated"})
        return self.let_in(operation, self.reasons(operation))

    def reasons(self, operation: Operation) -> Why:
        """Those of somebody who has been let in."""
        judge = getattr(self, f"_judge_{operation.verb}", None)
        why: Why = judge(operation) if judge else self._judge_step(operation)
        return why

    def apply(self, operation: Operation, effect: Effect | None = None) -> None:
        """The effect of an operation at the moment in which it is done."""
        days = set(self._applied(operation, effect or Effect()))
        for day in days:
            if not self.covered(day):
                self.resolved.pop(day, None)  # a new question: the resolution is history, and covers nothing more

    def _applied(self, operation: Operation, effect: Effect) -> Iterable[tuple[str, str]]:
        doing = getattr(self, f"_do_{operation.verb}", None)
        if doing is not None:
            return doing(operation, effect) or ()
        entry = self.entries[operation.entry]
        before, day = entry.status, entry.day
        if operation.verb == "approve":
            self._moves(entry, effect.node)
            entry.status, entry.rate = "approved", effect.rate
        elif operation.verb == "reject":
            entry.status = "rejected"
        elif operation.verb == "reopen":
            entry.status, entry.rate = "submitted", None
        elif operation.verb == "submit":
            entry.status, entry.submitter = "submitted", operation.by
            entry.submitters.add(operation.hand)
        elif operation.verb == "delete":
            entry.status = "deleted"
            self.gone[operation.entry] = self.entries.pop(operation.entry)
        elif operation.verb == "correct":
            self._follows(entry, operation.values)
        else:
            assert operation.verb == "edit", operation.verb
            for name, value in operation.values.items():
                if name == "code":
                    self._moves(entry, effect.node)
                elif getattr(entry, name) != value:
                    setattr(entry, name, value)
                    entry.changers[name] = operation.hand
        if entry.status != before:
            entry.history.append((operation.by, before, entry.status))
        return {day, entry.day}

    @staticmethod
    def _follows(entry: Entry, values: dict[str, Any]) -> None:
        """Hours become what their punch says; what changes is nobody's any more, or whoever has settled the punch."""
        operative = values.get("operative", entry.operative)
        for name, now in (("hours", values["hours"]), ("operative", operative)):
            if getattr(entry, name) != now:
                setattr(entry, name, now)
                entry.changers.pop(name, None)
                entry.changers |= {name: values[f"{name} by"]} if values.get(f"{name} by") else {}
        entry.by_clock = values["hours"]
        entry.punch = (operative, entry.punch[1])

    def _moves(self, entry: Entry, node: str | None) -> None:
        """Hours come to an activity, perhaps from another, whose list of hours may lag."""
        if entry.node is not None and entry.node != node:
            self.left[entry.node] = self.now()
        entry.born = self.now() if entry.node != node else entry.born
        entry.node = node
