"""Judges the work behind requests, whoever takes its steps: sheets, reviews, closings, freezes, changes of trees."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator import trees
from infra.simulator.docket import Docket
from infra.simulator.effects import (
    FINISHED,
    Change,
    Wrong,
    activity_of,
    entries_of,
    is_row,
    open_clash,
    puts,
    rate_kept,
)
from infra.simulator.facts import Effect, Operation
from infra.simulator.requests import Request, Tenant
from infra.simulator.site import RUNS, Plan
from infra.simulator.tree_files import missing


class WorkJudge(Docket):
    """Work of many steps, each of which takes effect by itself."""

    def _step(self, work: Request, changes: Sequence[Change]) -> Tenant | None:
        """A step of work that some request has begun, whoever takes it."""
        operation = work.operation
        for id, before, after in entries_of(changes):
            if before is None:
                self._row(work, id, after)
            elif operation.verb == "close":
                self._settle(work, id)
            else:
                self._reviewed(work, id, changes)
        for _, item in puts(changes, "work", "intent"):
            if item["status"]["S"] in FINISHED:
                self.works.pop(item["id"]["S"], None)
            else:
                self.works[item["id"]["S"]] = work  # what goes on where it ends is its work too
            self._ended(work, item, changes)
        if trees.flipped(changes):
            self._shown(work)
        elif work.work in self.works:
            work.staged.note(changes)
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
        if work.operation.verb == "import" and site is not None:
            if site.renamed < work.accepted - RUNS:
                raise Wrong(f"{work.operation} fails although nothing was renamed: {intent}")
            work.tenant.to_repeat.append(work.operation)

    def _row(self, work: Request, id: str, after: Any) -> None:
        """A row of a sheet is there: it is one of those that were sent, and none is there twice."""
        model, operation = work.tenant.model, work.operation
        left = [row for n, row in enumerate(operation.rows) if str(n) not in work.made.values()]
        found = [row for row in left if operation.verb == "sheet" and is_row(row, after)]
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
        for before, after in puts(changes, "projects", "node#"):
            id = after["id"]["S"]
            if "next" in after:
                continue  # it is staged to end
            if before is not None or id not in site.gone:
                raise Wrong(f"{id} is brought back, and was {before}: {work.operation}")
            code = after["cost_code"]["S"] if "S" in after.get("cost_code", {}) else None
            site.bring_back(id, after["name"]["S"], code)
            site.renamed = site.born[id] = model.now()
            hours = (*model.entries.values(), *model.gone.values())
            just_left = model.left.get(id, -RUNS) >= model.now() - RUNS  # since the function has looked for them
            if id in site.activities and not just_left and not any(each.node == id for each in hours):
                raise Wrong(f"{id} is brought back without any hours: {work.operation}")

    def _frozen(self, changes: Sequence[Change]) -> None:
        """An activity is kept for a baseline, by its freeze or by whoever changes the activity meanwhile."""
        for _, row in puts(changes, "projects", "baseline#"):
            if "activity" not in row:
                continue
            sites = {id: site for each in self.tenants for id, site in each.model.sites.items()}
            site = sites[row["project"]["S"]]
            id, baseline = row["activity"]["S"], site.baselines[int(row["sk"]["S"].partition("#")[2]) - 1]
            start, finish = (row.get(f"baseline_{end}", {}).get("S") for end in ("start", "finish"))
            plan = Plan(Decimal(row["budget_hours"]["N"]), start, finish)
            if not baseline.keep(id, plan, site):
                raise Wrong(f"{id} is frozen as {plan}, and it was not so")

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
                site.closed_to, model.freed = site.closed_for_good, model.now()
            elif after["status"]["S"] == "closed":
                site.closed_for_good = site.closed_to
                left = [
                    id
                    for id, each in model.entries.items()
                    if each.project == operation.project
                    and each.date <= site.closed_to
                    and (each.status == "submitted" or (open_clash(model, each) and each.status == "approved"))
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
        model.apply(one, Effect("", rate_kept(work, one, changes), activity_of(work, one, changes)))

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
