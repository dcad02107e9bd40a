"""Requests about projects: plans, trees, measurements, baselines, holidays and closed days."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant, Workbook
from infra.simulator.site import LEVEL_OF_EFFORT, Site
from infra.simulator.tree_files import Row, row_of, text, workbook

RULES = ("percent", "units", "0/100", "50/50", "milestones", "milestones", LEVEL_OF_EFFORT)
MILESTONES = {"set out": Decimal("0.3"), "poured": Decimal("0.7")}
MOST_ACTIVITIES = 8  # of a project, so that what is deleted at once is few


class SiteRequests(Drawing):
    """What clients ask of projects."""

    def _close(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        date, force = self.luck.choice(self.days.work[:2]), self.luck.random() < 0.6
        if self.luck.random() < 0.7:
            force = tenant.model.stands_in_the_way(project, date)  # it is refused without, and needs none else
        values = {"closed_to": date, "force": force}
        operation = Operation("close", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/periods/", dict(values), "")

    def _open(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        operation = Operation("open", by, project=project)
        return Request(tenant, operation, "POST", f"/projects/{project}/periods/reopen/", {"reason": "so"}, "")

    def _of_activity(self, tenant: Tenant, by: str, verb: str, values: dict[str, Any], body: dict[str, Any]) -> Request:
        project, site = self._site(tenant)
        node = self._activity(site)
        operation = Operation(verb, by, project=project, node=node, values=values)
        return self._patch(tenant, operation, body)

    def _budget(self, tenant: Tenant, by: str) -> Request:
        budget = Decimal(self.luck.choice(("0", "33.37", "100", "250")))
        return self._of_activity(tenant, by, "budget", {"budget": budget}, {"budget_hours": float(budget)})

    def _dates(self, tenant: Tenant, by: str) -> Request:
        start, finish = sorted((self.luck.choice(self.days.plans), self.luck.choice(self.days.plans)))
        values = {"start": start, "finish": finish}
        return self._of_activity(tenant, by, "dates", values, {f"baseline_{name}": day for name, day in values.items()})

    def _rule(self, tenant: Tenant, by: str) -> Request:
        values: dict[str, Any] = {"rule": self.luck.choice(RULES)}
        body: dict[str, Any] = {"earning_rule": values["rule"]}
        if values["rule"] == "milestones":
            values["milestones"] = MILESTONES
            body["milestones"] = [{"name": name, "weight": float(weight)} for name, weight in MILESTONES.items()]
        return self._of_activity(tenant, by, "rule", values, body)

    def _node_rate(self, tenant: Tenant, by: str) -> Request:
        rate = self.luck.choice((None, Decimal("47.5")))
        body = {"planned_rate": None if rate is None else float(rate)}
        return self._of_activity(tenant, by, "node_rate", {"rate": rate}, body)

    def _move(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        nodes = [*site.activities, *self._trades(site)]
        if not nodes:
            return self._budget(tenant, by)
        node = self.luck.choice(nodes)
        level = len(site.above(node)) - 1
        parent = self.luck.choice(self._of_level(site, level))
        operation = Operation("move", by, project=project, node=node, values={"parent": parent})
        return self._patch(tenant, operation, {"parent": parent})

    @staticmethod
    def _of_level(site: Site, level: int) -> list[str]:
        return [id for id in site.nodes if len(site.above(id)) == level]

    def _trades(self, site: Site) -> list[str]:
        return self._of_level(site, 3)

    def _grow(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        trades = self._trades(site)
        if len(site.activities) >= MOST_ACTIVITIES or not trades:
            return self._cut(tenant, by)
        start, finish = sorted((self.luck.choice(self.days.plans), self.luck.choice(self.days.plans)))
        code = f"{site.code}-{self.luck.randrange(MOST_ACTIVITIES)}"
        budget = Decimal(self.luck.choice(("0", "80.5")))
        values = {"parent": self.luck.choice(trades), "code": code, "budget": budget, "start": start, "finish": finish}
        values["name"] = f"more {self.luck.getrandbits(40)}"
        body = {"name": values["name"], "parent": values["parent"], "cost_code": code}
        body |= {"budget_hours": float(budget), "baseline_start": start, "baseline_finish": finish}
        operation = Operation("grow", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/wbs/", body, "")

    def _import(self, tenant: Tenant, by: str) -> Request:
        """Some activities as they are, as they might be, and new ones, now and then with a row that is wrong.

        One that has failed is sent again.
        """
        if tenant.to_repeat and self.luck.random() < 0.6:
            again = tenant.to_repeat.pop()
            return self._file(tenant, by, again.project, list(again.values["rows"]))
        project, site = self._site(tenant)
        known = self.luck.sample(list(site.activities), self.luck.randrange(len(site.activities) + 1))
        rows = [self._changed(site, row_of(site, id)) for id in known]
        codes = [code for code in self._free_codes(site) if code not in {row.code for row in rows}]
        rows += [self._new_row(site, code) for code in codes[: self.luck.randrange(4)]]
        if not rows:
            return self._grow(tenant, by)
        if len(rows) > 1 and self.luck.random() < 0.4:
            self._names_change_hands(rows, site.codes())
        return self._file(tenant, by, project, rows, bad=self.luck.random() < 0.1)

    def _names_change_hands(self, rows: list[Row], known: Mapping[str, str]) -> None:
        """Two activities exchange their names, in one trade where two rows are in one, and often with a new one."""
        pairs = [(one, other) for one in range(len(rows)) for other in range(one)]
        in_one = [(one, other) for one, other in pairs if rows[one].path[:-1] == rows[other].path[:-1]]
        new = [(one, other) for one, other in in_one if (rows[one].code in known) != (rows[other].code in known)]
        one, other = self.luck.choice(new if new and self.luck.random() < 0.5 else in_one or pairs)
        names = rows[one].path[-1], rows[other].path[-1]
        for number, name in zip((other, one), names, strict=True):
            rows[number] = replace(rows[number], path=(*rows[number].path[:-1], name))

    def _file(self, tenant: Tenant, by: str, project: str, rows: list[Row], *, bad: bool = False) -> Request:
        """A file of CSV, or a workbook."""
        written = [*rows, replace(rows[0], path=("", *rows[0].path[1:]))] if bad else rows
        file: str = text(written)
        if self.luck.random() < 0.3:
            file = Workbook(file)
            file.content = workbook(written)
        operation = Operation("import", by, project=project, values={"rows": tuple(rows), "bad": bad})
        return Request(tenant, operation, "POST", f"/projects/{project}/wbs/import/", file, "")

    def _who_may_no_budgets(self, tenant: Tenant) -> str | None:
        """Somebody who may change a tree, and no budgets of it."""
        people = tenant.model.people
        found = [
            each
            for each in tenant.tokens
            if people.may_somewhere(each, "edit the WBS") and not people.may(each, "edit budgets")
        ]
        return self.luck.choice(found) if found else None

    def _changed(self, site: Site, row: Row) -> Row:
        """An activity with another budget or other dates, or in another place."""
        if self.luck.random() < 0.4:
            row = replace(row, budget=Decimal(self.luck.choice(("0", "33.33", "250"))))
        if self.luck.random() < 0.2:
            start, finish = sorted((self.luck.choice(self.days.plans), self.luck.choice(self.days.plans)))
            row = replace(row, start=start, finish=finish)
        if row.quantity is not None and self.luck.random() < 0.2:
            row = replace(row, quantity=Decimal(self.luck.choice(("60", "150"))))
        if self.luck.random() < 0.3:
            row = replace(row, path=(*self._trade_path(site), row.path[-1]))
        return row

    def _new_row(self, site: Site, code: str) -> Row:
        quantity = self.luck.choice((None, Decimal("80")))
        names = [site.names[id] for id in site.activities]
        name = self.luck.choice(names) if names and self.luck.random() < 0.1 else f"new {self.luck.getrandbits(40)}"
        return Row((*self._trade_path(site), name), code, Decimal(self.luck.choice(("0", "80.5"))), quantity)

    def _trade_path(self, site: Site) -> tuple[str, ...]:
        """The names down to a trade that is there, or to one that would be made, in an area that would be, too."""
        trades = [site.path(id) for id in self._trades(site)]
        top, area, trade = self.luck.choice(trades) if trades else ("ground", "area", "trade")
        if self.luck.random() < 0.3:
            trade = f"trade {self.luck.randrange(2)}"
            area = f"area {self.luck.randrange(2)}" if self.luck.random() < 0.5 else area
        return top, area, trade

    def _free_codes(self, site: Site) -> list[str]:
        """Codes that nobody has, while the project has room; also those of activities that have gone."""
        free = [code for number in range(MOST_ACTIVITIES) if (code := f"{site.code}-{number}") not in site.codes()]
        return free[: max(0, MOST_ACTIVITIES - len(site.activities))]

    def _recode(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        node, code = self._activity(site), f"{site.code}-{self.luck.randrange(MOST_ACTIVITIES)}"
        operation = Operation("recode", by, project=project, node=node, values={"code": code})
        return self._patch(tenant, operation, {"cost_code": code})

    def _rename(self, tenant: Tenant, by: str) -> Request:
        """An activity gets a new name, or one that another has or had, perhaps beside it."""
        project, site = self._site(tenant)
        node, known = self._activity(site), list(site.names.values())
        if node in site.activities and self.luck.random() < 0.6:
            known = sorted(site.siblings(site.activities[node].parent))
        name = self.luck.choice(known) if self.luck.random() < 0.7 else f"other {self.luck.getrandbits(40)}"
        operation = Operation("rename", by, project=project, node=node, values={"name": name})
        return self._patch(tenant, operation, {"name": name})

    def _cut(self, tenant: Tenant, by: str) -> Request:
        """Mostly what has no hours; now and then a trade, as long as another is left."""
        project, site = self._site(tenant)
        worked = {each.node for each in tenant.model.entries.values()}
        unused = [id for id in site.activities if id not in worked] if self.luck.random() < 0.7 else []
        nodes = unused or [*site.activities, *site.gone]  # what is gone is deleted again
        if self.luck.random() < 0.15 and len(self._trades(site)) > 1:
            nodes = self._trades(site)
        node = self.luck.choice(nodes)
        operation = Operation("cut", by, project=project, node=node)
        return Request(tenant, operation, "DELETE", f"/wbs/{node}/", {}, "")

    def _freeze(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        operation = Operation("freeze", by, project=project)
        return Request(tenant, operation, "POST", f"/projects/{project}/baselines/", {"name": "of now"}, "")

    def _measure(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        node = self._activity(site)
        date = self.luck.choice(self.days.work)
        in_steps = [id for id, each in site.activities.items() if each.milestones]
        node = self.luck.choice(in_steps) if in_steps and self.luck.random() < 0.4 else node
        activity = site.activities.get(node)
        value: Decimal | str
        if activity and self.luck.random() < (0.7 if activity.milestones else 0.02):
            name, field, value = "milestone", "milestone", self.luck.choice(list(MILESTONES))
        elif activity and activity.quantity:
            name, field, value = (
                "installed",
                "installed_quantity",
                Decimal(self.luck.choice(("0", "20", "47.5", "130"))),
            )
        else:
            name, field, value = "percent", "percent_complete", Decimal(self.luck.choice(("0", "0.3333", "0.5", "1")))
        operation = Operation("measure", by, project=project, node=node, values={"date": date, name: value})
        shown = value if name == "milestone" else float(value)
        return Request(tenant, operation, "POST", f"/wbs/{node}/progress/", {"date": date, field: shown}, "")

    def _measurement(self, site: Site) -> tuple[str, str] | None:
        """An activity and a measurement of it, if there are any; often one in days that are closed."""
        measured = [(node, id) for node, each in site.activities.items() for id in each.measured]
        closed = [(node, id) for node, id in measured if site.activities[node].measured[id].date <= site.closed_to]
        if closed and self.luck.random() < 0.4:
            return self.luck.choice(closed)
        return self.luck.choice(measured) if measured else None

    def _remeasure(self, tenant: Tenant, by: str) -> Request:
        """A measurement is corrected: another amount, or another date."""
        project, site = self._site(tenant)
        if (found := self._measurement(site)) is None:
            return self._measure(tenant, by)
        node, id = found
        values: dict[str, Any] = {"id": id}
        was = site.activities[node].measured[id]
        away = was.date <= site.closed_to and self.luck.random() < 0.5  # out of the closed days
        if away or was.milestone is not None or self.luck.random() < 0.3:
            values["date"] = self.luck.choice(self.days.work[2:] if away else self.days.work)
            body = {"date": values["date"]}
        elif was.percent is None:
            values["installed"] = Decimal(self.luck.choice(("0", "60", "110")))
            body = {"installed_quantity": float(values["installed"])}
        else:
            values["percent"] = Decimal(self.luck.choice(("0.25", "0.75")))
            body = {"percent_complete": float(values["percent"])}
        operation = Operation("remeasure", by, project=project, node=node, values=values)
        return Request(tenant, operation, "PATCH", f"/wbs/{node}/progress/{id}/", body, "")

    def _unmeasure(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        if (found := self._measurement(site)) is None:
            return self._measure(tenant, by)
        node, id = found
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
        rate = Decimal(self.luck.choice(("40", "52.5")))
        operation = Operation("project_rate", by, project=project, values={"rate": rate})
        return Request(tenant, operation, "PATCH", f"/projects/{project}/", {"planned_rate": float(rate)}, "")
