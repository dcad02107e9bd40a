"""The one function that says what the events of a clock ID should be: from what devices sent and people decided.

Requests, stream functions and people all call :func:`settle` with the events around the ones in
question and write the differences. It is pure: the same events and facts give the same outcomes,
in whatever order the punches came.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from chalicelib.clock import judging
from chalicelib.clock.judging import Reason
from chalicelib.clock.moments import Moment
from chalicelib.clock.pairing import LONGEST, Pair, Single, pairs
from chalicelib.clock.values import Event, Facts, Held, Outcome, Shift, minutes
from chalicelib.zones import zone


def settle(events: Iterable[Event], focus: Collection[str], facts: Facts) -> dict[str, Outcome]:
    """What the events named in ``focus`` should be, and every other that changes because of them.

    ``events`` are all of the clock ID's within 48 hours of those in focus.
    """
    return _Settlement({event.name: event for event in events}, facts).outcomes(focus)


class _Settlement:
    """One run: first who belongs to whom, then what each pair becomes."""

    def __init__(self, events: dict[str, Event], facts: Facts) -> None:
        self.events, self.facts = events, facts
        self.apart = {name: found for name, event in events.items() if (found := self._apart(event))}
        self.spans: dict[str, tuple[datetime, datetime]] = {}  # of every pair, by the event that has the entry
        self.outs: dict[str, str] = {}  # that event -> the event of its out, where that is another
        self.twins: dict[str, str] = {}  # a punch sent in two ways -> the event that tells it first
        self.fixed: dict[str, str] = {}  # pairs that can no longer be taken apart, and why
        self._pair_up()

    # -- who belongs to whom ---------------------------------------------------------------------

    def _zone(self, event: Event) -> str:
        """The named project's, else the company's."""
        id = event.decision.project or self.facts.codes.get(event.project_code)
        return self.facts.sites[id].zone if id else self.facts.zone

    def _instants(self, event: Event, moment: Moment | None) -> tuple[datetime, ...]:
        return moment.instants(self._zone(event)) if moment else ()

    def _apart(self, event: Event) -> Outcome | None:
        """An event that takes no part: closed by a person, or one that a person has to look at first."""
        if event.closed:
            if event.closed_at and event.sent_at > event.closed_at:
                reason = event.closed if event.closed == "entry_deleted" else "dismissed_before"
                return self._own(event, "needs_review", reason)
            return self._own(event, "dismissed", event.closed)
        if event.decision.of_times and event.decision.at and event.sent_at > event.decision.at:
            return replace(self._own(event, "needs_review", judging.CHANGED), refused=event.entry is not None)
        sent = [moment for moment in (event.clock_in, event.clock_out) if moment]
        instants = tuple(moment.instants(self._zone(event))[0] for moment in sent)
        distance = None if event.decision.of_times else judging.of_distance(instants, event.sent_at)
        why = judging.unclear(event) or distance
        return self._own(event, "needs_review", why) if why else None

    def _own(self, event: Event, status: str, reason: str | None) -> Outcome:
        """An outcome by the event alone; an entry that it has stays."""
        start, finish = (next(iter(self._instants(event, each)), None) for each in (event.start, event.finish))
        worker, site = self._known(event)
        return Outcome(event.name, status, reason, (), worker, site, start, finish, applied=event.applied)

    def _known(self, event: Event) -> tuple[str | None, str | None]:
        """The operative and the project, as far as the event alone says them."""
        if event.entry:
            return event.entry.shift.operative, event.entry.shift.project
        owner = self.facts.owner.id if self.facts.owner else None
        return event.decision.operative or owner, event.decision.project or self.facts.codes.get(event.project_code)

    def _pair_up(self) -> None:
        self._keep_fixed()
        singles = []
        for event in self.events.values():
            if event.name in self.apart or event.name in self.outs or event.name in self.outs.values():
                continue
            if event.is_pair:
                self.spans[event.name] = self._span(event, event)
            else:
                kind, moment = ("in", event.start) if event.start else ("out", event.finish)
                singles.append(Single(event.name, kind, self._instants(event, moment)))
        for pair in pairs(self._told_once(singles)):
            self._join(pair)

    def _keep_fixed(self) -> None:
        """Pairs of two events whose entry may not be taken back, or was deleted by a person, stay as they are."""
        for event in self.events.values():
            other = self.events.get(event.partner or "")
            if other is None or event.is_pair or event.start is None or other.is_pair or other.finish is None:
                continue
            if other.name in self.twins or other.partner != event.name:
                continue
            why = judging.held_by(event.entry, self.facts) if event.entry else event.closed
            if why or (event.entry and {event.name, other.name} & self.apart.keys()):
                self.outs[event.name], self.fixed[event.name] = other.name, why or ""
                self.spans[event.name] = self._span(event, other)

    def _span(self, event: Event, other: Event) -> tuple[datetime, datetime]:
        assert event.start is not None and other.finish is not None
        start = event.start.instant(self._zone(event))
        return start, other.finish.instant(self._zone(other), start)

    def _join(self, pair: Pair) -> None:
        self.outs[pair.clock_in] = pair.clock_out
        self.spans[pair.clock_in] = pair.start, pair.finish

    def _told_once(self, singles: list[Single]) -> list[Single]:
        """Singles without those that an in or out at the same instant, another event's, tells already."""
        seen: dict[tuple[str, datetime], str] = {}
        for name, (start, finish) in sorted(self.spans.items()):
            if start <= finish <= start + LONGEST:
                seen.setdefault(("in", start), name)
                seen.setdefault(("out", finish), name)
        kept = []
        for single in sorted(singles, key=lambda each: each.name):
            first = seen.setdefault((single.kind, single.instants[0]), single.name)
            if first == single.name:
                kept.append(single)
            else:
                self.twins[single.name] = first
        return kept

    def _partner(self, name: str) -> str | None:
        """The event that this one belongs to or that belongs to it."""
        ins = {clock_out: clock_in for clock_in, clock_out in self.outs.items()}
        return self.outs.get(name) or ins.get(name) or self.twins.get(name)

    def _affected(self, focus: Collection[str]) -> set[str]:
        """The events in focus, those that change hands or wait for time to be free, and whoever belongs to them."""
        partners = {name: self._partner(name) for name in self.events}
        within = {name for name in self.events if self._is_near(name, focus)}
        found = set(focus) | {name for name in within if partners[name] != self.events[name].partner}
        found |= {name for name in within if self.events[name].blocked}
        while True:
            joined = {name for name, other in partners.items() if other in found} | {
                other for name in found if (other := partners[name]) is not None and other in self.events
            }
            if joined <= found:
                return found
            found |= joined

    def _is_near(self, name: str, focus: Collection[str]) -> bool:
        """Whether all that decides on an event's partner is among the events."""
        return any(abs(self._at(name) - self._at(other)) <= LONGEST for other in focus)

    def _at(self, name: str) -> datetime:
        event = self.events[name]
        return (self._instants(event, event.start) or self._instants(event, event.finish))[0]

    # -- what each becomes -----------------------------------------------------------------------

    def outcomes(self, focus: Collection[str]) -> dict[str, Outcome]:
        affected = self._affected(focus)
        found = {name: self._judged(name) for name in affected if not self._follows(name)}
        found = _Room(self.events, self.facts).fit(found)
        for name in sorted(affected - found.keys()):
            found[name] = self._mirrored(name, found)
        return found

    def _follows(self, name: str) -> bool:
        """Whether the event is what another becomes: the out of a pair, or a punch told before."""
        return name not in self.apart and (name in self.outs.values() or name in self.twins)

    def _mirrored(self, name: str, found: dict[str, Outcome]) -> Outcome:
        event, leader = self.events[name], self._partner(name)
        assert leader is not None
        first = found[leader] if leader in found else self._mirrored(leader, found)
        own = self._own(event, first.status, first.reason)
        return replace(
            own, causes=first.causes, partner=leader, of=first.of or leader, applied=None,
            operative=first.operative, project=first.project,
        )  # fmt: skip

    def _judged(self, name: str) -> Outcome:
        event = self.events[name]
        if name in self.apart:
            return replace(self.apart[name], partner=self._partner(name))
        if name in self.spans:
            return self._pair(event)
        return self._lone(event)

    def _lone(self, event: Event) -> Outcome:
        """An open shift, or an out that waits for its in; an entry that it had goes with its other half."""
        own = replace(self._own(event, "open", None), applied=None, withdraw=event.entry is not None)
        within = self._within(event)
        if within:
            return replace(own, status="needs_review", reason=self.fixed[within], refused=True,
                           causes=(f"entry#{self._entry(within)}",))  # fmt: skip
        if own.operative is None:
            return replace(own, status="unmatched_operative", reason=judging.UNKNOWN_CLOCK_ID,
                           causes=(f"clock#{self.facts.form}",))  # fmt: skip
        return own if event.start else replace(own, status="needs_review", reason=judging.NO_CLOCK_IN)

    def _within(self, event: Event) -> str | None:
        """The shift that this punch would have divided, had its entry not been settled already."""
        at = self._at(event.name)
        inside = (name for name in self.fixed if self.fixed[name] and not self.events[name].closed)
        return next((name for name in inside if self.spans[name][0] < at < self.spans[name][1]), None)

    def _entry(self, name: str) -> str:
        entry = self.events[name].entry
        return entry.id if entry else ""

    def _pair(self, event: Event) -> Outcome:
        other = self.events[self.outs.get(event.name, event.name)]
        start, finish = self.spans[event.name]
        applied = event.fingerprint if other is event else f"{event.fingerprint}&{other.fingerprint}"
        made = self._shift(event, other, start, finish)
        base = Outcome(
            event.name,
            "matched",
            None,
            (),
            *self._known(event),
            start,
            finish,
            self.outs.get(event.name),
            applied=applied,
        )
        if isinstance(made, Shift):
            base = replace(base, operative=made.operative, project=made.project)
        return self._beside_entry(event, base, made)

    def _shift(self, event: Event, other: Event, start: datetime, finish: datetime) -> Shift | Reason:
        """The shift that two instants make, or why they make none."""
        facts = self.facts
        assigned = event.decision.operative or other.decision.operative
        chosen = assigned or (event.entry.shift.operative if event.entry else None)
        worker = facts.workers[chosen] if chosen else facts.owner
        if worker is None:
            return Reason("unmatched_operative", judging.UNKNOWN_CLOCK_ID, (f"clock#{facts.form}",))
        codes = (event.project_code, other.project_code)
        site = judging.site_of(codes, event.decision.project or other.decision.project, event.entry, worker, facts)
        if isinstance(site, Reason):
            return site
        pause = next((each for each in (minutes(other), minutes(event)) if each is not None), Decimal(0))
        why = judging.of_times(start, finish, pause)
        if why:
            return Reason("needs_review", why)
        day = start.astimezone(zone(site.zone)).date().isoformat()
        hours = judging.hours_between(start, finish, pause)
        return judging.closed(worker, site, day) or Shift(worker.id, site.id, day, hours, start, finish)

    def _beside_entry(self, event: Event, base: Outcome, made: Shift | Reason) -> Outcome:
        """The outcome of a pair that may have an entry already."""
        entry = event.entry
        if entry is None:
            return replace(base, shift=made) if isinstance(made, Shift) else _kept(base, made)
        told_anew = base.applied != event.applied
        as_it_is = replace(base, start=entry.shift.start, finish=entry.shift.finish)
        if isinstance(made, Reason):
            if not told_anew:
                return as_it_is
            gone = not event.is_pair and entry.shift.finish != base.finish  # it was made with another out
            return replace(_kept(base, made), withdraw=gone, applied=None if gone else event.applied)
        if made == entry.shift or ((made.operative, made.project, made.date, made.hours) == (
            entry.operative, entry.project, entry.date, entry.hours,
        ) and entry.status != "approved"):  # fmt: skip
            return base if made == entry.shift else replace(base, shift=made)
        why = judging.APPROVED if entry.status == "approved" else judging.CHANGED if entry.changed else None
        if why:
            waits = Reason("needs_review", why, (f"entry#{entry.id}",))
            return replace(_kept(base, waits), refused=True, applied=event.applied) if told_anew else as_it_is
        left = judging.in_period(self.facts.sites.get(entry.project), entry.date)
        if left:
            return replace(_kept(base, left), applied=event.applied) if told_anew else as_it_is
        return replace(base, shift=made)


