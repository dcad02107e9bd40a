"""Requests about one-time links, and what a person does with one."""

from infra.simulator.facts import NOBODY, Operation
from infra.simulator.requests import Drawing, Fields, Request, Tenant


class LinkRequests(Drawing):
    """People are invited, or invited again, and use what they have got."""

    def _invite(self, tenant: Tenant, by: str) -> Request:
        """Half of the time somebody who has forgotten a password."""
        known = list(tenant.model.passwords) if self.luck.random() < 0.5 else []
        return self._invite_user(tenant, by, self.luck.choice(known or list(tenant.tokens)))

    def _invite_user(self, tenant: Tenant, by: str, user: str) -> Request:
        operation = Operation("invite", by, values={"user": user})
        return Request(tenant, operation, "POST", f"/users/{user}/invite/", {}, "")

    def _use_link(self, tenant: Tenant, by: str) -> Request:
        """One of the newest that are known, whether it works or not."""
        if not tenant.links:
            return self._invite(tenant, by)
        return self._use_of(tenant, self.luck.choice(sorted(tenant.links)[-3:]))

    def _use_of(self, tenant: Tenant, link: int) -> Request:
        values = {"link": link, "password": f"a long password {self.luck.randrange(10**9)}"}
        fields = Fields(password=values["password"])
        return Request(tenant, Operation("use", NOBODY, values=values), "POST", tenant.links[link], fields, "")
