"""What a judge remembers of a history: who waits for an answer, which work has begun, what clocks have told."""

from collections.abc import Callable
from decimal import Decimal

from infra.simulator.requests import Request, Tenant


class Docket:
    """Requests, works and punches that are not settled yet."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.tenants: list[Tenant] = []
        self.open: list[Request] = []  # whose client waits for an answer
        self.works: dict[str, Request] = {}
        self.jobs: dict[str, Request] = {}  # those that were answered with a job
        self.punches: dict[tuple[str, str], Request] = {}  # operative and date -> a punch of them
        self.told: dict[tuple[str, str], dict[str, Decimal]] = {}  # of these: what was told in all -> the hours
        self.kept: dict[tuple[str, str], set[str]] = {}  # and what of it was answered: it is not to be lost
        self.stopped: set[tuple[str, str]] = set()  # those that waited, perhaps, as no hours were taken of them
        self.corrections: dict[str, int] = {}
        self.made_at: dict[str, float] = {}  # entry -> when it was last written
