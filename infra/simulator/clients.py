"""What clients try: requests drawn by luck, allowed or not, by everybody."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.simulator.days import Days, Shift
from infra.simulator.model import CLOCK, COUNTED, SOURCES, Entry, Model, Operation
from infra.simulator.roles import CREW, ROLES
from infra.simulator.site import Site

HOURS = ("2", "4.25", "8", "9.5")
LABOUR = {
    "create": 20,
    "approve": 20,
    "reject": 9,
    "reopen": 5,
    "edit": 8,
    "submit": 10,
    "delete": 3,
    "resolve": 7,
    "punch": 12,
    "sheet": 5,
    "approve many": 5,
    "reject many": 2,
}
PLANS = {
    "close": 2,
    "open": 2,
    "budget": 5,
    "dates": 4,
    "node rate": 2,
    "move": 4,
    "freeze": 1,
    "measure": 6,
    "unmeasure": 2,
    "holiday": 1,
    "workday": 1,
    "project rate": 1,
    "pay": 2,
    "role": 2,
    "active": 2,
    "join": 2,
    "leave": 1,
}
KINDS = LABOUR | PLANS
APPROVALS = frozenset({"approve", "approve many", "reject", "reopen", "resolve"})


@dataclass
class Tenant:
    """A company, and what is known of it."""

    id: str
    name: str
    secret: str
    zone: str
    owner: str = ""
    model: Model = field(default_factory=Model)
    tokens: dict[str, str] = field(default_factory=dict)  # user -> token
    hands: dict[str, str] = field(default_factory=dict)  # operative -> clock ID


@dataclass(eq=False)
class Request:
    """Something that a client wants done, until it knows the answer."""

    tenant: Tenant
    operation: Operation
    method: str
    path: str
    body: dict[str, Any] | None
    key: str
    began: float = 0.0
    allowed: list[set[str]] = field(default_factory=list)  # what was right to refuse, at each moment of the request
    free: bool = False  # there was a moment at which nothing soft stood against it
    done: bool = False
    work: str = ""  # the work that carries it out
    made: dict[str, str] = field(default_factory=dict)  # what the work did to which entries
    seen: list[Any] = field(default_factory=list)  # how an entry looked, at each moment of a read
    reasons: dict[str, set[str]] = field(default_factory=dict)  # entry of a review -> why it may be skipped
    answer: tuple[int, Any] | None = None  # the first that came whole


class Clients:
    """The clients of all companies."""

    def __init__(self, luck: random.Random, days: Days, without: frozenset[str]) -> None:
        self.luck, self.days = luck, days
        self.dates = days.work[: luck.choice((1, 2, 4))]  # the fewer, the more meet
        self.first = luck.randrange(9)
        self.many_hands = luck.random() < 0.5
        self.kinds = {kind: often for kind, often in KINDS.items() if kind not in without}

    def draw(self, tenant: Tenant) -> Request:
        """A new request."""
        kind = self.luck.choices(list(self.kinds), list(self.kinds.values()))[0]
        by = self.luck.choice(self._few(tenant) if self.luck.random() < 0.7 else list(tenant.tokens))
        if kind in APPROVALS and self.luck.random() < 0.5:
            by = self.luck.choice([user for user, role in tenant.model.people.roles.items() if role in CREW])
        if kind in PLANS and self.luck.random() < 0.6:
            by = tenant.owner  # most of these are for few people
        if kind != "punch" and kind in LABOUR and not tenant.model.entries:
            kind = "create"
        request: Request = getattr(self, f"_{kind.replace(' ', '_')}")(tenant, by)
        request.key = request.key or ("" if by == CLOCK or kind == "punch" else f"k{self.luck.getrandbits(60)}")
        return request

    def _few(self, tenant: Tenant) -> list[str]:
        """Three people who do most of it, others in each history."""
        users = list(tenant.tokens)
        return [users[(self.first + number) % len(users)] for number in range(3)]

    # labour

    def _entry(self, tenant: Tenant, verb: str = "") -> str:
        """Much happens to the newest, and mostly what their state allows."""
        entries = tenant.model.entries
        fit = [id for id, each in entries.items() if each.status in SOURCES.get(verb, COUNTED)]
        known = fit if fit and self.luck.random() < 0.7 else list(entries)
        return self.luck.choice(known[-self.luck.choice((2, 5, 100)) :])

    def _hand(self, tenant: Tenant) -> str:
        return self.luck.choice(list(tenant.hands)) if self.many_hands else next(iter(tenant.hands))

    def _hours(self, tenant: Tenant, by: str) -> Entry:
        project = self.luck.choice(list(tenant.model.sites))
        site = tenant.model.sites[project]
        code = self.luck.choice(list(site.codes()))
        activity = site.activities[site.codes()[code]]
        quantity = (
            Decimal(self.luck.choice(("-3", "5", "12.5"))) if activity.quantity and self.luck.random() < 0.5 else None
        )
        new = Entry(
            project,
            self._hand(tenant),
            self.luck.choice(self.dates),
            Decimal(self.luck.choice(HOURS)),
            code,
            by,
            quantity=quantity,
        )
        new.submitters = {by}
        new.changers = dict.fromkeys(
            ("hours", "date", "operative", *(("quantity",) if quantity is not None else ())), by
        )
        return new

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
        return Request(tenant, Operation("create", by, new=new), "POST", "/labour/", self._row(new), "")

    def _sheet(self, tenant: Tenant, by: str) -> Request:
        rows = tuple(self._hours(tenant, by) for _ in range(self.luck.randrange(1, 7)))
        body = {"entries": [self._row(row) for row in rows]}
        return Request(tenant, Operation("sheet", by, rows=rows), "POST", "/labour/bulk/", body, "")

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
        id = self._entry(tenant, verb)
        return Request(tenant, Operation(verb, by, entry=id), "POST", f"/labour/{id}/{verb}/", body, "")

    def _approve(self, tenant: Tenant, by: str) -> Request:
        request = self._step(tenant, by, "approve", {})
        entry = tenant.model.entries[request.operation.entry]
        if entry.code is None and self.luck.random() < 0.8:
            request.operation.code = self.luck.choice(list(tenant.model.sites[entry.project].codes()))
            request.body = {"cost_code": request.operation.code}
        return request

    def _reject(self, tenant: Tenant, by: str) -> Request:
        return self._step(tenant, by, "reject", {"reason": "so"})

    def _reopen(self, tenant: Tenant, by: str) -> Request:
        return self._step(tenant, by, "reopen", {"reason": "so"})

    def _submit(self, tenant: Tenant, by: str) -> Request:
        return self._step(tenant, by, "submit", {})

    def _edit(self, tenant: Tenant, by: str) -> Request:
        id, values = self._entry(tenant, "edit"), dict[str, Any]()
        if self.luck.random() < 0.7:
            values["hours"] = Decimal(self.luck.choice(("2.5", "4", "8", "11")))
        if not values or self.luck.random() < 0.3:
            values["date"] = self.luck.choice(self.days.work[:2])
        body = {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
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
        told = self.luck.choice(("both", "both", "in", "out"))
        longer = int(told == "both" and self.luck.random() < 0.2)
        shift = Shift(date, tenant.zone, *((7, 15 + longer) if tenant.zone == "UTC" else (22, 6 + longer)))
        project = next(iter(tenant.model.sites))
        new = Entry(project, hand, date, shift.hours, None, CLOCK, clocked=True)
        body = {"clock_id": tenant.hands[hand], "project_code": tenant.model.sites[project].code}
        body |= {} if told == "out" else {"clock_in": shift.times[0]}
        body |= {} if told == "in" else {"clock_out": shift.times[1]}
        operation = Operation("create", CLOCK, new=new, values={"told": told})
        return Request(tenant, operation, "POST", "/clock-events/ingest/", body, "")

    # projects

    def _site(self, tenant: Tenant) -> tuple[str, Site]:
        project = self.luck.choice(list(tenant.model.sites))
        return project, tenant.model.sites[project]

    def _close(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        values = {"closed_to": self.luck.choice(self.days.work[:2]), "force": self.luck.random() < 0.6}
        operation = Operation("close", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/periods/", dict(values), "")

    def _open(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        operation = Operation("open", by, project=project)
        return Request(tenant, operation, "POST", f"/projects/{project}/periods/reopen/", {"reason": "so"}, "")

    def _of_activity(self, tenant: Tenant, by: str, verb: str, values: dict[str, Any], body: dict[str, Any]) -> Request:
        project, site = self._site(tenant)
        node = self.luck.choice(list(site.activities))
        operation = Operation(verb, by, project=project, node=node, values=values)
        return Request(tenant, operation, "PATCH", f"/wbs/{node}/", body, "")

    def _budget(self, tenant: Tenant, by: str) -> Request:
        budget = Decimal(self.luck.choice(("0", "33.33", "100", "250")))
        return self._of_activity(tenant, by, "budget", {"budget": budget}, {"budget_hours": float(budget)})

    def _dates(self, tenant: Tenant, by: str) -> Request:
        start, finish = sorted((self.luck.choice(self.days.plans), self.luck.choice(self.days.plans)))
        values = {"start": start, "finish": finish}
        return self._of_activity(tenant, by, "dates", values, {f"baseline_{name}": day for name, day in values.items()})

    def _node_rate(self, tenant: Tenant, by: str) -> Request:
        rate = self.luck.choice((None, Decimal("47.5")))
        body = {"planned_rate": None if rate is None else float(rate)}
        return self._of_activity(tenant, by, "node_rate", {"rate": rate}, body)

    def _move(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        node = self.luck.choice([*site.activities, *(id for id in site.nodes if len(site.above(id)) == 3)])
        level = len(site.above(node)) - 1
        parent = self.luck.choice([id for id in site.nodes if len(site.above(id)) == level])
        operation = Operation("move", by, project=project, node=node, values={"parent": parent})
        return Request(tenant, operation, "PATCH", f"/wbs/{node}/", {"parent": parent}, "")

    def _freeze(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        operation = Operation("freeze", by, project=project)
        return Request(tenant, operation, "POST", f"/projects/{project}/baselines/", {"name": "of now"}, "")

    def _measure(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        node = self.luck.choice(list(site.activities))
        date = self.luck.choice(self.days.work)
        if site.activities[node].quantity:
            name, field, value = (
                "installed",
                "installed_quantity",
                Decimal(self.luck.choice(("0", "20", "47.5", "130"))),
            )
        else:
            name, field, value = "percent", "percent_complete", Decimal(self.luck.choice(("0", "0.3333", "0.5", "1")))
        operation = Operation("measure", by, project=project, node=node, values={"date": date, name: value})
        return Request(tenant, operation, "POST", f"/wbs/{node}/progress/", {"date": date, field: float(value)}, "")

    def _unmeasure(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        measured = [(node, id) for node, each in site.activities.items() for id in each.measured]
        if not measured:
            return self._measure(tenant, by)
        node, id = self.luck.choice(measured)
        operation = Operation("unmeasure", by, project=project, node=node, values={"id": id})
        return Request(tenant, operation, "DELETE", f"/wbs/{node}/progress/{id}/", {}, "")

    def _holiday(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        date = self.luck.choice(self.days.plans)
        operation = Operation("holiday", by, project=project, values={"date": date})
        return Request(tenant, operation, "POST", f"/projects/{project}/holidays/", {"date": date}, "")

    def _workday(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        date = self.luck.choice([*sorted(site.holidays), self.days.plans[0]])
        operation = Operation("workday", by, project=project, values={"date": date})
        return Request(tenant, operation, "DELETE", f"/projects/{project}/holidays/{date}/", {}, "")

    def _project_rate(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        rate = Decimal(self.luck.choice(("40", "52.25")))
        operation = Operation("project_rate", by, project=project, values={"rate": rate})
        return Request(tenant, operation, "PATCH", f"/projects/{project}/", {"planned_rate": float(rate)}, "")

    # people

    def _pay(self, tenant: Tenant, by: str) -> Request:
        hand, rate = self.luck.choice(list(tenant.hands)), Decimal(self.luck.choice(("31.5", "38", "44.25")))
        since = self.luck.choice(("", *self.days.work))
        operation = Operation("pay", by, values={"operative": hand, "from": since, "rate": rate})
        body = {"valid_from": since or None, "hourly_rate": float(rate)}
        return Request(tenant, operation, "POST", f"/operatives/{hand}/rates/", body, "")

    def _other(self, tenant: Tenant, by: str) -> str:
        return self.luck.choice([user for user in tenant.tokens if user not in (by, tenant.owner)])

    def _role(self, tenant: Tenant, by: str) -> Request:
        user, role = self._other(tenant, by), self.luck.choice(ROLES)
        operation = Operation("role", by, values={"user": user, "role": role})
        return Request(tenant, operation, "PATCH", f"/users/{user}/", {"role": role}, "")

    def _active(self, tenant: Tenant, by: str) -> Request:
        inactive = tenant.model.people.inactive
        user = self.luck.choice(sorted(inactive)) if inactive else self._other(tenant, by)
        operation = Operation("active", by, values={"user": user, "active": user in inactive})
        return Request(tenant, operation, "PATCH", f"/users/{user}/", {"active": user in inactive}, "")

    def _join(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        values = {"user": self._other(tenant, by), "role": self.luck.choice(ROLES[1:])}
        operation = Operation("join", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/memberships/", dict(values), "")

    def _leave(self, tenant: Tenant, by: str) -> Request:
        members = sorted(tenant.model.people.memberships)
        if not members:
            return self._join(tenant, by)
        project, user = self.luck.choice(members)
        operation = Operation("leave", by, project=project, values={"user": user})
        return Request(tenant, operation, "DELETE", f"/projects/{project}/memberships/{user}/", {}, "")
