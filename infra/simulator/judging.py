"""Judges what takes effect and what is answered against the model, at the very moment.

What takes effect is read off the transactions that commit. This is the one place that knows how the product lays out
an entry, the record of a key and the work behind a request.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator import trees
from infra.simulator.facts import CLOCK, RUNS, Effect, Entry, Operation
from infra.simulator.model import Model
from infra.simulator.requests import Request, Tenant
from infra.simulator.site import LEVELS
from infra.simulator.tree_files import missing

Change = tuple[str, Any, Any]  # table, item before, item after
ACCEPTED = ("sheet", "review")  # what is carried out by work and takes effect row by row
FINISHED = ("succeeded", "failed")
AGAIN = ("idempotency_in_progress", "rate_limited")


class Wrong(BaseException):
    """What the product did is not what must hold; it reaches the simulator past all that catches errors."""


class Judge:
    """Follows every effect with the model, and holds every answer against it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.tenants: list[Tenant] = []
        self.open: list[Request] = []  # whose client waits for an answer
        self.works: dict[str, Request] = {}
        self.jobs: dict[str, Request] = {}  # those that were answered with a job
        self.punches: dict[tuple[str, str], Request] = {}  # operative and date -> a punch of them
        self.told: dict[tuple[str, str], dict[str, Decimal]] = {}  # of these: what was told in all -> the hours
        self.kept: dict[tuple[str, str], set[str]] = {}  # and what of it was answered: it is not to be lost
        self.corrections: dict[str, int] = {}
        self.made_at: dict[str, float] = {}  # entry -> when it was last written

    # moments

    def look(self, request: Request) -> None:
        """Note what would be right to refuse now."""
        model, operation = request.tenant.model, request.operation
        if operation.verb == "read tree":
            request.seen.append(model.sites[operation.project].tree())
            return
        if operation.verb == "read":
            request.seen.append(model.looks(operation.by, operation.entry))
            return
        for project, code in operation.codes():
            for site in [model.sites[project]] if project else model.sites.values():
                request.nodes |= {(code, site.codes()[code])} if code in site.codes() else set()
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
        request.sent = self.now()
        if request not in self.open:
            self.open.append(request)
        if request.operation.by == CLOCK and request.operation.new:
            day, new = request.operation.new.day, request.operation.new
            self.punches[day] = request
            self.told.setdefault(day, {})[_telling(request.operation)] = new.hours
        self.look(request)

    def end(self, request: Request) -> None:
        """Its client knows the answer, or does not ask any more."""
        if request in self.open:
            self.open.remove(request)

    def _moment(self, tenant: Tenant) -> None:
        for each in dict.fromkeys([*self.open, *self.works.values()]):
            if each.tenant is tenant:
                self.look(each)

    # effects

    def committed(self, request: Request | None, items: Sequence[Any], changes: Sequence[Change]) -> Tenant | None:
        """Something has been written: the company whose facts have changed, if any have."""
        for id, _, _ in _entries(changes):
            self.made_at[id] = self.now()
        works = [item["id"]["S"] for _, item in _puts(changes, "work", "intent")]
        tenant = None
        if (
            request is not None
            and not request.operation.verb.startswith("read")
            and self._is_effect(request, items, changes)
        ):
            self._accept(request, changes, works)
            tenant = request.tenant
        elif work := next((self.works[id] for id in works if id in self.works), None):
            tenant = self._step(work, changes)
        elif entries := _entries(changes):
            tenant = self._clocked(entries)
            if request is not None and request.operation.by == CLOCK:
                request.done = True
        if tenant is not None:
            self._holds(tenant, changes)
            _clashes(tenant.model, changes)
            self._moment(tenant)
        return tenant

    @staticmethod
    def _holds(tenant: Tenant, changes: Sequence[Change]) -> None:
        """Whether a large change or a freeze has the tree from now on."""
        for _, after in _puts(changes, "projects", "outline"):
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
        return not request.done and any(table not in ("access", "idempotency") for table, _, _ in changes)

    def _accept(self, request: Request, changes: Sequence[Change], works: Sequence[str]) -> None:
        model, operation = request.tenant.model, request.operation
        if request.done:
            raise Wrong(f"{operation} was done twice")
        why = model.refusals(operation)
        if request.failed:
            raise Wrong(f"{operation} was done after it had failed")
        if why.hard:
            raise Wrong(f"{operation} was done though {why.hard}")
        if not request.free and why.soft:
            raise Wrong(f"{operation} was done though at no moment of it was there not {why.soft}")
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
        made = [id for id, before, _ in _entries(changes) if before is None]
        made += [item["id"]["S"] for was, item in _puts(changes, "companies", "token#") if was is None]
        if operation.verb == "settle":
            self._settled(model, operation, made)
        for keys in ("progress#", "node#"):
            made += [it["sk"]["S"].partition("#")[2] for was, it in _puts(changes, "projects", keys) if was is None]
        rate, node = self._rate(request, operation, changes), self._activity(request, operation, changes)
        model.apply(operation, Effect(made[0] if made else "", rate, node))

    def _shown(self, work: Request) -> None:
        """What a large change has staged is to be seen from now on, all of it at once."""
        model, operation = work.tenant.model, work.operation
        site = model.sites[operation.project]
        before, shown = deepcopy(site), work.staged.shown(operation.project)
        model.apply(operation, Effect(shown=shown))
        if operation.verb == "import":
            wrong = [*trees.rules_wrong(site, before, operation.values["rows"], work.accepted - RUNS)]
            wrong += [f"{id} is made for nothing" for id in trees.useless(site, shown)]
            if wrong:
                raise Wrong(f"{wrong}: {operation}")
            self._imported(work)

    def _imported(self, request: Request) -> None:
        """The project is as the file says, but for what was edited while its import was on its way."""
        operation = request.operation
        site = request.tenant.model.sites[operation.project]
        if wrong := [*missing(site, operation.values["rows"], request.accepted - RUNS)]:
            raise Wrong(f"{wrong}: {operation}")

    @staticmethod
    def _settled(model: Model, operation: Operation, made: Sequence[str]) -> None:
        """A kept punch becomes hours once, when somebody says whose it is, and not inside a closed period.

        Where its hours have been deleted, a person may say so again.
        """
        stray, date = model.strays[operation.values["date"]], operation.values["date"]
        closed = date <= model.sites[stray.project].closed_for_good
        assigned = operation.values["action"] == "assign"
        if made and (stray.entry in model.entries or closed or not assigned):
            raise Wrong(f"{made} is made of {stray}: {operation}")
        if not made and assigned and not stray.entry and date > model.sites[stray.project].closed_to:
            raise Wrong(f"nothing is made of {stray}: {operation}")

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

    @staticmethod
    def _activity(request: Request, operation: Operation, changes: Sequence[Change]) -> str | None:
        """The activity of the hours that were written: the one that the request names, or the one that they had."""
        named = operation.new.code if operation.new else operation.values.get("code", operation.code)
        written = _entries(changes) if operation.verb in ("create", "approve", "edit") else []
        for id, _, after in (each for each in written if each[0] == (operation.entry or each[0])):
            node = after["wbs"]["S"] if "S" in after.get("wbs", {}) else None
            had = request.tenant.model.entries[id].node if id in request.tenant.model.entries else None
            if (named, node) not in request.nodes if named else node != had:
                raise Wrong(f"{operation} is on {node}, which was {had}, and {named} is one of {request.nodes}")
            return node
        return None

    def _clocked(self, entries: Sequence[tuple[str, Any, Any]]) -> Tenant | None:
        """A clock's hours come or are corrected, by a device's own request or later, as nothing stands in the way."""
        tenant = None
        for id, before, after in entries:
            found = [each for each in self.punches.values() if id in each.tenant.model.entries]
            owner = next((each for each in self.tenants if after and after["operative"]["S"] == each.model.spare), None)
            if owner is not None:
                tenant = self._adopted(owner, id, before, after)
            elif before is None and after is not None:
                tenant = self._punched(id, after)
            elif found and before is not None and after is not None:
                tenant = self._corrected(found[0].tenant, id, after)
            else:
                raise Wrong(f"hours are changed by nobody: {id}, from {before} to {after}")
        return tenant

    @staticmethod
    def _adopted(tenant: Tenant, id: str, before: Any, after: Any) -> Tenant:
        """A kept punch becomes hours by itself, once: somebody has its clock ID by now, or its days are open again."""
        model, date = tenant.model, after["date"]["S"]
        stray = model.strays.get(date)
        known = stray is not None and (stray.status == "assigned" or (stray.status == "kept" and model.adopted))
        if stray is None or before is not None or stray.entry or not known:
            raise Wrong(f"{id} is made of {stray}, from {before}: {after}")
        if date <= model.sites[stray.project].closed_for_good or Decimal(after["hours"]["N"]) != stray.hours:
            raise Wrong(f"{id} is made of {stray} although the days are closed, or otherwise: {after}")
        model.become_hours(date, id)
        return tenant

    def _punched(self, id: str, after: Any) -> Tenant:
        day = after["operative"]["S"], after["date"]["S"]
        punch, told, hours = self.punches.get(day), self.told.get(day, {}), Decimal(after["hours"]["N"])
        if punch is None or punch.operation.new is None or not whole(told):
            raise Wrong(f"hours come of nothing: {id} {after}")
        if hours not in told.values():
            raise Wrong(f"{hours} hours come of {told}: {id}")
        operation = replace(punch.operation, new=replace(punch.operation.new, hours=hours))
        if why := punch.tenant.model.refusals(operation).hard:
            raise Wrong(f"a punch becomes hours though {why}: {operation}")
        punch.tenant.model.apply(operation, Effect(id))
        return punch.tenant

    def _corrected(self, tenant: Tenant, id: str, after: Any) -> Tenant:
        """The same clock-in was told with another end: each telling has one effect, and only on what nobody touched."""
        entry, hours = tenant.model.entries[id], Decimal(after["hours"]["N"])
        if hours == entry.hours and entry.status != "approved":
            return tenant  # what it says is what a person has made of it: nothing changes
        self.corrections[id] = self.corrections.get(id, 0) + 1
        told = self.told[entry.punch]
        closed = entry.date <= tenant.model.sites[entry.project].closed_for_good
        if entry.status == "approved" or entry.corrected_by_hand or closed or hours not in told.values():
            raise Wrong(f"{id} is corrected to {hours} hours by {told}, and is {entry}")
        if self.corrections[id] >= len(told):
            raise Wrong(f"{id} is corrected again by what was told before: {told}")
        tenant.model.apply(Operation("correct", CLOCK, entry=id, values={"hours": hours}))
        return tenant

    def _step(self, work: Request, changes: Sequence[Change]) -> Tenant | None:
        """A step of work that some request has begun, whoever takes it."""
        operation = work.operation
        for id, before, after in _entries(changes):
            if before is None:
                self._row(work, id, after)
            elif operation.verb == "close":
                self._settle(work, id)
            else:
                self._reviewed(work, id, changes)
        for _, item in _puts(changes, "work", "intent"):
            if item["status"]["S"] in FINISHED:
                self.works.pop(item["id"]["S"], None)
            else:
                self.works[item["id"]["S"]] = work  # what goes on where it ends is its work too
            self._ended(work, item, changes)
        if trees.flipped(changes):
            self._shown(work)
        elif work.work in self.works:
            work.staged.note(changes)
        if operation.verb == "freeze":
            self._frozen(work, changes)
        if operation.verb == "close":
            self._closing(work, changes)
        if operation.verb == "cut":
            self._brought_back(work, changes)
        return work.tenant

    @staticmethod
    def _ended(work: Request, intent: Any, changes: Sequence[Change]) -> None:
        """A large change ends with its flip.

        An import alone may fail: where a name or a code was taken since it was compared with the tree.
        """
        succeeded = intent["status"]["S"] == "succeeded" and intent["id"]["S"] == work.work
        if succeeded and work.announced and not trees.flipped(changes):
            raise Wrong(f"{work.operation} has ended, and is not to be seen")
        if intent["status"]["S"] != "failed":
            return
        work.failed = True
        site = work.tenant.model.sites.get(work.operation.project)
        if work.operation.verb not in ("import", "close") or intent["id"]["S"] != work.work:
            raise Wrong(f"the work of {work.operation} fails: {intent}")
        if work.operation.verb == "import" and site is not None and site.renamed < work.accepted - RUNS:
            raise Wrong(f"{work.operation} fails although nothing was renamed: {intent}")

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
        if (row.code, after["wbs"]["S"]) not in work.nodes:
            raise Wrong(f"{id} is on {after['wbs']}, and {row.code} is one of {work.nodes}")
        one = replace(operation, verb="create", new=row, rows=())
        model.apply(one, Effect(id, None, after["wbs"]["S"]))

    @staticmethod
    def _brought_back(work: Request, changes: Sequence[Change]) -> None:
        """Hours came to an activity while it was deleted: it is there again, with those above it."""
        model, site = work.tenant.model, work.tenant.model.sites[work.operation.project]
        for before, after in _puts(changes, "projects", "node#"):
            id = after["id"]["S"]
            if "next" in after:
                continue  # it is staged to end
            if before is not None or id not in site.gone:
                raise Wrong(f"{id} is brought back, and was {before}: {work.operation}")
            code = after["cost_code"]["S"] if "S" in after.get("cost_code", {}) else None
            site.bring_back(id, after["name"]["S"], code)
            site.renamed = site.born[id] = model.now()
            hours = (*model.entries.values(), *model.gone.values())
            if id in site.activities and not any(each.node == id for each in hours):
                raise Wrong(f"{id} is brought back without any hours: {work.operation}")

    @staticmethod
    def _frozen(work: Request, changes: Sequence[Change]) -> None:
        """What was there when the freeze began is frozen; what a request made that had begun by then may be."""
        site = work.tenant.model.sites[work.operation.project]
        for _, row in _puts(changes, "projects", "baseline#"):
            if "activity" not in row:
                continue
            id, baseline = row["activity"]["S"], site.baselines[int(row["sk"]["S"].partition("#")[2]) - 1]
            if id not in baseline.plans and site.born.get(id, 0.0) < work.accepted:
                raise Wrong(f"{id} is frozen, and was not there: {work.operation}")
            if id not in baseline.plans and site.born[id] > work.accepted + RUNS:
                raise Wrong(f"{id} is frozen, and was made later: {work.operation}")
            baseline.plans.setdefault(id, deepcopy(site.activities[id].plan))

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
                if operation.values["force"]:
                    raise Wrong(f"a closing with force is given up: {operation}")
                site.closed_to = site.closed_for_good
            elif after["status"]["S"] == "closed":
                site.closed_for_good = site.closed_to
                left = [
                    id
                    for id, each in model.entries.items()
                    if each.project == operation.project
                    and each.date <= site.closed_to
                    and (each.status == "submitted" or (_open(model, each) and each.status == "approved"))
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
        model.apply(one, Effect("", self._rate(work, one, changes), self._activity(work, one, changes)))

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
            if operation.verb == "token":
                answer = self._shown_once(request, answer)
            if request.answer not in (None, (status, answer)):
                raise Wrong(f"answered {request.answer} first, and then {(status, answer)}: {operation}")
            request.answer = status, answer
        if status < 400 and operation.verb == "stray":
            request.tenant.model.strays[operation.values["date"]].event = answer["id"]
        if status < 400 and operation.by == CLOCK and operation.new:
            self.kept.setdefault(operation.new.day, set()).add(operation.values["told"])
        if status < 400 and not request.done and operation.by != CLOCK:
            raise Wrong(f"answered {status} without an effect: {operation}")
        if status < 400 and operation.verb in ACCEPTED:
            self._results(request, answer)
        if status == 202:
            self.jobs[answer["id"]] = request
        if status == 200 and operation.verb == "import":
            self._counts(request, answer)
        if status < 400:
            return True
        right = any(code in allowed for allowed in request.allowed)
        if request.failed and operation.verb == "import" and code == "conflict":
            return True
        if request.done and not (code == "not_authenticated" and right):
            raise Wrong(f"answered {status} {code} after its effect: {operation} {answer}")
        if not right:
            raise Wrong(f"answered {status} {code}, allowed {request.allowed}: {operation} {answer}")
        return True

    @staticmethod
    def _shown_once(request: Request, answer: Any) -> Any:
        """The answer without the token, which is shown again to whoever repeats the request until it is revoked."""
        made, known = request.tenant.made, request.tenant.model.people.tokens[answer["id"]]
        text, ended = answer.get("token"), known.ended_at
        if text is None and ended is None:
            raise Wrong(f"the token is not shown again: {request.operation}")
        if text is not None and known.revoked and ended is not None and ended < request.sent:
            raise Wrong(f"a token is shown that has been revoked: {request.operation}")
        if text is not None and made.setdefault(answer["id"], text) != text:
            raise Wrong(f"another token is shown: {request.operation}")
        return {name: value for name, value in answer.items() if name != "token"}

    @staticmethod
    def _counts(request: Request, answer: Any) -> None:
        """What an import says that it did."""
        operation, shown = request.operation, request.staged.shown(request.operation.project).values()
        rows, created = len(operation.values["rows"]), sum(each.level == LEVELS for each in shown)
        updated = sum(each.level is None for each in shown)
        wanted = (rows, created, updated, rows - created - updated)
        found = tuple(answer[name] for name in ("rows", "created", "updated", "unchanged"))
        if found != wanted or answer["parents_created"] != len(shown) - created - updated:
            raise Wrong(f"{answer} is answered instead of {wanted}: {operation}")

    @staticmethod
    def _results(request: Request, answer: Any) -> None:
        operation = request.operation
        if operation.verb == "sheet":
            shown = [row if isinstance(row, str) else row["id"] for row in answer["entries"]]
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


def _clashes(model: Model, changes: Iterable[Change]) -> None:
    """A day is written with its clash as its hours are now, where every cap of before says the same."""
    for _, after in (each for each in _puts(changes, "labour", "day") if each[1]["sk"]["S"] == "day"):
        day, clash = (after["operative"]["S"], after["date"]["S"]), after.get("clash", {})
        is_open = "M" in clash and clash["M"]["status"]["S"] == "open"
        if model.sure(day) and is_open != model.held(day):
            raise Wrong(f"the clash of {day} is {clash}, its hours are {model.counted(day)}")


def _open(model: Model, entry: Entry) -> bool:
    """Whether an open clash holds an entry, by whatever cap; hours of another project may begin one at any time."""
    inside = all(each.project == entry.project for each in model.counted(entry.day).values())
    return inside and model.held(entry.day) and model.sure(entry.day)


def whole(told: Iterable[str]) -> bool:
    """Whether a shift has both its ends."""
    return {"in", "out"} <= set(told) or any(each.startswith("both") for each in told)


def _telling(operation: Operation) -> str:
    """Which of the tellings of a shift it is; the whole one has its hours in its name."""
    assert operation.new is not None
    told: str = operation.values["told"]
    return told if told != "both" else f"both, {operation.new.hours} hours"


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
    known = (row.project, row.operative, row.date, row.hours, row.quantity)
    return shown == known and after["source"]["S"] == row.source
