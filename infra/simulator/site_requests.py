"""Requests about projects: plans, trees, measurements, baselines, holidays and closed days."""

from decimal import Decimal
from typing import Any

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant
from infra.simulator.site import Site

MOST_ACTIVITIES = 8  # of a project, so that what is deleted at once is few


class SiteRequests(Drawing):
    """What clients ask of projects."""

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
        node = self._activity(site)
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
        nodes = [*site.activities, *self._trades(site)]
        if not nodes:
            return self._budget(tenant, by)
        node = self.luck.choice(nodes)
        level = len(site.above(node)) - 1
        parent = self.luck.choice(self._of_level(site, level))
        operation = Operation("move", by, project=project, node=node, values={"parent": parent})
        return Request(tenant, operation, "PATCH", f"/wbs/{node}/", {"parent": parent}, "")

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
        body = {"name": f"more {self.luck.getrandbits(40)}", "parent": values["parent"], "cost_code": code}
        body |= {"budget_hours": float(budget), "baseline_start": start, "baseline_finish": finish}
        operation = Operation("grow", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/wbs/", body, "")

    def _recode(self, tenant: Tenant, by: str) -> Request:
        project, site = self._site(tenant)
        node, code = self._activity(site), f"{site.code}-{self.luck.randrange(MOST_ACTIVITIES)}"
        operation = Operation("recode", by, project=project, node=node, values={"code": code})
        return Request(tenant, operation, "PATCH", f"/wbs/{node}/", {"cost_code": code}, "")

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
        if node in site.activities and site.activities[node].quantity:
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
