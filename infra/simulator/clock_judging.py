"""Judges hours that come of a clock: each shift once, of both its ends, and corrected while nobody has touched it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator.docket import Docket
from infra.simulator.effects import Wrong, versions, whole
from infra.simulator.facts import CLOCK, Effect, Operation
from infra.simulator.requests import Tenant


class ClockJudge(Docket):
    """Hours that no person has asked for."""

    def _clocked(self, entries: Sequence[tuple[str, Any, Any]], began: float) -> Tenant | None:
        """A clock's hours come or are corrected, by a device's own request or later, as nothing stands in the way."""
        tenant = None
        self._require_taken(entries, began)
        for id, before, after in entries:
            found = [each for each in self.punches.values() if id in each.tenant.model.entries]
            stray = self._stray(id, after)
            if stray is not None:
                tenant, date = stray
                self._of_stray(tenant, date, id, before, after)
            elif before is None and after is not None:
                tenant = self._punched(id, after)
            elif found and before is not None and after is not None:
                tenant = self._corrected(found[0].tenant, id, after)
            else:
                raise Wrong(f"hours are changed by nobody: {id}, from {before} to {after}")
        return tenant

    def _require_taken(self, entries: Sequence[tuple[str, Any, Any]], began: float) -> None:
        """A clock's hours come and change only where hours are taken, as far as a function knew that ``began`` then."""
        for id, before, after in entries:
            models = [each.model for each in self.tenants if after and after["project"]["S"] in each.model.sites]
            same = before is not None and after is not None and before["hours"] == after["hours"]
            if models and not same and models[0].idle_since(began, after["project"]["S"], after["operative"]["S"]):
                raise Wrong(f"{id} is written though its operative or project takes no hours: {after}")

    def _stray(self, id: str, after: Any) -> tuple[Tenant, str] | None:
        """The kept punch that hours are of: its company and date."""
        operative, date = (after["operative"]["S"], after["date"]["S"]) if after else ("", "")
        known = ((tenant, tenant.model.stray_of(id, operative, date)) for tenant in self.tenants)
        return next(((tenant, date) for tenant, date in known if date is not None), None)

    @staticmethod
    def _of_stray(tenant: Tenant, date: str, id: str, before: Any, after: Any) -> None:
        """Hours of a kept punch come or change with it, by a person's request or by themselves.

        Never in closed days, each punch once, and never what a person has approved or changed.
        """
        model = tenant.model
        stray, entry = model.strays[date], model.entries.get(id)
        hours, operative = (Decimal(after["hours"]["N"]), after["operative"]["S"]) if after else (None, None)
        if entry is not None and (hours, operative) == (entry.hours, entry.operative) and entry.status != "approved":
            entry.by_clock, entry.punch = entry.hours, entry.day  # what it says is what a person has made of it
            return
        wrong = stray.dismissed or date <= model.sites[stray.project].closed_for_good
        wrong |= (hours, operative) != (stray.hours, model.whose(stray))
        if before is None:
            wrong |= bool(stray.entry)
        else:
            wrong |= id != stray.entry or entry is None or entry.status == "approved" or entry.corrected_by_hand
        if wrong:
            raise Wrong(f"{id} is made of {stray}, and was {entry}: {after}")
        if before is None:
            model.apply(Operation("become", CLOCK, values={"date": date}), Effect(id))
        else:
            values = {"hours": hours, "hours by": stray.timed_by, "operative": operative}
            values["operative by"] = stray.assigned_by
            model.apply(Operation("correct", CLOCK, entry=id, values=values))

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
        if self.corrections[id] >= versions(told):
            raise Wrong(f"{id} is corrected again by what was told before: {told}")
        tenant.model.apply(Operation("correct", CLOCK, entry=id, values={"hours": hours}))
        return tenant
