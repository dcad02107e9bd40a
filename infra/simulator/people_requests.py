"""Requests about people: rates, roles, memberships, and whether they may sign in."""

from decimal import Decimal

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant
from infra.simulator.roles import ROLES, Link, Token


class PeopleRequests(Drawing):
    """What clients ask of people."""

    def _pay(self, tenant: Tenant, by: str) -> Request:
        hand, rate = self.luck.choice(list(tenant.hands)), Decimal(self.luck.choice(("31.5", "38", "44.25")))
        since = self.luck.choice(("", *self.days.work))
        operation = Operation("pay", by, values={"operative": hand, "from": since, "rate": rate})
        body = {"valid_from": since or None, "hourly_rate": float(rate)}
        return Request(tenant, operation, "POST", f"/operatives/{hand}/rates/", body, "")

    def _role(self, tenant: Tenant, by: str) -> Request:
        user, role = self._standing(tenant) or self._other(tenant, by), self.luck.choice(ROLES)
        operation = Operation("role", by, values={"user": user, "role": role})
        return Request(tenant, operation, "PATCH", f"/users/{user}/", {"role": role}, "")

    def _active(self, tenant: Tenant, by: str) -> Request:
        inactive = tenant.model.people.inactive
        user = self._standing(tenant) or self._other(tenant, by)
        if inactive:
            user = self.luck.choice(sorted(inactive))
        operation = Operation("active", by, values={"user": user, "active": user in inactive})
        return Request(tenant, operation, "PATCH", f"/users/{user}/", {"active": user in inactive}, "")

    def _join(self, tenant: Tenant, by: str) -> Request:
        project, _ = self._site(tenant)
        values = {"user": self._other(tenant, by), "role": self.luck.choice(ROLES[1:])}
        operation = Operation("join", by, project=project, values=values)
        return Request(tenant, operation, "POST", f"/projects/{project}/memberships/", dict(values), "")

    def _rejoin(self, tenant: Tenant, by: str) -> Request:
        members = sorted(tenant.model.people.memberships)
        if not members:
            return self._join(tenant, by)
        project, user = self.luck.choice(members)
        values = {"user": user, "role": self.luck.choice(ROLES[1:])}
        operation = Operation("rejoin", by, project=project, values=values)
        path, body = f"/projects/{project}/memberships/{user}/", {"role": values["role"]}
        return Request(tenant, operation, "PATCH", path, body, "")

    def _leave(self, tenant: Tenant, by: str) -> Request:
        members = sorted(tenant.model.people.memberships)
        if not members:
            return self._join(tenant, by)
        project, user = self.luck.choice(members)
        operation = Operation("leave", by, project=project, values={"user": user})
        return Request(tenant, operation, "DELETE", f"/projects/{project}/memberships/{user}/", {}, "")

    def _token(self, tenant: Tenant, by: str) -> Request:
        user = by if self.luck.random() < 0.3 else self.luck.choice(list(tenant.tokens))
        operation = Operation("token", by, values={"user": user})
        return Request(tenant, operation, "POST", "/tokens/", {"label": "another", "user": user}, "")

    def _maker(self, tenant: Tenant) -> str:
        """Often somebody who may make tokens and can lose that right, which the owner never does."""
        able = [user for user in tenant.model.people.roles if tenant.model.people.may(user, "manage tokens")]
        able.remove(tenant.owner)
        return self.luck.choice(able) if able and self.luck.random() < 0.5 else ""

    def _standing(self, tenant: Tenant) -> str:
        """Now and then somebody behind a token or a link that is not over."""
        people = tenant.model.people
        made: list[Token | Link] = [*people.tokens.values(), *people.links]
        behind = {user for each in made if each.ended_at is None for user in each.behind} - {tenant.owner}
        return self.luck.choice(sorted(behind)) if behind and self.luck.random() < 0.4 else ""

    def _revoke(self, tenant: Tenant, by: str) -> Request:
        if not tenant.model.people.tokens or len(tenant.model.people.tokens) < 2:
            return self._token(tenant, by)
        token = self.luck.choice(list(tenant.model.people.tokens))
        operation = Operation("revoke", by, values={"token": token})
        return Request(tenant, operation, "DELETE", f"/tokens/{token}/", {}, "")

    def _cap(self, tenant: Tenant, by: str) -> Request:
        cap = Decimal(self.luck.choice(("12", "16", "20")))
        return Request(
            tenant, Operation("cap", by, values={"cap": cap}), "PATCH", "/company/", {"daily_cap_hours": float(cap)}, ""
        )
