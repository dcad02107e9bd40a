"""Problem answers: every kind of error with its code, and the answer of each status."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.errors import WbsyncError
from chalicelib.http.fields import Answer, Day, HoursFigure, one_of
from chalicelib.http.openapi.headers import HEADERS, header, shared

Status = Literal["draft", "submitted", "approved", "rejected"]


class ClashEntryAnswer(Answer, kw_only=True):
    """An entry under a clash; of projects that the caller may not see only date, hours and status."""

    date: Day
    hours: HoursFigure
    status: Annotated[str, one_of(Status)]
    id: str | msgspec.UnsetType = msgspec.UNSET
    project: str | msgspec.UnsetType = msgspec.UNSET
    submitted_by: (
        Annotated[str | None, Meta(description="The user who submitted it; null: the clock.")] | msgspec.UnsetType
    ) = msgspec.UNSET


class ClashReference(Answer, kw_only=True):
    """Which clash holds an entry back, and the other entries of it."""

    id: str
    link: str
    kinds: list[str]
    entries: list[ClashEntryAnswer]


class EntryInTheWay(Answer, kw_only=True):
    """An entry that a period cannot be closed over: it is submitted, or under an open clash."""

    id: str
    operative: str
    date: Day
    status: Annotated[str, one_of(Status)]
    clash: str | None


class Problem(Answer, kw_only=True):
    """An RFC 9457 problem answer; ``errors`` where fields are at fault, ``clash`` with ``clash_unresolved``."""

    type: Annotated[str, Meta(description="Names the kind of problem.", examples=["urn:wbsync:problem:not_found"])]
    title: Annotated[str, Meta(description="The kind in words.", examples=["Not found"])]
    status: Annotated[int, Meta(description="The status of the answer.", examples=[404])]
    detail: Annotated[str, Meta(description="What to do next.", examples=["It does not exist, or you may not see it."])]
    code: Annotated[str, Meta(description="Stable; for programs.", examples=["not_found"])]
    request_id: Annotated[str, Meta(description="Names the request in the logs.")]
    errors: Annotated[dict[str, list[str]], Meta(description="What is wrong, by field path.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    clash: ClashReference | msgspec.UnsetType = msgspec.UNSET
    entries: (
        Annotated[list[EntryInTheWay], Meta(description="With `in_use` of a period: what is in the way.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET


def kinds() -> dict[str, type[WbsyncError]]:
    """Every kind of error by its code."""
    found: dict[str, type[WbsyncError]] = {}
    waiting: list[type[WbsyncError]] = [WbsyncError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting += kind.__subclasses__()
    return found


KINDS = kinds()


def codes() -> dict[str, int]:
    """Every problem code with its status."""
    return {code: kind.status for code, kind in KINDS.items()}


def responses() -> dict[str, object]:
    """The problem answers that operations share, by name."""
    return {f"Problem{status}": _response(status, names) for status, names in _codes_by_status().items()}


def _response(status: int, names: list[str]) -> dict[str, object]:
    kind = KINDS[names[0]]
    example = {
        "type": f"urn:wbsync:problem:{kind.code}",
        "title": kind.title,
        "status": status,
        "detail": kind.title,
        "code": kind.code,
        "request_id": "6f1c1f0e-3f0b-4f3c-9a4e-0c6a1f1d2b3c",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema, "example": example}}
    headers = shared(False) | {name: header(name) for name, (_, where) in HEADERS.items() if where == str(status)}
    described = "; ".join(f"`{name}`: {KINDS[name].title}" for name in names)
    return {"description": f"{described}.", "headers": headers, "content": content}


def _codes_by_status() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, status in sorted(codes().items()):
        found.setdefault(status, []).append(code)
    return found
