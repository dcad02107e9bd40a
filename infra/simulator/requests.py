"""A company as its clients know it, a request of one of them, and what all who draw requests share."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from infra.simulator.days import Days, Shift
from infra.simulator.facts import COUNTED, SOURCES, Operation
from infra.simulator.model import Model
from infra.simulator.site import Site
from infra.simulator.trees import Staged

PAGES = ("/login/", "/logout/", "/password/")
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}  # what a browser says of a form of ours
PAGES_SAY = {401: "not_authenticated", 404: "not_found"}


class Fields(dict[str, Any]):
    """What a form sends."""


class Workbook(str):
    """A file of CSV that is sent as XLSX, in the same bytes each time."""

    content: bytes


@dataclass
class Tenant:
    """A company, and what is known of it."""

    id: str
    name: str
    secrets: dict[int, str]  # of devices, by the number that the model gives to each: those that are known
    zone: str
    owner: str = ""
    model: Model = field(default_factory=Model)
    tokens: dict[str, str] = field(default_factory=dict)  # user -> token
    made: dict[str, str] = field(default_factory=dict)  # id of a token that was made in the history -> token
    links: dict[int, str] = field(default_factory=dict)  # paths of the one-time links that are known, by their number
    emails: dict[str, str] = field(default_factory=dict)  # of users
    unknown: str = ""  # a clock ID that no operative has
    hands: dict[str, str] = field(default_factory=dict)  # operative -> clock ID
    to_repeat: list[Operation] = field(default_factory=list)  # imports that have failed


@dataclass(eq=False)
class Request:
    """Something that a client wants done, until it knows the answer."""

    tenant: Tenant
    operation: Operation
    method: str
    path: str
    body: dict[str, Any] | str | None  # text is a file
    key: str
    began: float = 0.0
    allowed: list[set[str]] = field(default_factory=list)  # what was right to refuse, at each moment of the request
    let_in: bool = False  # of a device: there was a moment of its last sending at which its secret worked
    free: bool = False  # there was a moment at which nothing soft stood against it
    done: bool = False
    work: str = ""  # the work that carries it out
    made: dict[str, str] = field(default_factory=dict)  # what the work did to which entries
    seen: list[Any] = field(default_factory=list)  # how an entry looked, at each moment of a read
    nodes: set[tuple[str, str]] = field(default_factory=set)  # codes that it names and their activities, at any moment
    reasons: dict[str, set[str]] = field(default_factory=dict)  # entry of a review -> why it may be skipped
    staged: Staged = field(default_factory=Staged)  # of a large change of a tree, until it is to be seen
    announced: bool = False  # it is a large change of a tree, which is seen at its flip
    accepted: float = 0.0  # when its work was begun
    failed: bool = False  # its work could not be
    answer: tuple[int, Any] | None = None  # the first that came whole
    sent: float = 0.0  # for the last time

    def __str__(self) -> str:
        by = self.operation.by
        role = self.tenant.model.people.roles.get(by)
        body = "" if self.body is None else f" {self.body}".replace("\n", " | ")
        return f"{self.method} {self.path}{body} by {role + ' ' if role else ''}{by}"

    @property
    def token(self) -> str:
        """With what it is sent."""
        operation = self.operation
        return self.tenant.made[operation.token] if operation.token else self.tenant.tokens[operation.by]

    @property
    def secret(self) -> str:
        """With what a device sends it."""
        return self.tenant.secrets[self.operation.secret]


def nodes_of(rows: Iterable[dict[str, Any]]) -> set[tuple[str, str | None, str, str | None]]:
    """A list of nodes as a project has them in the model."""
    return {(row["id"], row["parent"], row["name"], row["cost_code"]) for row in rows}


def address(path: str) -> str:
    """Where a path is: pages are beside the API."""
    return path if path.startswith(PAGES) else f"/api/v1{path}"


def said(status: int, body: bytes) -> Any:
    """What an answer says: of a page, what its status means."""
    if body.startswith(b"<"):
        return {"code": PAGES_SAY.get(status)}
    return json.loads(body, parse_float=Decimal) if body else None


def encoded(body: Any) -> tuple[str, bytes]:
    """The media type of a body, and its bytes: text is a file, fields are a form's, all else is JSON."""
    if isinstance(body, Fields):
        return "application/x-www-form-urlencoded", urlencode(body).encode()
    if isinstance(body, Workbook):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body.content
    if isinstance(body, str):
        return "text/csv", body.encode()
    return "application/json", b"" if body is None else json.dumps(body).encode()


class Drawing:
    """Draws parts of requests by luck."""

    def __init__(self, luck: random.Random, days: Days) -> None:
        self.luck, self.days = luck, days
        self.dates = days.work[: luck.choice((1, 2, 4))]  # the fewer, the more meet
        self.first = luck.randrange(9)
        self.many_hands = luck.random() < 0.5
        self.narrow = luck.random() < 0.4  # most of it happens to the same hours

    def _few(self, tenant: Tenant) -> list[str]:
        """Three people who do most of it, others in each history."""
        users = list(tenant.tokens)
        return [users[(self.first + number) % len(users)] for number in range(3)]

    def _entry(self, tenant: Tenant, verb: str = "") -> str:
        """Much happens to the newest, and mostly what their state allows."""
        entries = tenant.model.entries
        fit = [id for id, each in entries.items() if each.status in SOURCES.get(verb, COUNTED)]
        if verb == "approve" and self.luck.random() < 0.7:
            fit = [id for id in fit if not tenant.model.held(entries[id].day)] or fit
        known = fit if fit and self.luck.random() < 0.7 else list(entries)
        newest = (1, 1, 2, 100) if self.narrow else (2, 5, 100)
        return self.luck.choice(known[-self.luck.choice(newest) :])

    def _hand(self, tenant: Tenant) -> str:
        return self.luck.choice(list(tenant.hands)) if self.many_hands else next(iter(tenant.hands))

    def _site(self, tenant: Tenant) -> tuple[str, Site]:
        project = self.luck.choice(list(tenant.model.sites))
        return project, tenant.model.sites[project]

    def _activity(self, site: Site) -> str:
        """An activity, also one that has gone where none is left."""
        return self.luck.choice(list(site.activities) or list(site.gone))

    def _code(self, site: Site) -> str:
        if not site.activities or self.luck.random() < (0.4 if site.staging else 0.03):
            return f"{site.code}-{self.luck.randrange(8)}"  # nobody's, or one that an import is bringing
        codes = list(site.codes())
        return self.luck.choice(codes[:2] if self.narrow else codes)

    @staticmethod
    def _whole_shift(tenant: Tenant, date: str, longer: int = 0) -> Shift:
        """A day's, or a night's where nights differ; hours ``longer`` than usual."""
        return Shift(date, tenant.zone, *((7, 15 + longer) if tenant.zone == "UTC" else (22, 6 + longer)))

    @staticmethod
    def _patch(tenant: Tenant, operation: Operation, body: dict[str, Any]) -> Request:
        """A change of the node that an operation is about."""
        return Request(tenant, operation, "PATCH", f"/wbs/{operation.node}/", body, "")

    def _other(self, tenant: Tenant, by: str) -> str:
        return self.luck.choice([user for user in tenant.tokens if user not in (by, tenant.owner)])
