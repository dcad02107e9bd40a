"""Clock: punches that could not become hours, by cause, each with what clears it; and the devices heard from."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib import zones
from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.handlers.clock_events import EventAnswer, assign_event, dismiss_event, fix_event, list_events
from chalicelib.handlers.operatives import OperativeAnswer, create_operative, list_operatives
from chalicelib.handlers.page_parts import Act, Fields, Outcome, acted, chosen_project, new_key, operative_names, writes
from chalicelib.handlers.projects import ProjectAnswer, list_projects
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.http.call import Call
from chalicelib.http.fields import Body
from chalicelib.http.own_api import choices, place_in, read, turned, write
from chalicelib.http.pages import Page, page
from chalicelib.http.pagination import Listed
from chalicelib.http.routes import Guard, RouteSet

routes = RouteSet("Pages", __name__, pages=True)
SHOWN, ALONE = 10, 50  # punches of each cause together, and of one cause by itself
CHOICES_OFFERED = 200
HEARD_PAGES = 2
CAUSES: Mapping[str, tuple[str, str]] = {
    "unmatched_operative": ("Unknown clock ID", "Make the operative, or say whose punch it is."),
    "unmatched_project": ("Unknown project", "Say of which project it is."),
    "needs_review": ("To review", "Set the times right, or dismiss the punch."),
    "open": (
        "Waiting for the other punch",
        "Nothing to do while people are at work. A forgotten punch is completed here.",
    ),
}
BECAME: Mapping[str, str] = {
    "matched": "it is hours now, and waits for approval.",
    "dismissed": "it is dismissed.",
    "open": "it waits for the other punch of the shift.",
    "unmatched_operative": "it still waits for its operative.",
    "unmatched_project": "it still waits for its project.",
    "needs_review": "it is still to be reviewed.",
}
REASONS: Mapping[str, str] = {
    "unknown_clock_id": "No operative has this clock ID.",
    "unknown_project_code": "No project has the code that the device sent.",
    "no_single_project": "The device sent no project code, and it is not clear which project it is.",
    "no_clock_in": "A clock-out without the clock-in before it.",
    "overlaps_another_shift": "It overlaps another shift of the same operative.",
    "day_full": "The operative's day has as many entries as a day may have.",
    "entry_approved": "Its entry is approved. Reopen that first.",
    "entry_changed": "A person has changed its entry's hours. Change the entry by hand.",
    "entry_rejected": "Its entry was rejected. Correct or delete that entry.",
    "entry_deleted": "Its entry was deleted.",
    "dismissed_before": "It was dismissed, and the device sent something else since.",
    "period_closed": "It lies in a closed period. Reopen the period, or move the shift.",
    "operative_inactive": "The operative is not active.",
    "project_inactive": "The project takes no hours.",
    "out_before_in": "The clock-out lies before the clock-in.",
    "longer_than_24_hours": "The shift is longer than 24 hours.",
    "break_longer_than_shift": "The break is longer than the shift.",
    "too_short": "The shift is too short to count.",
    "in_the_future": "It lies more than a day ahead: the device's clock is wrong.",
    "too_old": "It lies more than a year back: the device's clock may be wrong.",
    "processing_failed": "It could not be processed. It is tried again by itself.",
}
ID_IN_CHOICE = re.compile(r"\[([a-z0-9]{1,64})\]\s*$")


class ClockAsked(Body, kw_only=True):
    """One cause by itself, and its page; ``find`` narrows the operatives that are offered."""

    status: str | None = None
    find: str | None = None
    page: str | None = None
    cursor: str | None = None


class Kept(Struct, frozen=True):
    """A punch as the page shows it: times of the place, and why it is kept in words."""

    event: EventAnswer
    start: str
    end: str
    why: str


class Cause(Struct, frozen=True):
    """The punches of one cause."""

    status: str
    title: str
    advice: str
    count: int
    kept: list[Kept]
    next: str | None
    previous: str | None


class Device(Struct, frozen=True):
    """A device and its newest punch."""

    name: str
    heard: str
    punches: int


@routes.route("GET", "/clock", query=ClockAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN)
def clock_page(call: Call) -> Page:
    """Kept punches by cause, and the devices heard from."""
    return _shown(call, Outcome())


@routes.route("POST", "/clock", query=ClockAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN, every_plan=True)
def settle_on_page(call: Call) -> Page:
    """Assign, fix or dismiss a punch, or make the operative that it is of; the answer is the page as it is now."""
    return _shown(call, acted(call, ACTS))


def _shown(call: Call, outcome: Outcome) -> Page:
    may = call.user.may_somewhere(Permission.APPROVE)
    asked = choices(call)
    alone = asked["status"] if asked["status"] in CAUSES else ""
    causes = [_cause(call, status, alone) for status in ((alone,) if alone else CAUSES)] if may else []
    shown = [kept.event for cause in causes for kept in cause.kept]
    query: dict[str, Any] = {"active": "true", "page_size": CHOICES_OFFERED, "search": asked["find"]}
    hands = read(call, list_operatives, Listed[OperativeAnswer], **query) if may else None
    sites = read(call, list_projects, Listed[ProjectAnswer], page_size=CHOICES_OFFERED) if may else None
    return page(
        call,
        "Clock",
        "clock.html",
        outcome.status,
        outcome=outcome,
        may=may,
        alone=alone,
        causes=causes,
        hands=hands.results if hands else (),
        some_hands=bool(hands and (hands.next or asked["find"])),
        find=asked["find"],
        sites=sites.results if sites else (),
        names=operative_names(call, (each.operative for each in shown)),
        devices=_devices(call) if may and not alone else [],
        makes=call.user.may(Permission.MANAGE_OPERATIVES),
        zone=call.user.tenant.timezone,
        key=new_key(),
        writes=writes(call),
    )


def _cause(call: Call, status: str, alone: str) -> Cause:
    place = {name: getattr(call.query, name) for name in ("page", "cursor")} if alone else {}
    query: dict[str, Any] = {"status": status, "page_size": ALONE if alone else SHOWN, **place}
    found = read(call, list_events, Listed[EventAnswer], **query)
    title, advice = CAUSES[status]
    kept = [_kept(call, each) for each in found.results]
    links = (turned(call, found.next), turned(call, found.previous)) if alone else (None, None)
    return Cause(status, title, advice, found.count, kept, *links)


def _kept(call: Call, event: EventAnswer) -> Kept:
    words = REASONS.get(event.reason or "") or (f"Not clear: {event.reason.replace('_', ' ')}." if event.reason else "")
    return Kept(event, _local(call, event.clock_in), _local(call, event.clock_out), words)


def _local(call: Call, instant: str | None) -> str:
    """An instant in the company's time zone, as a field for date and time takes it."""
    if instant is None:
        return ""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is not None:
        moment = moment.astimezone(zones.zone(call.user.tenant.timezone))
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _devices(call: Call) -> list[Device]:
    """The devices in the newest punches, whoever was heard from last first."""
    heard: dict[str, list[str]] = {}
    query: dict[str, Any] = {"page_size": CHOICES_OFFERED}
    for _ in range(HEARD_PAGES):
        found = read(call, list_events, Listed[EventAnswer], **query)
        for each in found.results:
            if each.device_id:
                heard.setdefault(each.device_id, []).append(each.received_at)
        if found.next is None:
            break
        query |= place_in(found.next)
    newest = [Device(name, max(times), len(times)) for name, times in heard.items()]
    return sorted(newest, key=lambda device: device.heard, reverse=True)


