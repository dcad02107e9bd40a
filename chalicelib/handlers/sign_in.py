"""Signing in and out, and setting a password: pages that need no token and work on every plan."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.access import invitations, limits, passwords, sessions
from chalicelib.access.rows import Company
from chalicelib.access.sessions import Account
from chalicelib.errors import NotAuthenticated, NotFound
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body
from chalicelib.http.forms import form
from chalicelib.http.guards import carries_csrf, csrf_token, is_signed_in, session_of
from chalicelib.http.pages import HOME, Page, page, redirect, safe, session_cookie
from chalicelib.http.routes import Guard, RouteSet
from chalicelib.settings import settings
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import ConditionFailed
from chalicelib.storage.work import Decided, commit

routes = RouteSet("Pages", __name__, pages=True)
LONGEST_EMAIL = 254
WRONG = "E-mail and password do not match."


class NextQuery(Body, kw_only=True):
    """Where to go after signing in."""

    next: str | None = None


class AnyAnswer(Answer, kw_only=True):
    """A page or document."""


def _sign_in_form(call: Call, said: str = "", status: int = 200, email: str = "") -> Page:
    asked: dict[str, Any] = {"next": safe(call.query.next), "email": email[:LONGEST_EMAIL], "longest": LONGEST_EMAIL}
    return page(call, "Sign in", "sign_in.html", status, said=said, **asked)


@routes.route("GET", "/login", query=NextQuery, answer=AnyAnswer, guard=Guard.ANYBODY)
def sign_in_page(call: Call) -> Page:
    """The sign-in page; whoever is signed in already is led on."""
    return redirect(call, safe(call.query.next)) if is_signed_in(call) else _sign_in_form(call)


@routes.route("GET", "/", answer=AnyAnswer, guard=Guard.ANYBODY)
def home(call: Call) -> Page:
    """The way in: on to the first page, which asks who it is where nobody is signed in."""
    return redirect(call, HOME)


@routes.route("POST", "/login", query=NextQuery, answer=AnyAnswer, guard=Guard.ANYBODY)
def sign_in(call: Call) -> Page:
    """Sign in with e-mail and password, or with the choice of a company that was offered before."""
    fields = form(call)
    email = fields.get("email", "")
    if len(email) > LONGEST_EMAIL:  # nobody's; what it would cost to fold it is not spent
        return _sign_in_form(call, WRONG, 401, email)
    if "choice" not in fields:
        call.allowance = limits.count_sign_in(call.store, call.address, email, call.now)
    try:
        return commit(call.store, lambda reading: _signed_in(call, reading, fields)).answer
    except NotAuthenticated:
        return _sign_in_form(call, WRONG, 401, email)


def _signed_in(call: Call, reading: Reading, fields: dict[str, str]) -> Decided[Page]:
    """A session for the account that was proved, or the question which of several.

    Raises:
        NotAuthenticated: none was.
    """
    company = fields.get("company")
    proved = [each for each in _proved(call, reading, fields) if company in (None, each.company)]
    if not proved:
        raise NotAuthenticated
    if len(proved) > 1:
        return Decided([], _which(call, reading, proved))
    opened = sessions.open_session(reading, proved[0], call.now)
    cookie = session_cookie(opened.answer.text, settings().session_hours * 3600)
    return Decided(opened.changes, redirect(call, safe(call.query.next), cookie))


def _proved(call: Call, reading: Reading, fields: dict[str, str]) -> list[Account]:
    if "choice" not in fields:
        return sessions.sign_in(reading, fields.get("email", ""), fields.get("password", ""))
    account = sessions.chosen(reading, fields["choice"], fields.get("company", ""), call.now)
    return [account] if account else []


def _which(call: Call, reading: Reading, accounts: list[Account]) -> Page:
    """Ask for the company by name; the password has been proved and is not asked again."""
    rows = reading.rows(*((Company, each.company, "company") for each in accounts))
    named = sorted((row.name, row.id) for row in rows if row)
    choice = sessions.choice(accounts, call.now)
    return page(
        call, "Which company?", "which_company.html", next=safe(call.query.next), companies=named, choice=choice
    )


@routes.route("GET", "/logout", answer=AnyAnswer, guard=Guard.ANYBODY)
def sign_out_page(call: Call) -> Page:
    """Ask whether to sign out; a link alone ends nothing."""
    session = session_of(call)
    if session is None:
        return redirect(call, "/login/")
    return _sign_out_form(call, session.id)


def _sign_out_form(call: Call, session: str, said: str = "", status: int = 200) -> Page:
    return page(call, "Sign out", "sign_out.html", status, token=csrf_token(session), said=said)


@routes.route("POST", "/logout", answer=AnyAnswer, guard=Guard.ANYBODY)
def sign_out(call: Call) -> Page:
    """Sign out: the session ends at once, on the server too."""
    session, fields = session_of(call), form(call)
    if session is not None:
        if not carries_csrf(fields.get("csrf_token", call.headers.get("x-csrf-token", "")), session.id):
            # the browser's session began after the form was shown, or another site has sent the form
            said = "Somebody has signed in anew since that page was opened. Sign out here."
            return _sign_out_form(call, session.id, said, 403)
        with suppress(ConditionFailed):  # it had ended before: what the person wants is so
            call.store.transact(sessions.close_session(session).changes)
    text = "You are signed out on this device."
    return page(call, "Signed out", "note.html", headers=session_cookie("", 0), text=text, sign_in=True)


@routes.route("GET", "/password/{key}", answer=AnyAnswer, guard=Guard.ANYBODY)
def password_page(call: Call, key: str) -> Page:
    """The page that sets a password, from an invitation; looking at it does not use it up."""
    return _answered(call, lambda: _password_form(call, invitations.find(call.decision, key, call.now).email))


@routes.route("POST", "/password/{key}", answer=AnyAnswer, guard=Guard.ANYBODY)
def set_password(call: Call, key: str) -> Page:
    """Set the password: once, whoever is first. Every session of the user ends."""
    fields = form(call)
    return _answered(call, lambda: _set_password(call, key, fields.get("password", "")))


def _answered(call: Call, page_of: Callable[[], Page]) -> Page:
    try:
        return page_of()
    except NotFound:
        text = "It has been used, was replaced by a newer one, or is too old. Ask whoever sent it for a new one."
        return page(call, "This link does not work", "note.html", 404, text=text, sign_in=False)


def _set_password(call: Call, key: str, password: str) -> Page:
    def decide(reading: Reading) -> Decided[Page]:
        invited = invitations.find(reading, key, call.now)
        wrong = passwords.complaints(password, invited.email)
        if wrong:
            return Decided([], _password_form(call, invited.email, " ".join(wrong), 400))
        text = "You can sign in with it now."
        headers = session_cookie("", 0)
        done = page(call, "Your password is set", "note.html", headers=headers, text=text, sign_in=True)
        return Decided(invitations.accept(invited, password).changes, done)

    return commit(call.store, decide).answer


def _password_form(call: Call, email: str, said: str = "", status: int = 200) -> Page:
    bounds: dict[str, Any] = {"least": passwords.SHORTEST, "most": passwords.LONGEST}
    return page(call, "Set your password", "password.html", status, email=email, said=said, **bounds)
