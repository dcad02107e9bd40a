"""Conditional requests: entity tags, If-Match for changes and If-None-Match for reads (RFC 9110)."""

from chalicelib.errors import Invalid, PreconditionFailed
from chalicelib.http.answers import Reply
from chalicelib.http.call import Call

CHANGED = "It has changed since the version named in If-Match: read it anew, and decide with what is there now."


def etag(version: int, *parts: str) -> str:
    """The entity tag of a row's version."""
    return '"' + "-".join((*parts, str(version))) + '"'


def wanted_tags(call: Call) -> set[str]:
    """The tags that If-Match names; any, when the request has none.

    Raises:
        Invalid: the header is there and says nothing.
    """
    values = call.header_values("if-match")
    tags = tags_in(values) if values else {"*"}
    if not tags:
        raise Invalid(errors={"If-Match": ["Must be ETags, or *."]})
    return tags


def require_match(call: Call, began: str | None) -> None:
    """Compare the tag that a change began with to If-Match; what has no tag matches ``*`` alone.

    Raises:
        PreconditionFailed: If-Match names other versions.
    """
    if not {began or "", "*"} & wanted_tags(call):
        raise PreconditionFailed(CHANGED)


def unless_known(call: Call, reply: Reply) -> Reply:
    """The reply, or 304 without a body when If-None-Match names its tag."""
    _, headers, _ = reply
    tags = {tag.removeprefix("W/") for tag in tags_in(call.header_values("if-none-match"))}
    if "ETag" in headers and {headers["ETag"], "*"} & tags:
        return 304, {"ETag": headers["ETag"]}, b""
    return reply


def tags_in(values: list[str]) -> set[str]:
    """The entity tags that header values name, of If-Match or If-None-Match."""
    return {part.strip() for value in values for part in value.split(",")} - {""}
