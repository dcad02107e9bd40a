"""Judges what takes effect against the model, at the very moment: it is read off the transactions that commit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from infra.simulator import trees
from infra.simulator.answer_judging import ACCEPTED, AnswerJudge
from infra.simulator.clock_judging import ClockJudge
from infra.simulator.device_rules import REFUSED
from infra.simulator.effects import (
    Change,
    Wrong,
    activity_of,
    entries_of,
    puts,
    rate_kept,
    require_clashes,
    takes_hours,
    telling,
)
from infra.simulator.facts import CLOCK, Effect
from infra.simulator.requests import Request, Tenant
from infra.simulator.work_judging import WorkJudge

MADE = (
    ("companies", "token#"),
    ("companies", "user#"),
    ("operatives", "operative"),
    ("projects", "project"),
    ("projects", "progress#"),
    ("projects", "node#"),
)
"""What a request may make beside hours: the table, and how the sort keys begin."""


class Judge(ClockJudge, WorkJudge, AnswerJudge):
    """Follows every effect with the model, and holds every answer against it."""

    # moments

    def look(self, request: Request) -> None:
        """Note what would be right to refuse now."""
        model, operation = request.tenant.model, request.operation
        if operation.verb == "read tree":
            request.seen.append(model.sites[operation.project].tree())
            return
        if operation.verb == "read sign-in":
            request.seen.append({model.opens(**operation.values)})
            return
        if operation.verb == "read session":
            request.seen.append(model.lasts(operation.values["session"]))
            return
        if operation.verb == "read":
            request.seen.append(model.looks(operation.by, operation.entry))
            return
        for project, code in operation.codes():
            for site in [model.sites[project]] if project else model.sites.values():
                request.nodes |= {(code, known[code]) for known in (site.codes(), site.lingering()) if code in known}
        if operation.by == CLOCK and operation.new is not None and not takes_hours(model, operation.new.day):
            self.stopped.add(operation.new.day)
        why = model.refusals(operation)
        if REFUSED in why.soft and any(REFUSED not in each for each in request.allowed):  # it was let in before
            why.maybe |= model.reasons(operation).answers()
        late = operation.verb == "approve" and "invalid_transition" in why.hard
        if late and any("invalid_transition" not in each for each in request.allowed):  # it may have been read before
            why.maybe |= model.against_approval(operation)
        request.allowed.append(why.answers())
        request.free = request.free or not why.soft
        request.let_in = request.let_in or REFUSED not in why.soft
        for id in operation.ids if operation.verb == "review" else ():
            one = model.refusals(replace(operation, verb=operation.values["step"], entry=id, ids=()))
            request.reasons.setdefault(id, set()).update(one.answers())
            if not one.soft:
                request.reasons[id].add("free")

    def begin(self, request: Request) -> None:
        """A client sends a request, perhaps again."""
        request.sent = self.now()
        if request not in self.open:
            self.open.append(request)
        request.allowed, request.let_in = [] if request.operation.by == CLOCK else request.allowed, False
        self.look(request)
        if request.operation.by == CLOCK and request.operation.new and request.let_in:
            day, new = request.operation.new.day, request.operation.new
            self.punches[day] = request
            self.told.setdefault(day, {})[telling(request.operation)] = new.hours

    def end(self, request: Request) -> None:
        """Its client knows the answer, or does not ask any more."""
        if request in self.open:
            self.open.remove(request)

    def _moment(self, tenant: Tenant) -> None:
        for each in dict.fromkeys([*self.open, *self.works.values()]):
            if each.tenant is tenant:
                self.look(each)

    # effects

    def committed(
        self, request: Request | None, items: Sequence[Any], changes: Sequence[Change], began: float = 0.0
    ) -> Tenant | None:
        """Something has been written by a function that ``began`` then: the company whose facts have changed."""
        if request is not None and request.operation.by == CLOCK and not request.let_in:
            raise Wrong(f"a device writes whose secret has ended: {request.operation}")
        for id, _, _ in entries_of(changes):
            self.made_at[id] = self.now()
        works = [item["id"]["S"] for _, item in puts(changes, "work", "intent")]
        self._frozen(changes)
        if request is not None and request.operation.by == CLOCK:
            self._joins(request, changes, began)
        tenant = None
        if (
            request is not None
            and not request.operation.verb.startswith("read")
            and self._is_effect(request, items, changes)
        ):
            self._accept(request, changes, works, began)
            tenant = request.tenant
        elif work := next((self.works[id] for id in works if id in self.works), None):
            tenant = self._step(work, changes)
        elif entries := entries_of(changes):
            tenant = self._clocked(entries, began)
            if request is not None and request.operation.by == CLOCK:
                request.done = True
        if tenant is not None:
            self._holds(tenant, changes)
            require_clashes(tenant.model, changes)
            self._moment(tenant)
        return tenant

    @staticmethod
    def _holds(tenant: Tenant, changes: Sequence[Change]) -> None:
        """Whether a large change or a freeze has the tree from now on."""
        for _, after in puts(changes, "projects", "outline"):
            site = tenant.model.sites.get(after["pk"]["S"].partition("#")[2])
            if site is not None:
                site.busy, staged = "S" in after.get("change", {}), after.get("staged", {}).get("N")
                site.staging = staged is not None and int(staged) > int(after["edition"]["N"])

    @staticmethod
    def _is_effect(request: Request, items: Sequence[Any], changes: Sequence[Change]) -> bool:
        if request.operation.by == CLOCK:
            return False  # looked at as a clock's hours, whoever writes them
        if request.key:
            return '"COMPLETED"' in json.dumps(items, default=repr)
        if request.operation.verb == "approve" and not entries_of(changes):
            return False  # it is refused, and a clash that another cap has raised is kept with that
        written = [(table, (after or before)) for table, before, after in changes]
        beforehand = ("access", "idempotency")  # and what is put beside work that is still to be begun
        return not request.done and any(
            table not in beforehand and not row.get("sk", {}).get("S", "").startswith("piece#") and not _is_turn(row)
            for table, row in written
        )

    def _accept(self, request: Request, changes: Sequence[Change], works: Sequence[str], began: float) -> None:
        model, operation = request.tenant.model, request.operation
        if request.done:
            raise Wrong(f"{operation} was done twice")
        why = model.refusals(operation)
        if request.failed:
            raise Wrong(f"{operation} was done after it had failed")
        if why.hard:
            raise Wrong(f"{operation} was done though {why.hard}")
        if not request.free and why.soft:
            raise Wrong(f"{operation} was done, though {why.soft} stood against it during the whole request")
        request.done, request.accepted = True, self.now()
        if works:
            request.work = works[0]
            self.works[works[0]] = request
        if trees.announced(changes):
            request.announced = True
            request.staged.note(changes)
            return
        if operation.verb == "import":
            self._imported(request)
        if operation.verb in ACCEPTED:
            return
        made = [id for id, before, _ in entries_of(changes) if before is None]
        made += [row["id"]["S"] for of in MADE for before, row in puts(changes, *of) if before is None]
        rate, node = rate_kept(request, operation, changes), activity_of(request, operation, changes)
        model.apply(operation, Effect(made[0] if made else "", rate, node, began=began))
        if operation.verb == "settle":
            self._settled(request, changes, began)

    def _settled(self, request: Request, changes: Sequence[Change], began: float) -> None:
        """The hours of a kept punch are as people have settled it, at once, but where something stands in the way."""
        model, date = request.tenant.model, request.operation.values["date"]
        found = entries_of(changes)
        self._require_taken(found, began)
        for id, before, after in found:
            if self._stray(id, after) != (request.tenant, date):
                raise Wrong(f"{id} is of another punch: {request.operation}")
            self._of_stray(request.tenant, date, id, before, after)
        stray = model.strays[date]
        entry = model.entries.get(stray.entry)
        if stray.dismissed or not model.whose(stray) or stray.waits:
            return
        if entry is None or not (model.is_of(stray, entry) or model.keeps(stray, entry)):
            raise Wrong(f"the hours of {stray} are {entry}: {request.operation}")

    def _joins(self, request: Request, changes: Sequence[Change], began: float) -> None:
        """A clock ID that nobody has makes an operative, once, where the company wants it so."""
        for _, row in (each for each in puts(changes, "operatives", "operative") if each[0] is None):
            model = request.tenant.model
            wanted = request.operation.verb == "stray" and True in model.lately("auto_add_operatives", began)
            if model.owner or not wanted or row["external_clock_id"]["S"] != request.tenant.unknown:
                raise Wrong(f"{request.operation} makes the operative {row}")
            model.owner = row["id"]["S"]
            model.names[model.owner], model.trades[model.owner] = request.tenant.unknown, None


def _is_turn(row: Any) -> bool:
    """Whether a function has only taken its turn to rotate ingest secrets."""
    return "S" in row.get("turn", {})
