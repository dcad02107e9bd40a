"""Requests about the ingest secret, and which of them a device sends."""

from dataclasses import replace

from infra.simulator.facts import Operation
from infra.simulator.requests import Drawing, Request, Tenant

OVERLAPS = (None, 0, 30, 600, 100_000)  # seconds; None leaves it out


class DeviceRequests(Drawing):
    """What people ask of the secret, and what devices have of it."""

    overlaps: tuple[int | None, ...] = OVERLAPS

    def _rotate(self, tenant: Tenant, by: str) -> Request:
        overlap = self.luck.choice(self.overlaps)
        body = {} if overlap is None else {"overlap_seconds": overlap}
        operation = Operation("rotate", by, values={"overlap": overlap})
        return Request(tenant, operation, "POST", "/integrations/ingest-secret/", body, "")

    def take_secret(self, request: Request) -> None:
        """A device has the newest that is known, or still one of before; perhaps it takes another the next time."""
        known = sorted(request.tenant.secrets)
        number = known[-1] if len(known) == 1 or self.luck.random() < 0.6 else self.luck.choice(known[-3:])
        request.operation = replace(request.operation, secret=number)
