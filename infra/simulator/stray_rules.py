"""Punches of a clock ID that nobody has: kept until somebody says whose they are, or that they are nothing."""

from infra.simulator.facts import CLOCK, Effect, Entry, Facts, Operation, Stray, Why


class StrayRules(Facts):
    """What is refused and done of kept punches."""

    def _judge_stray(self, operation: Operation) -> Why:
        """The device's own punch: kept, whatever stands in the way of hours."""
        return Why(maybe={"conflict", "invalid_transition", "period_closed"})

    def _judge_settle(self, operation: Operation) -> Why:
        """By those who approve on its project. A second word on a punch may be too late for its hours."""
        stray = self.strays[operation.values["date"]]
        why = Why()
        if self._lacks(operation, "see all labour", project=stray.project):
            why.soft |= {"not_found", "permission_denied"}
        if self._lacks(operation, "approve", project=stray.project):
            why.soft.add("permission_denied")
        closed = self.waits(stray, operation.values["date"])
        if operation.values["action"] == "assign":
            why.maybe |= {"invalid_transition", "period_closed"} if closed or stray.entry else set()
        elif stray.entry in self.entries:
            (why.maybe if stray.waits else why.hard).add(
                "invalid_transition"
            )  # what waits can be dismissed: hours stay
        else:
            why.maybe |= {"invalid_transition"} if stray.entry else set()
        return why

    def _judge_adopt(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "manage operatives") else set())

    # what is done

    def _do_stray(self, operation: Operation, effect: Effect) -> None:
        """Nothing, until somebody says whose it is."""

    def _do_settle(self, operation: Operation, effect: Effect) -> list[tuple[str, str]]:
        stray = self.strays[operation.values["date"]]
        stray.waits |= self.waits(stray, operation.values["date"])
        stray.status = {"assign": "assigned", "dismiss": "dismissed"}[operation.values["action"]]
        return self.become_hours(operation.values["date"], effect.id) if effect.id else []

    def _do_adopt(self, operation: Operation, effect: Effect) -> None:
        self.adopted = True

    def waits(self, stray: Stray, date: str) -> bool:
        """Whether a kept punch becomes no hours now, whoever's it is."""
        site = self.sites[stray.project]
        return date <= site.closed_to or not site.takes_hours or self.spare in self.idle

    def become_hours(self, date: str, id: str) -> list[tuple[str, str]]:
        """A kept punch is hours of the operative whose it is, without a cost code."""
        stray = self.strays[date]
        stray.entry = id
        entry = Entry(stray.project, self.spare, date, stray.hours, None, CLOCK, clocked=True, born=self.now())
        entry.history = [(None, "", "submitted")]
        self.entries[id] = entry
        return [entry.day]
