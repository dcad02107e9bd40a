"""Requests about the very thing of another that is under way: by luck alone they would hardly meet."""

from dataclasses import replace
from decimal import Decimal

from infra.simulator.company_requests import CompanyRequests
from infra.simulator.device_requests import DeviceRequests
from infra.simulator.facts import CLOCK, Operation
from infra.simulator.hours_requests import HoursRequests
from infra.simulator.link_requests import LinkRequests
from infra.simulator.requests import Request, Tenant

OTHERWISE = {"in": ("out", "out", "both"), "out": ("in", "in", "both"), "both": ("in", "out", "both")}


class Meetings(HoursRequests, DeviceRequests, CompanyRequests, LinkRequests):
    """What somebody else wants meanwhile."""

    kinds: dict[str, int]  # those of the history

    def beside(self, mine: Request) -> Request | None:
        """Somebody else's request about what a request is about, where such a kind is in the history."""
        found = None
        if mine.operation.by == CLOCK and not ("rotate" in self.kinds and self.luck.random() < 0.1):
            return self._told_otherwise(mine)
        if mine.operation.verb == "rotate" and self.luck.random() < 0.5:
            return self._punch(mine.tenant, CLOCK)
        if mine.operation.verb in ("invite", "use"):
            return self._link_of(mine) if "invite" in self.kinds else None
        if mine.operation.by == CLOCK or mine.operation.verb == "rotate":
            found = self._rotate(mine.tenant, mine.tenant.owner)
        elif mine.operation.verb in ("settings", "cap"):
            found = self._settings(mine.tenant, mine.tenant.owner) if "settings" in self.kinds else None
        elif mine.operation.verb in ("status", "project_rate"):
            project, owner = mine.operation.project, mine.tenant.owner
            found = self._status_of(mine.tenant, owner, project) if "status" in self.kinds else None
        elif mine.operation.verb == "cut":
            found = self._hours_below(mine)
        elif mine.operation.verb == "approve" and self.luck.random() < 0.5:
            found = self._of_the_same_day(mine)
        elif mine.operation.verb == "import" and self.luck.random() < 0.4:
            found = self._hours_of_the_file(mine)
        elif mine.operation.verb == "import" and "recode" in self.kinds:
            found = self._of_the_file(mine)
        elif mine.operation.verb == "freeze" and "budget" in self.kinds:
            found = self._budget_of(mine.tenant, mine.operation.project)
        elif kinds := [kind for kind in ("close", "hand change", "status") if kind in self.kinds]:
            found = self._taking_away(mine, self.luck.choice(kinds))
        if found is not None:
            found.key = f"k{self.luck.getrandbits(60)}"
        return found

    def _told_otherwise(self, punch: Request) -> Request | None:
        """The same shift by another device: whole, or one of its ends, mostly the other one."""
        new = punch.operation.new
        if new is None:
            return None
        other = self.luck.choice(OTHERWISE[punch.operation.values["told"]])
        return self._shift(punch.tenant, new.operative, new.date, other)

    def _link_of(self, mine: Request) -> Request:
        """Somebody uses the same link, or the one before; or the same user is invited again, or gets another e-mail."""
        people, values = mine.tenant.model.people, mine.operation.values
        user = values["user"] if "user" in values else people.links[values["link"]].user
        known = [link for link in mine.tenant.links if people.links[link].user == user]
        if known and self.luck.random() < 0.5:
            return self._use_of(mine.tenant, known[-1])
        if "mail" in self.kinds and self.luck.random() < 0.5:
            return self._mail_of(mine.tenant, mine.tenant.owner, user)
        again = self._invite_user(mine.tenant, mine.tenant.owner, user)
        again.key = f"k{self.luck.getrandbits(60)}"
        return again

    def _budget_of(self, tenant: Tenant, project: str) -> Request:
        node, budget = self._activity(tenant.model.sites[project]), self.luck.choice(("64.01", "120"))
        operation = Operation("budget", tenant.owner, project=project, node=node, values={"budget": Decimal(budget)})
        return self._patch(tenant, operation, {"budget_hours": float(budget)})

    def _of_the_same_day(self, mine: Request) -> Request | None:
        """Hours of the same operative and day by another submitter: a clash, unless the approval is first."""
        model = mine.tenant.model
        if (entry := model.entries.get(mine.operation.entry)) is None:
            return None
        new = replace(self._hours(mine.tenant, ""), operative=entry.operative, date=entry.date)
        may = [user for user in mine.tenant.tokens if model.may_log(user, new.project, new.operative)]
        others = [user for user in may if user != entry.submitter]
        if not others:
            return None
        new.submitter = self.luck.choice(others)
        return self._logged(mine.tenant, new.submitter, new)

    def _hours_of_the_file(self, mine: Request) -> Request:
        """Hours on an activity that a file names: one that is there, or is to be."""
        new = self._hours(mine.tenant, mine.tenant.owner)
        new.project, new.code = mine.operation.project, self.luck.choice(mine.operation.values["rows"]).code
        return self._logged(mine.tenant, mine.tenant.owner, new)

    def _hours_below(self, mine: Request) -> Request | None:
        """Hours on an activity that goes with the node that is being deleted."""
        new, site = self._hours(mine.tenant, mine.tenant.owner), mine.tenant.model.sites[mine.operation.project]
        codes = [code for code, node in site.codes().items() if mine.operation.node in site.above(node)]
        if not codes:
            return None
        new.project, new.code = mine.operation.project, self.luck.choice(codes)
        return self._logged(mine.tenant, mine.tenant.owner, new)

    def _of_the_file(self, mine: Request) -> Request | None:
        """A code that a file brings goes to an activity that is there; or one that it names gets another."""
        operation, site = mine.operation, mine.tenant.model.sites[mine.operation.project]
        codes = {row.code for row in operation.values["rows"]}
        if not site.activities:
            return None
        code = self.luck.choice([*sorted(codes - site.codes().keys()), f"{site.code}-{self.luck.randrange(8)}"])
        node, project = self._activity(site), operation.project
        recode = Operation("recode", mine.tenant.owner, project=project, node=node, values={"code": code})
        return self._patch(mine.tenant, recode, {"cost_code": code})

    def _taking_away(self, mine: Request, kind: str) -> Request | None:
        """The days of a request's hours are closed, with force where something is in the way; or their operative or
        project takes no hours any more.
        """
        model, operation = mine.tenant.model, mine.operation
        rows = [*([operation.new] if operation.new else []), *operation.rows]
        rows += [model.entries[id] for id in (operation.entry, *operation.ids) if id in model.entries]
        rows += model.counted(operation.values["day"]).values() if operation.verb == "resolve" else ()
        if not rows:
            return None
        row = self.luck.choice(rows)
        if kind == "hand change":
            return self._hand_changed(mine.tenant, mine.tenant.owner, row.operative)
        if kind == "status":
            return self._status_of(mine.tenant, mine.tenant.owner, row.project)
        values = {"closed_to": row.date, "force": model.stands_in_the_way(row.project, row.date)}
        close = Operation("close", mine.tenant.owner, project=row.project, values=values)
        return Request(mine.tenant, close, "POST", f"/projects/{row.project}/periods/", dict(values), "")
