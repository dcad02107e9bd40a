"""People: users, their roles and memberships; invite, deactivate, and who works on which project."""

from collections.abc import Mapping
from typing import Any, get_args

from msgspec import UNSET, Struct

from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.handlers.invitations import InvitationAnswer, invite_user
from chalicelib.handlers.memberships import (
    MembershipAnswer,
    create_membership,
    list_memberships,
    remove_membership,
)
from chalicelib.handlers.page_parts import Act, Fields, Outcome, acted, chosen_project, new_key, project_names, writes
from chalicelib.handlers.projects import ProjectAnswer, list_projects
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.handlers.users import UserAnswer, change_user, create_user, list_users
from chalicelib.http.call import Call
from chalicelib.http.fields import Body
from chalicelib.http.own_api import read, turned, write
from chalicelib.http.pages import Page, page
from chalicelib.http.pagination import Listed
from chalicelib.http.routes import Guard, RouteSet
from chalicelib.people.memberships import MemberRole

routes = RouteSet("Pages", __name__, pages=True)
PEOPLE_SHOWN = 50
MEMBERSHIPS_SHOWN = 200
PROJECTS_OFFERED = 200


class PeopleAsked(Body, kw_only=True):
    """Which page of the users."""

    page: str | None = None
    cursor: str | None = None


class Shown(Struct, frozen=True):
    """A user with their roles on single projects."""

    user: UserAnswer
    memberships: list[MembershipAnswer]


@routes.route("GET", "/people", query=PeopleAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN)
def people_page(call: Call) -> Page:
    """The users of the company, and what may be done about each."""
    return _shown(call, Outcome())


@routes.route("POST", "/people", query=PeopleAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN, every_plan=True)
def change_people(call: Call) -> Page:
    """Add, invite or deactivate somebody, or change what they do on a project; the answer is the page as it is now."""
    return _shown(call, acted(call, ACTS))


def _shown(call: Call, outcome: Outcome) -> Page:
    place = {name: getattr(call.query, name) for name in ("page", "cursor")}
    found = read(call, list_users, Listed[UserAnswer], page_size=PEOPLE_SHOWN, **place)
    manages = call.user.may_somewhere(Permission.MANAGE_TEAM)
    members = _memberships(call) if manages else {}
    sites = (
        read(call, list_projects, Listed[ProjectAnswer], page_size=PROJECTS_OFFERED, status="active")
        if manages
        else None
    )
    return page(
        call,
        "People",
        "people.html",
        outcome.status,
        outcome=outcome,
        people=[Shown(each, members.get(each.id, [])) for each in found.results],
        count=found.count,
        next=turned(call, found.next),
        previous=turned(call, found.previous),
        adds=call.user.may(Permission.WRITE_USERS),
        manages=manages,
        sites=sites.results if sites else (),
        names=project_names(call, (each.project for some in members.values() for each in some)),
        roles=[role.value for role in Role if ROLES[role] <= call.user.permissions()],
        member_roles=get_args(MemberRole),
        me=call.user.user,
        key=new_key(),
        writes=writes(call),
    )


def _memberships(call: Call) -> dict[str, list[MembershipAnswer]]:
    """Memberships by user, as many as a list shows at once."""
    members: dict[str, list[MembershipAnswer]] = {}
    for each in read(call, list_memberships, Listed[MembershipAnswer], page_size=MEMBERSHIPS_SHOWN).results:
        members.setdefault(each.user, []).append(each)
    return members


def _add(call: Call, fields: Fields) -> Outcome:
    body = {name: fields.get(name, "") for name in ("name", "email", "role")}
    made = write(call, create_user, UserAnswer, body=body, key=fields["key"])
    return _invited(call, fields, made.id, made.name)


def _invite(call: Call, fields: Fields) -> Outcome:
    return _invited(call, fields, fields.get("row", ""), fields.get("who", "this person"))


def _invited(call: Call, fields: Fields, user: str, name: str) -> Outcome:
    made = write(call, invite_user, InvitationAnswer, user, body={}, key=fields["key"])
    if made.link is UNSET:
        return Outcome(f"The link for {name} has been used, or a newer one has replaced it.")
    return Outcome(
        f"Send this link to {name}. It sets their password once, until {made.expires_at[:10]}.", link=made.link
    )


def _switch(active: bool) -> Act:
    def act(call: Call, fields: Fields) -> Outcome:
        done = write(call, change_user, UserAnswer, fields.get("row", ""), body={"active": active}, key=fields["key"])
        ended = "is active again." if active else "is deactivated: no sign-in and no token of theirs works any more."
        return Outcome(f"{done.name} {ended}")

    return act


def _role(call: Call, fields: Fields) -> Outcome:
    body = {"role": fields.get("role", "")}
    done = write(call, change_user, UserAnswer, fields.get("row", ""), body=body, key=fields["key"])
    return Outcome(f"{done.name} is {done.role.replace('_', ' ')} now.")


def _join(call: Call, fields: Fields) -> Outcome:
    body: dict[str, Any] = {"user": fields.get("row", ""), "role": fields.get("role", "")}
    body |= {"expires_on": fields["expires_on"]} if fields.get("expires_on") else {}
    project = chosen_project(call, fields.get("project", ""))
    write(call, create_membership, MembershipAnswer, project, body=body, key=fields["key"])
    return Outcome(f"{fields.get('who', 'This person')} has the role on the project now.")


def _leave(call: Call, fields: Fields) -> Outcome:
    write(
        call,
        remove_membership,
        type(None),
        fields.get("project", ""),
        fields.get("row", ""),
        body={},
        key=fields["key"],
    )
    return Outcome(f"{fields.get('who', 'This person')} has no role of their own on the project any more.")


ACTS: Mapping[str, Act] = {
    "add": _add,
    "invite": _invite,
    "deactivate": _switch(False),
    "activate": _switch(True),
    "role": _role,
    "join": _join,
    "leave": _leave,
}