def _kept(base: Outcome, reason: Reason) -> Outcome:
    return replace(base, status=reason.status, reason=reason.reason, causes=reason.causes, applied=None)


class _Room:
    """Lets shifts become hours only where no other entry holds their time; who was sent first comes first."""

    def __init__(self, events: dict[str, Event], facts: Facts) -> None:
        self.events = events
        self.held = {operative: {each.entry: each for each in rows} for operative, rows in facts.held.items()}

    def fit(self, found: dict[str, Outcome]) -> dict[str, Outcome]:
        for name, outcome in found.items():
            entry = self.events[name].entry
            moved = entry and outcome.shift and outcome.shift.operative != entry.shift.operative
            if entry and (outcome.withdraw or moved):
                self.held.get(entry.shift.operative, {}).pop(entry.id, None)
        left = sorted((name for name, each in found.items() if each.shift), key=self._turn)
        blocked: dict[str, Held] = {}
        while left:
            blocked = {name: other for name in left if (other := self._place(name, found[name]))}
            if len(blocked) == len(left):
                break
            left = [name for name in left if name in blocked]
        return found | {name: self._review(found[name], other) for name, other in blocked.items() if name in left}

    def _turn(self, name: str) -> tuple[datetime, str]:
        return self.events[name].sent_at, name

    def _place(self, name: str, outcome: Outcome) -> Held | None:
        """Who holds some of its time; when nobody does it is held from now on."""
        shift, event = outcome.shift, self.events[name]
        assert shift is not None
        id = event.entry.id if event.entry and not outcome.withdraw else event.new_entry
        rows = self.held.setdefault(shift.operative, {})
        for other in rows.values():
            if other.entry != id and other.start < shift.finish and shift.start < other.finish:
                return other
        rows[id] = Held(id, shift.start, shift.finish)
        return None

    def _review(self, outcome: Outcome, other: Held) -> Outcome:
        event = self.events[outcome.name]
        return replace(
            outcome,
            status="needs_review",
            reason=judging.OVERLAP,
            causes=(f"entry#{other.entry}",),
            shift=None,
            applied=event.applied if event.entry and not outcome.withdraw else None,
        )
