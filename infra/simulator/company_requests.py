"""Requests about the company itself: new operatives, users and projects, and what operatives do."""

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant
from infra.simulator.roles import ROLES

TRADES = ("mason", "rigger")
FEW = 4  # codes and e-mails that new projects and users may have, so that they meet


class CompanyRequests(Drawing):
    """What clients ask of the company."""

    def _hire(self, tenant: Tenant, by: str) -> Request:
        trade = self.luck.choice(TRADES)
        operation = Operation("hire", by, values={"trade": trade})
        return Request(tenant, operation, "POST", "/operatives/", {"name": "New hand", "trade": trade}, "")

    def _retrain(self, tenant: Tenant, by: str) -> Request:
        hand, trade = self._hand(tenant), self.luck.choice(TRADES)
        operation = Operation("retrain", by, values={"operative": hand, "trade": trade})
        return Request(tenant, operation, "PATCH", f"/operatives/{hand}/", {"trade": trade}, "")

    def _enlist(self, tenant: Tenant, by: str) -> Request:
        email = f"new{self.luck.randrange(FEW)}@{tenant.name.lower()}.example"
        values = {"email": email, "role": self.luck.choice(ROLES[1:])}
        return Request(tenant, Operation("enlist", by, values=values), "POST", "/users/", {"name": "New", **values}, "")

    def _found(self, tenant: Tenant, by: str) -> Request:
        code = f"{tenant.name}-new-{self.luck.randrange(FEW)}"
        operation = Operation("found", by, values={"code": code})
        return Request(tenant, operation, "POST", "/projects/", {"code": code, "name": "New"}, "")
