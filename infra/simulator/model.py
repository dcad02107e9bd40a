"""What must hold of a company: an operation is refused for a reason, or has its effect."""

from collections.abc import Iterable
from decimal import Decimal

from infra.simulator.facts import CLOCK, Operation, Why
from infra.simulator.hours_rules import HoursRules
from infra.simulator.people_rules import PeopleRules
from infra.simulator.site_rules import SiteRules


class Model(HoursRules, SiteRules, PeopleRules):
    """One company."""

    def refusals(self, operation: Operation) -> Why:
        """Every reason against an operation as things are now; none: it is to be done."""
        if operation.by != CLOCK and operation.by in self.people.inactive:
            return Why(soft={"not_authenticated"})
        judge = getattr(self, f"_judge_{operation.verb}", None)
        why: Why = judge(operation) if judge else self._judge_step(operation)
        return why

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
