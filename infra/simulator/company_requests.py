"""Requests about the company itself: new operatives, users and projects, and what operatives do."""

from typing import Any

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant
from infra.simulator.roles import ROLES

TRADES = ("mason", "rigger")
WEEKS = ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4], [2, 3, 6, 7])  # Monday is 1
ZONES = {"UTC": ("UTC", "Asia/Tokyo"), "Europe/Berlin": ("Europe/Berlin", "Europe/London")}
"""Of projects: with the same nights, so that a shift by local time is as long in each."""
STATUSES = ("on_hold", "completed", "archived", "active")
FEW = 4  # codes and e-mails that new projects and users may have, so that they meet


class CompanyRequests(Drawing):
    """What clients ask of the company, its operatives, users and projects."""

    def _hire(self, tenant: Tenant, by: str) -> Request:
        trade = self.luck.choice(TRADES)
        operation = Operation("hire", by, values={"trade": trade})
        return Request(tenant, operation, "POST", "/operatives/", {"name": "New hand", "trade": trade}, "")

    def _retrain(self, tenant: Tenant, by: str) -> Request:
        hand, trade = self._hand(tenant), self.luck.choice(TRADES)
        operation = Operation("retrain", by, values={"operative": hand, "trade": trade})
        return Request(tenant, operation, "PATCH", f"/operatives/{hand}/", {"trade": trade}, "")

    def _some(self, values: dict[str, Any]) -> dict[str, Any]:
        """One of some fields, or all of them."""
        return values if self.luck.random() < 0.4 else dict([self.luck.choice(list(values.items()))])

    def _settings(self, tenant: Tenant, by: str) -> Request:
        body = self._some(
            {
                "name": f"Company {self.luck.randrange(9)}",
                "currency": self.luck.choice(("EUR", "GBP", "USD")),
                "timezone": self.luck.choice(("UTC", "Europe/Berlin", "Asia/Tokyo")),
                "auto_add_operatives": self.luck.random() < 0.7,
            }
        )
        return Request(tenant, Operation("settings", by, values=body), "PATCH", "/company/", dict(body), "")

    def _hand_changed(self, tenant: Tenant, by: str, hand: str) -> Request:
        """An operative gets another name, goes, or comes back."""
        body = self._some({"name": f"Hand {self.luck.randrange(9)}", "active": hand in tenant.model.idle})
        operation = Operation("hand", by, values={"operative": hand, **body})
        return Request(tenant, operation, "PATCH", f"/operatives/{hand}/", body, "")

    def _hand_change(self, tenant: Tenant, by: str) -> Request:
        model = tenant.model
        unclocked = [hand for hand in (model.spare, model.owner) if hand]
        return self._hand_changed(tenant, by, self.luck.choice([*model.idle, *tenant.hands, *unclocked]))

    def _status(self, tenant: Tenant, by: str) -> Request:
        stopped = [id for id, site in tenant.model.sites.items() if not site.takes_hours]
        return self._status_of(tenant, by, self.luck.choice([*stopped, *stopped, *tenant.model.sites]))

    def _status_of(self, tenant: Tenant, by: str, project: str) -> Request:
        """A project is put on hold or ended, or taken up again; or something else of it is changed."""
        open_again = not tenant.model.sites[project].takes_hours and self.luck.random() < 0.8
        status = self.luck.choice(("active", "on_hold") if open_again else STATUSES)
        body = self._some(
            {
                "name": f"Project {self.luck.randrange(9)}",
                "status": status,
                "working_days": self.luck.choice(WEEKS),
                "timezone": self.luck.choice(ZONES[tenant.zone]),
                "start_date": self.luck.choice(("2025-01-06", "2025-02-03")),
                "finish_date": self.luck.choice(("2028-11-30", "2028-12-29")),
            }
        )
        operation = Operation("status", by, project=project, values=body)
        return Request(tenant, operation, "PATCH", f"/projects/{project}/", dict(body), "")

    def _enlist(self, tenant: Tenant, by: str) -> Request:
        values = {"email": self._email(tenant), "role": self.luck.choice(ROLES[1:])}
        return Request(tenant, Operation("enlist", by, values=values), "POST", "/users/", {"name": "New", **values}, "")

    def _email(self, tenant: Tenant) -> str:
        return f"new{self.luck.randrange(FEW)}@{tenant.name.lower()}.example"

    def _mail(self, tenant: Tenant, by: str) -> Request:
        """Somebody gets another e-mail, mostly one who has a link or has set a password."""
        invited = [link.user for link in tenant.model.people.links if link.ended_at is None]
        return self._mail_of(tenant, by, self.luck.choice([*invited, *tenant.model.passwords, self._other(tenant, by)]))

    def _mail_of(self, tenant: Tenant, by: str, user: str) -> Request:
        values = {"user": user, "email": self._email(tenant)}
        body = {"email": values["email"]}
        return Request(tenant, Operation("mail", by, values=values), "PATCH", f"/users/{user}/", body, "")

    def _found(self, tenant: Tenant, by: str) -> Request:
        code = f"{tenant.name}-new-{self.luck.randrange(FEW)}"
        operation = Operation("found", by, values={"code": code})
        return Request(tenant, operation, "POST", "/projects/", {"code": code, "name": "New"}, "")
