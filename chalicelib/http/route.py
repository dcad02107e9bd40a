"""One endpoint as a value: everything that is known of it before a request comes."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.access.permissions import Permission
from chalicelib.http.fields import Body
from chalicelib.storage.store import Wanted

BASE = "/api/v1"
WRITES = frozenset({"POST", "PATCH", "DELETE"})
ID = re.compile(r"[a-z0-9]{1,1300}|[0-9]{4}-[0-9]{2}-[0-9]{2}")  # ids and dates, of which all keys are made
CHANGES = frozenset({"PATCH", "DELETE"})  # of what is there: they honour If-Match


class NoQuery(Body, kw_only=True):
    """Routes that take no query parameters."""


class Guard(StrEnum):
    """Who may knock."""

    PERSON = "person"  # a token, or a signed-in person; a write of the latter carries the CSRF token
    DEVICE = "device"  # the company's ingest secret
    VISITOR = "visitor"  # as a person, to see a page; whoever is not known goes to the sign-in page, and back
    SIGNED_IN = "signed_in"  # the same, and not with a token
    ANYBODY = "anybody"  # counted for the address

    @property
    def leads_to_sign_in(self) -> bool:
        """Whether it guards a page, for people who have to be known."""
        return self in (Guard.VISITOR, Guard.SIGNED_IN)


class Scope(StrEnum):
    """Where a caller must hold the permission that a route names."""

    COMPANY = "company"  # by base role
    PROJECT = "project"  # on the project that the path names, or whose node it names
    ANYWHERE = "anywhere"  # on some project at least; the handler asks for the rows at hand


BY_ROW = frozenset({"labour", "clashes", "clock-events", "reports", "jobs"})  # each row tells its project


class Route(Struct, frozen=True, kw_only=True):
    """One endpoint.

    ``page`` ones answer people with HTML and do without a key and a schema. A write of ``every_plan`` is open to a
    signed-in person where the company's plan has no API. ``ahead`` says which rows a write is sure to read, by the
    call and the ids of the path: they are read while its key is locked.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    guard: Guard = Guard.PERSON
    permission: Permission | None = None
    query: type[msgspec.Struct] = NoQuery
    body: type[msgspec.Struct] | None = None
    content_types: tuple[str, ...]
    answer: Any = None
    batch_answer: Any = None
    job_answer: Any = None
    produces: tuple[str, ...]
    status: int = 200
    page: bool = False
    every_plan: bool = False
    ahead: Callable[..., Sequence[Wanted]] | None = None
    tag: str = ""
    summary: str = ""

    @property
    def writes(self) -> bool:
        return self.method in WRITES

    @property
    def files(self) -> bool:
        """Whether it answers with files."""
        return not {"application/json", "text/html"} & set(self.produces)

    @property
    def scope(self) -> Scope:
        """Read off the path: what lies below a project or node is that project's.

        What belongs to the whole company is read with the permission on some project, and written
        with a base role that has it. What an hour of somebody costs is the company's alone.
        """
        if self.path.endswith("/rates"):
            return Scope.COMPANY
        group, *rest = self.path.removeprefix(f"{BASE}/").split("/")
        if group in {"projects", "wbs"} and rest:
            return Scope.PROJECT
        return Scope.ANYWHERE if group in BY_ROW or not self.writes else Scope.COMPANY
