"""Requests about hours: logged, handed in, approved, settled, and punched by a clock."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator.facts import CLOCK, Entry, Hand, Operation
from infra.simulator.requests import Drawing, Request, Tenant

HOURS = ("2", "4.25", "8", "9.5")


class HoursRequests(Drawing):
    """What clients ask of hours and clashes."""

    def _hours(self, tenant: Tenant, by: str) -> Entry:
        project = self.luck.choice(list(tenant.model.sites))
        site = tenant.model.sites[project]
        code = self._code(site)
        quantity = Decimal(self.luck.choice(("-3", "5", "12.5"))) if self.luck.random() < 0.3 else None
        return Entry(
            project,
            self._hand(tenant),
            self.luck.choice(self.dates),
            Decimal(self.luck.choice(HOURS)),
            code,
            by,
            quantity=quantity,
        )

    @staticmethod
    def _row(new: Entry) -> dict[str, Any]:
        row = {
            "project": new.project,
            "operative": new.operative,
            "date": new.date,
            "hours": float(new.hours),
            "cost_code": new.code,
        }
        return row | ({} if new.quantity is None else {"quantity": float(new.quantity)})

    def _create(self, tenant: Tenant, by: str) -> Request:
        new = self._hours(tenant, by)
        if self.luck.random() < 0.15:
            new.status, new.submitter = "draft", ""
        return self._logged(tenant, by, new)

    def _logged(self, tenant: Tenant, by: str, new: Entry) -> Request:
        body = self._row(new) | ({"status": "draft"} if new.status == "draft" else {})
        return Request(tenant, Operation("create", by, new=new), "POST", "/labour/", body, "")

    def _sheet(self, tenant: Tenant, by: str) -> Request:
        rows = tuple(self._hours(tenant, by) for _ in range(self.luck.randrange(1, 7)))
        body = {"entries": [self._row(row) for row in rows]}
        return Request(tenant, Operation("sheet", by, rows=rows), "POST", "/labour/bulk/", body, "")

    def _hours_file(self, tenant: Tenant, by: str) -> Request:
        """A crew sheet as CSV; operatives by their ids or clock IDs, projects by their codes."""
        rows = tuple(replace(self._hours(tenant, by), imported=True) for _ in range(self.luck.randrange(1, 7)))
        file = io.StringIO()
        lines = csv.writer(file)
        lines.writerow(("operative", "date", "project", "cost_code", "hours", "quantity"))
        for row in rows:
            who = row.operative if self.luck.random() < 0.5 else tenant.hands[row.operative]
            code, quantity = tenant.model.sites[row.project].code, "" if row.quantity is None else row.quantity
            lines.writerow((who, row.date, code, row.code, row.hours, quantity))
        return Request(tenant, Operation("sheet", by, rows=rows), "POST", "/labour/import/", file.getvalue(), "")

    def _many(self, tenant: Tenant) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._entry(tenant) for _ in range(self.luck.randrange(1, 8))))

    def _approve_many(self, tenant: Tenant, by: str) -> Request:
        ids = self._many(tenant)
        operation = Operation("review", by, ids=ids, values={"step": "approve"})
        return Request(tenant, operation, "POST", "/labour/bulk-approve/", {"ids": list(ids)}, "")

    def _reject_many(self, tenant: Tenant, by: str) -> Request:
        ids = self._many(tenant)
        operation = Operation("review", by, ids=ids, values={"step": "reject"})
        return Request(tenant, operation, "POST", "/labour/bulk-reject/", {"ids": list(ids), "reason": "so"}, "")

    def _step(self, tenant: Tenant, by: str, verb: str, body: dict[str, Any]) -> Request:
        return self._step_of(tenant, by, verb, self._entry(tenant, verb), body)

    @staticmethod
    def _step_of(tenant: Tenant, by: str, verb: str, id: str, body: dict[str, Any]) -> Request:
        return Request(tenant, Operation(verb, by, entry=id), "POST", f"/labour/{id}/{verb}/", body, "")

    def _approve(self, tenant: Tenant, by: str) -> Request:
        """Often by somebody whom nothing but four eyes keeps from it."""
        kept = self._kept_by_four_eyes(tenant) if self.luck.random() < 0.35 else []
        if kept:
            id, user = self.luck.choice(self.luck.choice(kept))
            request = self._step_of(tenant, user, "approve", id, {})
        else:
            request = self._step(tenant, by, "approve", {})
        entry = tenant.model.entries[request.operation.entry]
        if self.luck.random() < (0.8 if entry.node is None else 0.1):
            request.operation.code = self._code(tenant.model.sites[entry.project])
            request.body = {"cost_code": request.operation.code}
        return request

    def _kept_by_four_eyes(self, tenant: Tenant) -> list[list[tuple[str, str]]]:
        """Hours and those whom nothing but four eyes keeps from approving them: who has handed them in and changed
        nothing, who has changed them, who stands behind one of these.
        """
        handed, changed, behind = list[tuple[str, str]](), list[tuple[str, str]](), list[tuple[str, str]]()
        for id, entry in tenant.model.entries_of("submitted").items():
            hands = [*entry.changers.values(), *sorted(entry.submitters, key=repr)]
            only = _only_handed_in(entry)
            earlier = [hand for hand in only if hand.user != entry.submitter]
            handed += [(id, hand.user) for hand in earlier or only]
            changed += [(id, hand.user) for hand in entry.changers.values()]
            behind += [(id, user) for hand in hands for user in sorted(hand.behind)]
        ways = ([each for each in way if self._own_alone(tenant, *each)] for way in (handed, changed, behind))
        return [way for way in ways if way]

    def _own_alone(self, tenant: Tenant, id: str, user: str) -> bool:
        """Whether nothing stands against an approval but that the hours count as the user's own."""
        entry = tenant.model.entries[id]
        code = None if entry.node else self._code(tenant.model.sites[entry.project])
        why = tenant.model.refusals(Operation("approve", user, entry=id, code=code))
        return why.hard == {"own_entry"} and not why.soft

    def _reject(self, tenant: Tenant, by: str) -> Request:
        """Often hours that somebody has handed in and not changed: perhaps another hands them in next."""
        handed = [id for id, each in tenant.model.entries_of("submitted").items() if _only_handed_in(each)]
        if handed and self.luck.random() < 0.5:
            return self._step_of(tenant, by, "reject", self.luck.choice(handed), {"reason": "so"})
        return self._step(tenant, by, "reject", {"reason": "so"})

    def _reopen(self, tenant: Tenant, by: str) -> Request:
        return self._step(tenant, by, "reopen", {"reason": "so"})

    def _submit(self, tenant: Tenant, by: str) -> Request:
        """Often a clock's hours that somebody has rejected, once more where others have handed them in before."""
        rejected = tenant.model.entries_of("rejected")
        again = [id for id, each in rejected.items() if _only_handed_in(each)]
        often = again or [id for id, each in rejected.items() if each.clocked]
        if often and self.luck.random() < 0.6:
            return self._step_of(tenant, by, "submit", self.luck.choice(often), {})
        return self._step(tenant, by, "submit", {})

    def _edit(self, tenant: Tenant, by: str) -> Request:
        id, values = self._entry(tenant, "edit"), dict[str, Any]()
        kept = [each for known in tenant.model.resolved.values() for each in known if each in tenant.model.entries]
        if kept and self.luck.random() < 0.3:
            id = self.luck.choice(kept)  # a resolution covers it, as long as it stays as it is
        if self.luck.random() < 0.7:
            values["hours"] = Decimal(self.luck.choice(("2.5", "4", "8", "11")))
        if not values or self.luck.random() < 0.3:
            values["date"] = self.luck.choice(self.days.work[:2])
        if self.luck.random() < 0.2:
            values["quantity"] = Decimal(self.luck.choice(("2", "7.5")))
        if self.luck.random() < 0.15:
            values["operative"] = self._hand(tenant)
        if self.luck.random() < 0.2:
            values["code"] = self._code(tenant.model.sites[tenant.model.entries[id].project])
        body = {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
        if "code" in body:
            body["cost_code"] = body.pop("code")
        return Request(tenant, Operation("edit", by, entry=id, values=values), "PATCH", f"/labour/{id}/", body, "")

    def _delete(self, tenant: Tenant, by: str) -> Request:
        id = self._entry(tenant, "delete")
        return Request(tenant, Operation("delete", by, entry=id), "DELETE", f"/labour/{id}/", {}, "")

    def _resolve(self, tenant: Tenant, by: str) -> Request:
        entry = tenant.model.entries[self._entry(tenant)]
        held = [each for each in tenant.model.entries.values() if tenant.model.held(each.day)]
        if held and self.luck.random() < 0.7:
            entry = self.luck.choice(held)
        day = tenant.model.counted(entry.day)
        keep = tuple(sorted(each for each in day if self.luck.random() < 0.7))
        body = {"keep": list(keep), "reject_rest": True, "note": "asked"}
        clash = f"{entry.operative}{entry.date.replace('-', '')}"
        operation = Operation("resolve", by, keep=keep, values={"day": entry.day})
        return Request(tenant, operation, "POST", f"/clashes/{clash}/resolve/", body, "")

    def _punch(self, tenant: Tenant, by: str) -> Request:
        """A shift of a hand: the same one again and again, its two ends apart, or with another end than before."""
        hand, date = self._hand(tenant), self.luck.choice(self.dates[:2])
        return self._shift(tenant, hand, date, self.luck.choice(("both", "both", "in", "out")))

    def _shift(self, tenant: Tenant, hand: str, date: str, told: str) -> Request:
        shift = self._whole_shift(tenant, date, int(told == "both" and self.luck.random() < 0.2))
        project = next(iter(tenant.model.sites))
        new = Entry(project, hand, date, shift.hours, None, CLOCK, clocked=True)
        body = {"clock_id": tenant.hands[hand], "project_code": tenant.model.sites[project].code}
        body |= {} if told == "out" else {"clock_in": shift.times[0]}
        body |= {} if told == "in" else {"clock_out": shift.times[1]}
        operation = Operation("create", CLOCK, new=new, values={"told": told})
        return Request(tenant, operation, "POST", "/clock-events/ingest/", body, "")


def _only_handed_in(entry: Entry) -> list[Hand]:
    """Who has handed hours in, and is not the last to have changed anything of them."""
    changers = {hand.user for hand in entry.changers.values()}
    return sorted((hand for hand in entry.submitters if hand.user not in changers), key=repr)
