"""Requests about punches of a clock ID that nobody has."""

from typing import Any

from infra.simulator.facts import CLOCK, Operation, Stray
from infra.simulator.requests import Drawing, Request, Tenant


class StrayRequests(Drawing):
    """What a device tells of somebody unknown, and what people say of that."""

    def _stray(self, tenant: Tenant, by: str) -> Request:
        """A whole shift, again and again; its hours are the same each time."""
        date = self.luck.choice(self.days.work[:3])
        shift = self._whole_shift(tenant, date)
        project = next(iter(tenant.model.sites))
        tenant.model.strays.setdefault(date, Stray(project, shift.hours))
        body = {"clock_id": tenant.unknown, "project_code": tenant.model.sites[project].code}
        body |= {"clock_in": shift.times[0], "clock_out": shift.times[1]}
        operation = Operation("stray", CLOCK, values={"date": date})
        return Request(tenant, operation, "POST", "/clock-events/ingest/", body, "")

    def _settle(self, tenant: Tenant, by: str) -> Request:
        known = [date for date, each in tenant.model.strays.items() if each.event]
        if not known:
            return self._stray(tenant, by)
        date, action = self.luck.choice(known), self.luck.choice(("assign", "fix", "fix", "dismiss"))
        model = tenant.model
        waiting = [date for date in known if model.strays[date].entry in model.entries_of("submitted")]
        if waiting and self.luck.random() < 0.6:  # its hours follow
            made_for_it = model.owner not in ("", model.spare)
            date, action = self.luck.choice(waiting), "assign" if made_for_it and self.luck.random() < 0.6 else "fix"
        operation = Operation("settle", by, values={"date": date, "action": action})
        body: dict[str, Any] = {"operative": model.spare} if action == "assign" else {"reason": "so"}
        if action == "fix" and self.luck.random() < 0.6:
            operation.values["pause"] = body["break_minutes"] = self.luck.choice((0, 30, 45))
        elif action == "fix":
            shift = self._whole_shift(tenant, date, self.luck.choice((0, 1)))
            operation.values["shift"], body["clock_out"] = shift.hours, shift.times[1]
        path = f"/clock-events/{model.strays[date].event}/{action}/"
        return Request(tenant, operation, "POST", path, body, "")

    def _adopt(self, tenant: Tenant, by: str) -> Request:
        """The operative gets the clock ID: what was kept becomes their hours by itself."""
        body = {"external_clock_id": tenant.unknown}
        return Request(tenant, Operation("adopt", by), "PATCH", f"/operatives/{tenant.model.spare}/", body, "")
