"""Inviting a user to set a password."""

from msgspec import UNSET, UnsetType

from chalicelib.access import invitations
from chalicelib.access.permissions import Permission
from chalicelib.http.answers import Secret, Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Stamp
from chalicelib.http.pages import base, origin
from chalicelib.http.routes import BASE, RouteSet

routes = RouteSet("Account", __name__)


class InvitationAnswer(Answer, kw_only=True):
    """A one-time link to set a password; ``link`` is shown once."""

    user: str
    expires_at: Stamp
    link: str | UnsetType = UNSET


@routes.route(
    "POST",
    f"{BASE}/users/{{id}}/invite",
    permission=Permission.WRITE_USERS,
    answer=InvitationAnswer,
    status=201,
    every_plan=True,
)
def invite_user(call: Call, id: str) -> Written:
    """Make a one-time link by which a user sets their password, the first or a new one; it replaces the one before."""
    decided = invitations.invite(call.decision, call.user, id, call.now)
    made = decided.answer
    secret = Secret(made.link.reference, before=f"{origin(call)}{base(call)}/password/", after="/")
    return Written(decided.changes, InvitationAnswer(user=id, expires_at=made.row.expires_at), secrets={"link": secret})
