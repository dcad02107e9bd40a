"""Judges what takes effect and what is answered against the model, at the very moment.

What takes effect is read off the transactions that commit. This is the one place that knows how the product lays out
an entry, the record of a key and the work behind a request.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator.clients import Request, Tenant
from infra.simulator.model import CLOCK, Entry, Operation

Change = tuple[str, Any, Any]  # table, item before, item after
ACCEPTED = ("sheet", "review")  # what is carried out by work and takes effect row by row
AGAIN = ("idempotency_in_progress", "rate_limited")


class Wrong(BaseException):
    """What the product did is not what must hold; it reaches the simulator past all that catches errors."""


class Judge:
    """Follows every effect with the model, and holds every answer against it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.open: list[Request] = []  # whose client waits for an answer
        self.works: dict[str, Request] = {}
        self.punches: dict[tuple[str, str], Request] = {}  # operative and date -> what a clock has told of them
        self.kept: set[tuple[str, str]] = set()  # those that were answered: they are not to be lost
        self.made_at: dict[str, float] = {}  # entry -> when it was last written

    # moments

    def look(self, request: Request) -> None:
        """Note what would be right to refuse now."""
        model, operation = request.tenant.model, request.operation
        if operation.verb == "read":
            request.seen.append(model.looks(operation.by, operation.entry))
            return
        why = model.refusals(operation)
        request.allowed.append(why.answers())
        request.free = request.free or not why.soft
        for id in operation.ids if operation.verb == "review" else ():
            one = model.refusals(replace(operation, verb=operation.values["step"], entry=id, ids=()))
            request.reasons.setdefault(id, set()).update(one.answers())
            if not one.soft:
                request.reasons[id].add("free")

    def begin(self, request: Request) -> None:
        """A client sends a request, perhaps again."""
        if request not in self.open:
            self.open.append(request)
        if request.operation.by == CLOCK and request.operation.new:
            self.punches[request.operation.new.day] = request
        self.look(request)

    def end(self, request: Request) -> None:
        """Its client knows the answer, or does not ask any more."""
        if request in self.open:
            self.open.remove(request)

    def _moment(self, tenant: Tenant) -> None:
        for each in [*self.open, *(work for work in self.works.values() if work not in self.open)]:
            if each.tenant is tenant:
                self.look(each)

    # effects

    def committed(self, request: Request | None, items: Sequence[Any], changes: Sequence[Change]) -> Tenant | None:
        """Something has been written: the company whose facts have changed, if any have."""
        for id, _, _ in _entries(changes):
            self.made_at[id] = self.now()
        works = [item["id"]["S"] for _, item in _puts(changes, "work", "intent")]
        tenant = None
        if request is not None and request.operation.verb != "read" and self._is_effect(request, items, changes):
            self._accept(request, changes, works)
            tenant = request.tenant
        elif work := next((self.works[id] for id in works if id in self.works), None):
            tenant = self._step(work, changes)
        elif entries := _entries(changes):
            tenant = self._settled(entries)
        if tenant is not None:
            self._moment(tenant)
        return tenant

    @staticmethod
    def _is_effect(request: Request, items: Sequence[Any], changes: Sequence[Change]) -> bool:
        if request.operation.by == CLOCK:
            return any(before is None for _, before, _ in _entries(changes))
        if request.key:
            return '"COMPLETED"' in json.dumps(items, default=repr)
        return not request.done and any(table not in ("access", "idempotency") for table, _, _ in changes)

    def _accept(self, request: Request, changes: Sequence[Change], works: Sequence[str]) -> None:
        model, operation = request.tenant.model, request.operation
        if request.done:
            raise Wrong(f"{operation} was done twice")
        why = model.refusals(operation)
        if why.hard:
            raise Wrong(f"{operation} was done though {why.hard}")
        if not request.free and why.soft:
            raise Wrong(f"{operation} was done though at no moment of it was there not {why.soft}")
        request.done = True
        if works:
            request.work = works[0]
            self.works[works[0]] = request
        if operation.verb in ACCEPTED:
            return
        made = [id for id, before, _ in _entries(changes) if before is None]
        made += [item["sk"]["S"].partition("#")[2] for _, item in _puts(changes, "projects", "progress#")]
        model.apply(operation, made[0] if made else "", self._rate(request, operation, changes))
        if operation.verb == "freeze":
            model.sites[operation.project].busy.add(request.work)

    @staticmethod
    def _rate(request: Request, operation: Operation, changes: Sequence[Change]) -> Decimal | None:
        """The rate that an approval has kept: one that was valid on the entry's date at some time."""
        if operation.verb != "approve":
            return None
        [kept] = [after for id, _, after in _entries(changes) if id == operation.entry]
        rate = Decimal(kept["hourly_rate"]["N"]) if "N" in kept.get("hourly_rate", {}) else None
        if rate not in request.tenant.model.possible_rates(request.tenant.model.entries[operation.entry]):
            raise Wrong(f"{operation} keeps the rate {rate}")
        return rate

    def _settled(self, entries: Sequence[tuple[str, Any, Any]]) -> Tenant | None:
        """Nobody asks: punches become hours, as nothing stands in their way any more."""
        tenant = None
        for id, before, after in entries:
            punch = self.punches.get((after["operative"]["S"], after["date"]["S"])) if after and not before else None
            if punch is None or punch.operation.new is None:
                raise Wrong(f"hours are changed by nobody: {id}, from {before} to {after}")
            new = replace(punch.operation.new, history=[], changers={}, submitters=set())
            operation = replace(punch.operation, new=new)
            if why := punch.tenant.model.refusals(operation).hard:
                raise Wrong(f"a punch becomes hours though {why}: {operation}")
            punch.tenant.model.apply(operation, id)
            tenant = punch.tenant
        return tenant

    def _step(self, work: Request, changes: Sequence[Change]) -> Tenant | None:
        """A step of work that some request has begun, whoever takes it."""
        model, operation = work.tenant.model, work.operation
        for id, before, after in _entries(changes):
            if before is None:
                self._row(work, id, after)
            elif operation.verb == "close":
                self._settle(work, id)
            else:
                self._reviewed(work, id, changes)
        ended = any(item["status"]["S"] in ("succeeded", "failed") for _, item in _puts(changes, "work", "intent"))
        if ended:
            self.works.pop(work.work, None)
        if operation.verb == "freeze" and ended:
            model.sites[operation.project].busy.discard(work.work)
        if operation.verb == "close":
            self._closing(work, changes)
        return work.tenant

    def _row(self, work: Request, id: str, after: Any) -> None:
        """A row of a sheet is there: it is one of those that were sent, and none is there twice."""
        model, operation = work.tenant.model, work.operation
        left = [row for n, row in enumerate(operation.rows) if str(n) not in work.made.values()]
        found = [row for row in left if operation.verb == "sheet" and _same(row, after)]
        if not found:
            raise Wrong(f"{id} is a row that nobody sent, or sent once: {operation}")
        row = found[0]
        if row.date <= model.sites[row.project].closed_for_good:
            raise Wrong(f"{id} is written into a closed period: {operation}")
        work.made[id] = str(next(n for n, each in enumerate(operation.rows) if each is row))
        model.apply(Operation("create", operation.by, new=row), id)

    def _settle(self, work: Request, id: str) -> None:
        model, operation = work.tenant.model, work.operation
        entry = model.entries[id]
        inside = entry.project == operation.project and entry.date <= operation.values["closed_to"]
        if not (operation.values["force"] and inside and entry.status == "submitted"):
            raise Wrong(f"closing changes {id}, {entry}: {operation}")
        model.apply(Operation("reject", operation.by, entry=id))

    def _closing(self, work: Request, changes: Sequence[Change]) -> None:
        """The end of a closing: the days are closed for good, or as they were before."""
        model, operation = work.tenant.model, work.operation
        site = model.sites[operation.project]
        for _, before, after in ((t, b, a) for t, b, a in changes if "sk" in (a or b or {})):
            if not (after or before)["sk"]["S"].startswith("period#"):
                continue
            if after is None:
                site.closed_to = site.closed_for_good
            elif after["status"]["S"] == "closed":
                site.closed_for_good = site.closed_to
                left = [
                    id
                    for id, each in model.entries.items()
                    if each.project == operation.project
                    and each.date <= site.closed_to
                    and (each.status == "submitted" or (model.held(each.day) and each.status == "approved"))
                    and not (operation.values["force"] and each.status == "approved")
                ]
                if left:
                    raise Wrong(f"closed with {left} still there: {operation}")

    def _reviewed(self, work: Request, id: str, changes: Sequence[Change]) -> None:
        model, operation = work.tenant.model, work.operation
        if operation.verb != "review" or id not in operation.ids or id in work.made:
            raise Wrong(f"{operation} changes {id}")
        one = replace(operation, verb=operation.values["step"], entry=id, ids=())
        why = model.refusals(one)
        if why.hard or (why.soft and "free" not in work.reasons[id]):
            raise Wrong(f"{one} was done though {why}")
        work.made[id] = one.verb
        model.apply(one, "", self._rate(work, one, changes))

    # answers

    def answered(self, request: Request, status: int, answer: Any) -> bool:
        """Hold a whole answer against the model; False when the client has to ask again."""
        operation = request.operation
        code = answer.get("code") if isinstance(answer, dict) and status >= 400 else None
        if status == 500:
            raise Wrong(f"500: {answer} to {operation}")
        if status in (0, 429, 503, 504) or code in AGAIN:
            return False
        if request.key and status < 400:
            if request.answer not in (None, (status, answer)):
                raise Wrong(f"answered {request.answer} first, and then {(status, answer)}: {operation}")
            request.answer = status, answer
        if status < 400 and operation.by == CLOCK and operation.new:
            self.kept.add(operation.new.day)
        if status < 400 and not request.done and operation.by != CLOCK:
            raise Wrong(f"answered {status} without an effect: {operation}")
        if status < 400 and operation.verb in ACCEPTED:
            self._results(request, answer)
        if status < 400:
            return True
        right = any(code in allowed for allowed in request.allowed)
        if request.done and not (code == "not_authenticated" and right):
            raise Wrong(f"answered {status} {code} after its effect: {operation} {answer}")
        if not right:
            raise Wrong(f"answered {status} {code}, allowed {request.allowed}: {operation} {answer}")
        return True

    @staticmethod
    def _results(request: Request, answer: Any) -> None:
        operation = request.operation
        if operation.verb == "sheet":
            shown = [row["id"] for row in answer["entries"]]
            if not set(shown) <= set(request.made) or len(request.made) != len(operation.rows):
                raise Wrong(f"{shown} is answered, {list(request.made)} was made: {operation}")
            return
        done = answer["approved" if operation.values["step"] == "approve" else "rejected"]
        skipped = {row["id"]: row["code"] for row in answer["skipped"]}
        if sorted(done) != sorted(request.made) or sorted([*done, *skipped]) != sorted(operation.ids):
            raise Wrong(f"{answer} is answered, {request.made} was done: {operation}")
        for id, code in skipped.items():
            if code not in request.reasons[id]:
                raise Wrong(f"{id} is skipped as {code}, right was {request.reasons[id]}: {operation}")


def _entries(changes: Iterable[Change]) -> list[tuple[str, Any, Any]]:
    """The entries among some changes: id, before, after."""
    return [
        ((after or before)["id"]["S"], before, after)
        for table, before, after in changes
        if table == "labour" and (after or before)["sk"]["S"] == "entry"
    ]


def _puts(changes: Iterable[Change], table: str, keys: str) -> list[tuple[Any, Any]]:
    return [
        (before, after)
        for name, before, after in changes
        if name == table and after is not None and after["sk"]["S"].startswith(keys)
    ]


def _same(row: Entry, after: Any) -> bool:
    quantity = Decimal(after["quantity"]["N"]) if "N" in after.get("quantity", {}) else None
    shown = (after["project"]["S"], after["operative"]["S"], after["date"]["S"], Decimal(after["hours"]["N"]), quantity)
    return shown == (row.project, row.operative, row.date, row.hours, row.quantity)
