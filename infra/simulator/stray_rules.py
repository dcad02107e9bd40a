"""Punches of a clock ID that nobody has: kept until somebody says whose and when they are, or that they are nothing."""

from dataclasses import replace

from infra.simulator.facts import CLOCK, Effect, Entry, Facts, Operation, Stray, Why


class StrayRules(Facts):
    """What is refused and done of kept punches."""

    def _judge_stray(self, operation: Operation) -> Why:
        """The device's own punch: kept, whatever stands in the way of hours."""
        return Why(maybe={"conflict", "invalid_transition", "period_closed"})

    def _judge_settle(self, operation: Operation) -> Why:
        """By those who approve on its project; what is hours follows where nobody has approved or changed them."""
        stray, date = self.strays[operation.values["date"]], operation.values["date"]
        why = Why()
        if self._lacks(operation, "see all labour", project=stray.project):
            why.soft |= {"not_found", "permission_denied"}
        if self._lacks(operation, "approve", project=stray.project):
            why.soft.add("permission_denied")
        entry, after = self.entries.get(stray.entry), self._settled(operation)
        if entry is None:
            return why
        if not after.dismissed:
            why.maybe |= {"invalid_transition"} if self.keeps(after, entry) else set()
        else:  # what waits can be dismissed: hours stay
            (why.maybe if stray.waits or self.waits(stray, date) else why.hard).add("invalid_transition")
        return why

    def _judge_adopt(self, operation: Operation) -> Why:
        """A clock ID is one operative's."""
        why = Why(soft={"permission_denied"} if self._lacks(operation, "manage operatives") else set())
        why.hard |= {"conflict"} if self.owner not in ("", self.spare) else set()
        return why

    # what is done

    def _do_stray(self, operation: Operation, effect: Effect) -> None:
        """Nothing, until somebody says whose it is."""

    def _do_settle(self, operation: Operation, effect: Effect) -> None:
        """What somebody says of it; the hours follow. Where its hours were deleted, there may be some again."""
        date = operation.values["date"]
        after = self.strays[date] = self._settled(operation)
        after.waits |= self.waits(after, date) or self.freed >= effect.began
        after.was_hours |= after.entry in self.gone
        if not after.dismissed and after.entry not in self.entries:
            after.entry = ""
            after.again_by = operation.hand if after.was_hours else after.again_by

    def _settled(self, operation: Operation) -> Stray:
        """A punch as it is once somebody has settled it."""
        values, hand = operation.values, operation.hand
        stray = self.strays[values["date"]]
        if values["action"] == "dismiss":
            return replace(stray, dismissed=True)
        if values["action"] == "assign":
            by = stray.assigned_by if stray.to == self.spare else hand
            return replace(stray, dismissed=False, to=self.spare, assigned_by=by)
        shift, pause = values.get("shift", stray.shift), values.get("pause", stray.pause)
        by = stray.timed_by if (shift, pause) == (stray.shift, stray.pause) else hand
        return replace(stray, dismissed=False, shift=shift, pause=pause, timed_by=by)

    def _do_adopt(self, operation: Operation, effect: Effect) -> None:
        self.owner = self.spare

    def _do_become(self, operation: Operation, effect: Effect) -> list[tuple[str, str]]:
        """A kept punch is hours of the operative whose it is, without a cost code."""
        date = operation.values["date"]
        stray = self.strays[date]
        whose, again = self.whose(stray), stray.again_by
        stray.entry, stray.was_hours = effect.id, False
        entry = Entry(stray.project, whose, date, stray.hours, None, CLOCK, clocked=True, born=self.now())
        entry.by_clock, entry.punch = stray.hours, entry.day
        entry.changers = {"operative": again, "hours": stray.timed_by or again} if again else {}
        entry.history = [(again.user if again else None, "", "submitted")]
        self.entries[effect.id] = entry
        return [entry.day]

    # what several ask

    def whose(self, stray: Stray) -> str:
        """The operative of a kept punch: whom somebody has named, else who has its clock ID; empty if nobody."""
        return stray.to or self.owner

    def waits(self, stray: Stray, date: str) -> bool:
        """Whether a kept punch becomes no hours now."""
        site = self.sites[stray.project]
        return date <= site.closed_to or not site.takes_hours or self.whose(stray) in self.idle

    def is_of(self, stray: Stray, entry: Entry) -> bool:
        """Whether hours were made as their punch says, or are so by now."""
        made = self.whose(stray), entry.punch[1], stray.hours
        return made in ((*entry.punch, entry.by_clock), (*entry.day, entry.hours))

    def keeps(self, stray: Stray, entry: Entry) -> bool:
        """Whether hours do not follow what their punch says otherwise, as somebody has approved or changed them. In
        another time zone the same local times are other ones.
        """
        approved = entry.status == "approved"
        if approved and self.sites[stray.project].zone_changed:
            return True
        said_already = (self.whose(stray), stray.hours) == (entry.punch[0], entry.by_clock)
        if said_already or (not approved and self.is_of(stray, entry)):
            return False
        return approved or entry.corrected_by_hand

    def stray_of(self, id: str, operative: str, date: str) -> str | None:
        """The date of the kept punch that hours are of, by their id or by whose they are."""
        known = next((date for date, each in self.strays.items() if each.entry == id), None)
        return known or (date if operative in {self.spare, self.owner} - {""} else None)
