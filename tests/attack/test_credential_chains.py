"""Who may be whom: credentials made along any chain, against a model that only knows the rule.

A credential made for somebody else lives while everybody behind it may hand out its user's role, without a break since
it was made; it works while its user is active too. What was made for oneself, in person, only asks for the latter.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.access.permissions import ROLES, Permission, Role
from infra import company
from infra.simulator.stage import own_token
from tests.stage import Client, Stage

DRAWN = [Role.OWNER, Role.ADMIN, Role.ADMIN, Role.PROJECT_MANAGER, Role.FOREMAN]
NUMBERS = count()
PASSWORD = "correct horse battery"


@dataclass
class Person:
    """A user as the model knows them."""

    id: str
    email: str
    role: Role
    active: bool = True

    def hands_out(self, role: Role) -> bool:
        return self.active and Permission.MANAGE_TOKENS in ROLES[self.role] and ROLES[role] <= ROLES[self.role]


@dataclass
class Held:
    """A credential as the model knows it: whose it is, who stands behind it, and whether it still lives."""

    user: Person
    behind: list[Person]
    client: Client
    id: str | None = None  # of a token made by API
    path: str | None = None  # of a link
    lives: bool = True

    @property
    def works(self) -> bool:
        return self.lives and self.user.active


@dataclass
class World:
    """A company, its people and every credential that was ever made in it."""

    owner: Client
    company: str
    people: list[Person] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def judge(self) -> None:
        """After any change: what somebody behind it could not make now has ended for good."""
        for each in self.held:
            each.lives &= all(maker.hands_out(each.user.role) for maker in each.behind)

    def tokens(self) -> list[Held]:
        return [each for each in self.held if each.path is None]


def begun(stage: Stage) -> World:
    """A new company with an owner who judges, and five people, each with a token of their own."""
    number = next(NUMBERS)
    made = company.create(f"Chains {number}", "pro", "UTC", f"chains{number}@a.example")
    world = World(stage.owner.token(made["token"]), made["company"]["id"])
    for place, role in enumerate(DRAWN):
        email = f"p{place}@chains.example"
        id = world.owner.ok("POST", "/users/", {"name": f"P{place}", "email": email, "role": role.value})["id"]
        person = Person(id, email, role)
        world.people.append(person)
        world.held.append(Held(person, [], world.owner.token(own_token(world.company, id))))
    return world


def _behind(used: Held, user: Person) -> list[Person]:
    return [*used.behind, *([used.user] if used.user is not user else [])]


def _may(used: Held, user: Person) -> bool:
    return used.works and user.active and used.user.hands_out(user.role)


def make_token(world: World, used: Held, user: Person, _: Role) -> None:
    """With a credential, a token for a user."""
    reply = used.client.send("POST", "/api/v1/tokens/", {"label": "t", "user": user.id})
    assert (reply.status == 201) is _may(used, user), reply
    if reply.status == 201:
        client = world.owner.token(reply.body["token"])
        world.held.append(Held(user, _behind(used, user), client, id=reply.body["id"]))


def make_link(world: World, used: Held, user: Person, _: Role) -> None:
    """With a credential, a one-time link for a user; it replaces the one before."""
    reply = used.client.send("POST", f"/api/v1/users/{user.id}/invite/")
    assert (reply.status == 201) is _may(used, user), reply
    if reply.status == 201:
        path = "/" + reply.body["link"].split("/", 3)[3]
        for each in world.held:
            each.lives &= not (each.path and each.user is user)
        world.held.append(Held(user, _behind(used, user), world.owner.token(""), path=path))


def use_link(world: World, used: Held, user: Person, _: Role) -> None:
    """Open a user's newest link: it works as the model says, and then no more."""
    links = [each for each in world.held if each.path and each.user is user]
    if links:
        newest = links[-1]
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        reply = newest.client.send("POST", str(newest.path), f"password={PASSWORD}".encode(), **form)
        assert (reply.status == 200) is newest.works, reply
        newest.lives = False


def change_role(world: World, used: Held, user: Person, role: Role) -> None:
    """Promote or demote a user."""
    world.owner.ok("PATCH", f"/users/{user.id}/", {"role": role.value})
    user.role = role


def switch(world: World, used: Held, user: Person, _: Role) -> None:
    """Deactivate a user, or let them in again; their link ends for good."""
    user.active = not user.active
    world.owner.ok("PATCH", f"/users/{user.id}/", {"active": user.active})
    for each in world.held:
        each.lives &= not (each.path and each.user is user)


def revoke(world: World, used: Held, user: Person, _: Role) -> None:
    """With a credential, end the newest token that was made for a user."""
    theirs = [each for each in world.tokens() if each.user is user and each.id]
    if theirs:
        ended = theirs[-1]
        reply = used.client.send("DELETE", f"/api/v1/tokens/{ended.id}/")
        manages = used.works and Permission.MANAGE_TOKENS in ROLES[used.user.role]
        allowed = manages and ROLES[user.role] <= ROLES[used.user.role]
        assert (reply.status == 204) is (allowed and ended.lives), reply
        ended.lives &= reply.status != 204


STEPS = (make_token, make_token, make_token, make_link, use_link, change_role, change_role, switch, revoke)
steps = st.tuples(
    st.sampled_from(STEPS),
    st.integers(0, 99),  # which credential is used
    st.integers(0, len(DRAWN) - 1),  # whom it is about
    st.sampled_from(sorted(set(DRAWN))),
)


def told(stage: Stage, drawn: list[tuple[Any, int, int, Role]]) -> None:
    world = begun(stage)
    for step, credential, person, role in drawn:
        usable = world.tokens()
        step(world, usable[credential % len(usable)], world.people[person], role)
        world.judge()
        for each in world.held:
            if each.path is None:
                reply = each.client.send("GET", "/api/v1/me/")
                assert (reply.status == 200) is each.works, (step.__name__, each)
                assert reply.status != 200 or reply.body["user"]["id"] == each.user.id
            else:
                assert (each.client.send("GET", each.path).status == 200) is each.works, (step.__name__, each)


FEW = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(FEW, max_examples=3, derandomize=True)
@given(st.lists(steps, min_size=4, max_size=8))
def test_nobody_becomes_somebody_else_by_any_chain(
    stage: Stage,
    drawn: list[tuple[Any, int, int, Role]],
) -> None:
    told(stage, drawn)


@pytest.mark.attack
@settings(FEW, max_examples=12)
@given(st.lists(steps, min_size=10, max_size=25))
def test_nobody_becomes_somebody_else_by_any_long_chain(
    stage: Stage,
    drawn: list[tuple[Any, int, int, Role]],
) -> None:
    told(stage, drawn)
