"""One browser for the run, and a visitor with a fresh profile whenever a test asks for one."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visitor import NAME, Stage, Visitor

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name leads anywhere but here: a page that needs another host does not work.
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def stage() -> Stage:
    """What is served, and who can sign in; ``make browser`` says it."""
    values: dict[str, Any] = json.loads(os.environ["BROWSER_STAGE"])
    return Stage(**values)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Going back is to use the browser's memory of the page, as it does for people.
        hidden = ["--disable-back-forward-cache"]
        program = os.environ["BROWSER_PROGRAM"]
        launched = playwright.chromium.launch(executable_path=program, args=FLAGS, ignore_default_args=hidden)
        yield launched
        launched.close()


@pytest.fixture
def visitors(browser: Browser, stage: Stage) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; at the end of the test, nothing may have gone wrong behind the back of any."""
    with ExitStack() as stack:
        made: list[Visitor] = []

        def visitor(host: str = "") -> Visitor:
            context = browser.new_context(base_url=stage.at(host), viewport={"width": 1280, "height": 800})
            stack.callback(context.close)
            made.append(Visitor(context, stage.at(host)))
            return made[-1]

        yield visitor
        for each in made:
            each.assert_undisturbed()


@pytest.fixture
def visitor(visitors: Callable[..., Visitor]) -> Visitor:
    return visitors()


@pytest.fixture
def owner(visitor: Visitor, stage: Stage) -> Visitor:
    """The owner of a company with the API, signed in."""
    visitor.sign_in(stage.people["owner"])
    return visitor
