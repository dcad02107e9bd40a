"""Requests about projects: plans, trees, measurements, baselines, holidays and closed days."""

from decimal import Decimal
from typing import Any

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant


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
