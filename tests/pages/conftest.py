"""A stage, browsers, and users with passwords."""

from uuid import uuid4

import pytest

from chalicelib.access.rows import Access
from chalicelib.people.rows import User
from chalicelib.storage.changes import Put, Update
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from tests.pages.browser import Browser
from tests.stage import Client, Stage

PASSWORD = "correct horse battery"


@pytest.fixture
def owner(stage: Stage) -> Browser:
    """The company's owner at a browser, signed in."""
    browser = Browser(stage.gateway)
    assert browser.sign_in("o@a.example", stage.made["owner"]["password"]).status == 303
    return browser


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage.gateway)


def invited(owner: Client, name: str, role: str = "foreman") -> tuple[str, str, str]:
    """A new user: id, e-mail, and the path of the link that sets their password."""
    email = f"{name}@people.example"
    id = owner.ok("POST", "/users/", {"name": name, "email": email, "role": role})["id"]
    return id, email, path_of(owner.ok("POST", f"/users/{id}/invite/")["link"])


def path_of(link: str) -> str:
    """The path of a link of this site."""
    return "/" + link.split("/", 3)[3]


def person(stage: Stage, name: str, role: str = "foreman") -> tuple[str, str]:
    """A new user who has set a password: id and e-mail."""
    id, email, path = invited(stage.owner, name, role)
    assert Browser(stage.gateway).submit(path, {"password": PASSWORD}).status == 200
    return id, email


def somebody(stage: Stage, role: str) -> tuple[str, Browser]:
    """A new user of a role at a browser, signed in: id and browser."""
    browser = Browser(stage.gateway)
    id, email = person(stage, f"{role}-{uuid4().hex[:8]}", role)
    assert browser.sign_in(email, PASSWORD).status == 303
    return id, browser


def make_inactive(company: str, user: str) -> None:
    row = store().get(User, company, f"user#{user}")
    assert row is not None
    row.active = False
    store().transact([Put(row), Update(Access, (key(company, user), "access"), (Access.active.set(False),))])