def _assign(call: Call, fields: Fields) -> Outcome:
    body = {"operative": _operative(fields)} if fields.get("operative") else {}
    body |= {"project": chosen_project(call, fields["project"])} if fields.get("project") else {}
    return _settled(call, assign_event, fields, body)


def _fix(call: Call, fields: Fields) -> Outcome:
    times = {name: _with_zone(call, value) for name in ("clock_in", "clock_out") if (value := fields.get(name))}
    return _settled(call, fix_event, fields, {**times, "reason": fields.get("reason", "")})


def _dismiss(call: Call, fields: Fields) -> Outcome:
    return _settled(call, dismiss_event, fields, {"reason": fields.get("reason", "")})


def _make(call: Call, fields: Fields) -> Outcome:
    body = {"name": fields.get("name", ""), "external_clock_id": fields.get("clock_id", "")}
    made = write(call, create_operative, OperativeAnswer, body=body, key=fields["key"])
    return Outcome(
        f"{made.name} has the clock ID {made.external_clock_id} now. Their punches become hours in a moment."
    )


def _settled(call: Call, handler: Any, fields: Fields, body: Mapping[str, object]) -> Outcome:
    done = write(call, handler, EventAnswer, fields.get("row", ""), body=body, key=fields["key"])
    return Outcome(f"Punch of {done.clock_id}: {BECAME[done.status]}")


ACTS: Mapping[str, Act] = {"assign": _assign, "fix": _fix, "dismiss": _dismiss, "make": _make}


def _operative(fields: Fields) -> str:
    """The id in what was chosen, such as ``Aoife Byrne (1001) [k3x9mq2vh7ad]``."""
    if (found := ID_IN_CHOICE.search(fields["operative"])) is None:
        raise Invalid(errors={"operative": ["Choose an operative of the list."]})
    return found[1]


def _with_zone(call: Call, text: str) -> str:
    """A date and time of the page, which is the company's local time, as an instant."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.replace(tzinfo=zones.zone(call.user.tenant.timezone)).isoformat() if moment.tzinfo is None else text
