"""A credential that is being made while its user or its maker changes: decided anew, and refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.access import invitations, passwords, sessions, tokens
from chalicelib.access.rows import Access, Invitation, Password
from chalicelib.errors import WbsyncError
from chalicelib.storage.changes import Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.storage.work import Decided, commit
from tests.labour.racing import caller_of
from tests.stage import Stage
from tests.users import People

Decide = Callable[[Reading], Decided[Any]]
BETWEEN = {
    "the user is deactivated": ("user", {"active": False}),
    "the user becomes an owner": ("user", {"role": "owner"}),
    "the maker is deactivated": ("maker", {"active": False}),
    "the maker is an admin no more": ("maker", {"role": "engineer"}),
}


def token(company: str, maker: str, user: str, now: datetime) -> Decide:
    caller = caller_of(company, maker)
    return lambda reading: tokens.create(reading, caller, "t", user, None, now)


def link(company: str, maker: str, user: str, now: datetime) -> Decide:
    caller = caller_of(company, maker)
    return lambda reading: invitations.invite(reading, caller, user, now)


def password_by_link(company: str, maker: str, user: str, now: datetime) -> Decide:
    text = commit(store(), link(company, maker, user, now)).answer.link.text
    return lambda reading: invitations.accept(invitations.find(reading, text, now), "a password that nobody knows")


def session(company: str, maker: str, user: str, now: datetime) -> Decide:
    kept = passwords.hashed("a password that nobody knows", "whoever@people.example")
    store().transact([Put(Password(pk=key(company, user), sk="password", hash=kept))])
    return lambda reading: sessions.open_session(reading, sessions.Account(company, user, kept, kept), now)


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("made", [token, link, password_by_link])
def test_what_a_maker_makes_for_a_user_is_refused_when_one_of_them_changes_meanwhile(
    stage: Stage, people: People, made: Any, between: str
) -> None:
    raced(stage, people, made, between)


def test_a_session_is_refused_when_its_user_is_deactivated_meanwhile(stage: Stage, people: People) -> None:
    raced(stage, people, session, "the user is deactivated")


def test_a_link_made_while_its_user_gets_another_email_works(stage: Stage, people: People) -> None:
    """It is made for the new address, rather than for one that is not the user's any more."""
    (_, user), (_, maker), company = people.make("engineer"), people.make("admin"), stage.made["company"]["id"]
    now = datetime.now(UTC)
    decide = link(company, maker, user, now)
    decisions = iter([decide(Reading(store()))])
    stage.owner.ok("PATCH", f"/users/{user}/", {"email": "moved@people.example"})
    made = commit(store(), lambda reading: next(decisions, None) or decide(reading)).answer
    assert invitations.find(Reading(store()), made.link.text, now).email == "moved@people.example"


def raced(stage: Stage, people: People, made: Any, between: str) -> None:
    (_, user), (_, maker), company = people.make("engineer"), people.make("admin"), stage.made["company"]["id"]
    decide: Decide = made(company, maker, user, datetime.now(UTC))
    whose, change = BETWEEN[between]
    decisions = iter([decide(Reading(store()))])
    before = credentials(company, user)
    stage.owner.ok("PATCH", f"/users/{user if whose == 'user' else maker}/", change)
    with pytest.raises(WbsyncError):
        commit(store(), lambda reading: next(decisions, None) or decide(reading))
    assert next(decisions, None) is None and credentials(company, user) <= before


def credentials(company: str, user: str) -> set[tuple[str, str]]:
    """What opens the company as a user."""
    place = key(company, user)
    access, invitation, password = store().get_many(
        (Access, place, "access"), (Invitation, place, "invitation"), (Password, place, "password")
    )
    assert access is not None
    named = {("token", id) for id in access.tokens}
    named |= {("link", invitation.digest)} if invitation else set()
    return named | ({("password", password.hash)} if password else set())
