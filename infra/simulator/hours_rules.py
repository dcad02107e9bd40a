"""The life of hours: who may log, edit, approve and settle them, and what that does."""

from collections.abc import Iterable
from dataclasses import replace

from infra.simulator.facts import APPROVING, CLOCK, SOURCES, Effect, Entry, Facts, Operation, Why


class HoursRules(Facts):
    """What is refused and done of hours and clashes."""

    def _judge_create(self, operation: Operation) -> Why:
        new = operation.new
        assert new is not None
        if operation.by == CLOCK:
            why = Why(hard={"twice"} if new.day in self.punched else set(), maybe={"conflict", "invalid_transition"})
            why.maybe |= self._inactive(Why(), new.project, new.operative).soft
            return self._closed(why, new.project, new.date)
        why = self._code(Why(), new.project, new.code)
        if self.may_log(operation.by, new.project, new.operative):
            return self._closed(self._inactive(why, new.project, new.operative), new.project, new.date)
        why.soft.add("permission_denied")  # unless that was lost after the request had looked at it
        why.maybe |= self._closed(self._inactive(Why(), new.project, new.operative), new.project, new.date).answers()
        return why

    def _judge_sheet(self, operation: Operation) -> Why:
        why = Why(soft=set() if self.people.may_somewhere(operation.by, "log") else {"permission_denied"})
        for row in operation.rows:
            may = self.may_log(operation.by, row.project, row.operative)
            idle = self._inactive(Why(), row.project, row.operative).soft
            closed = row.date <= self.sites[row.project].closed_to
            if not may or closed or idle:
                why.soft.add("validation_error")
            self._code(why, row.project, row.code)
        return why

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
        why = self._code(Why(), entry.project, operation.values.get("code", operation.code))
        arriving = operation.values.get("operative", entry.operative)
        if operation.verb in APPROVING:
            if self._lacks(operation, "approve", project=entry.project):
                why.soft.add("permission_denied")
        elif not all(self.may_log(operation.by, entry.project, hand) for hand in (entry.operative, arriving)):
            why.soft.add("permission_denied")
        self._closed(why, entry.project, entry.date, operation.values.get("date", entry.date))
        if operation.verb in ("edit", "submit"):
            self._inactive(why, entry.project, arriving)
        if operation.verb == "approve" and self.sites[entry.project].status == "archived":
            why.soft.add("inactive")
        if entry.status not in SOURCES[operation.verb]:
            why.hard.add("invalid_transition")
            return why
        return self._refuses_approval(operation, entry, why) if operation.verb == "approve" else why

    def against_approval(self, operation: Operation) -> set[str]:
        """What stands against an approval, whatever state its entry is in."""
        entry = self.entries.get(operation.entry)
        return self._refuses_approval(operation, entry, Why()).answers() if entry is not None else set()

    def _refuses_approval(self, operation: Operation, entry: Entry, why: Why) -> Why:
        hands = (*entry.submitters, *entry.changers.values())
        worked = self.workers.get(entry.operative) in {operation.by, *operation.behind}
        if worked or any(operation.hand.is_also(other) for other in hands):
            why.hard.add("own_entry")
        if entry.day in self.unsure:
            why.maybe.add("clash_unresolved")
        elif self.clashes(entry.day, self.lenient()) and not self.covered(entry.day):
            why.hard.add("clash_unresolved")
        elif self.held(entry.day):
            why.soft.add("clash_unresolved")
        if entry.node is None and operation.code is None:
            why.hard.add("cost_code_required")
        elif operation.code is None and entry.node not in self.sites[entry.project].activities:
            # it has been deleted; until that is cleared away it may be found, as it comes back with these hours
            (why.maybe if self.sites[entry.project].busy else why.soft).add("cost_code_required")
        return why

    def _judge_resolve(self, operation: Operation) -> Why:
        day = operation.values["day"]
        counted = self.counted(day)
        around = [each for each in (*self.entries.values(), *self.gone.values()) if each.day == day]
        why = Why()
        if any(each.date <= self.sites[each.project].closed_to for each in around):
            why.maybe.add("period_closed")
        if not self.held(day):
            none = {"invalid_transition", "not_found", "conflict"}
            why.hard |= none if self.sure(day) else set()
            why.maybe |= {*none, "permission_denied", "validation_error"}
            return why
        if not self.sure(day):
            why.maybe |= {"invalid_transition", "not_found", "conflict"}
        if any(self._lacks(operation, "approve", project=each.project) for each in counted.values()):
            why.soft |= {"permission_denied", "not_found"}
        if set(operation.keep) - set(counted):
            why.hard.add("validation_error")
        rest = [each for id, each in counted.items() if id not in operation.keep]
        if any(each.status == "approved" for each in rest):
            why.hard.add("invalid_transition")
        for each in counted.values():  # which hours of the day are right: nothing inside a period says it any more
            self._closed(why, each.project, each.date)
        return why

    def _judge_cap(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "manage the company") else set())

    # what is done

    def _do_create(self, operation: Operation, effect: Effect) -> Iterable[tuple[str, str]]:
        new = operation.new
        assert new is not None
        if new.clocked:
            self.punched.add(new.day)
        hand = None if new.clocked else operation.hand
        quantity = ("quantity",) if new.quantity is not None else ()
        history = [(None if new.clocked else operation.by, "", new.status)]
        self.entries[effect.id] = replace(
            new,
            node=effect.node,
            born=self.now(),
            punch=new.day if new.clocked else ("", ""),
            by_clock=new.hours if new.clocked else None,
            changers=dict.fromkeys(("hours", "date", "operative", *quantity), hand) if hand else {},
            submitters={hand} if hand and new.status != "draft" else set(),
            history=history,
        )
        return [new.day]

    def _do_resolve(self, operation: Operation, effect: Effect) -> Iterable[tuple[str, str]]:
        day: tuple[str, str] = operation.values["day"]
        if not self.sure(day):
            self.unsure.add(day)
        self.resolved[day] = {}
        for each_id, each in self.counted(day).items():
            if each_id in operation.keep:
                self.resolved[day][each_id] = (each.hours, each.handed_in)
            else:
                each.history.append((operation.by, each.status, "rejected"))
                each.status = "rejected"
        return [day]

    def _do_cap(self, operation: Operation, effect: Effect) -> None:
        """Days are judged by it from now on; a resolution may be cleared by it, and the question asked anew."""
        self.caps.append((self.now(), operation.values["cap"]))
        self.unsure |= {*self.resolved}
