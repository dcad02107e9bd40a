"""Somebody at a browser: what they do, what they see, and what happens behind their back."""

import json
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Response, expect

# Milliseconds: patience with a slow machine. Nothing waits that long when all is well.
expect.set_options(timeout=float(os.environ.get("BROWSER_PATIENCE", "30000")))
NAME = "wbsync.example"  # the service under a name that is not the machine's own
SCREENS = Path(os.environ.get("BROWSER_HOME", ".browser")) / "screens"
SWAGGER = ".swagger-ui"  # markup of Swagger UI's, not ours to mend
UNNAMED = f"""
[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter((field) => !field.closest('{SWAGGER}') && !field.labels.length)
  .map((field) => field.outerHTML)
"""
WIDER = """
[...document.querySelectorAll('body *')]
  .filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
  .map((it) => it.outerHTML.slice(0, 120)).slice(0, 5)
"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True)
class Stage:
    """What is served, and who can sign in."""

    base_url: str
    token: str
    project: str
    people: dict[str, dict[str, str]]
    demo: dict[str, Any]  # the company of `make run`

    def at(self, host: str) -> str:
        """The base URL, under another name of the machine."""
        return self.base_url.replace("127.0.0.1", host) if host else self.base_url

    def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """A call with a token, or the owner's: status and JSON."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.base_url}/api/v1{path}",
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def punch(self, secret: str, event: dict[str, str]) -> None:
        """A clock device sends a punch."""
        headers = {"X-Inbound-Secret": secret, "Content-Type": "application/json"}
        url = f"{self.base_url}/api/v1/clock-events/ingest/"
        with urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(event).encode(), headers), timeout=60
        ) as answer:
            assert answer.status == 201

    def invite(self, name: str, role: str = "foreman") -> tuple[str, str]:
        """A new user of the company: e-mail, and the path of the link that sets their password."""
        email = f"{name}@browser.example"
        status, user = self.api("POST", "/users/", {"name": name.title(), "email": email, "role": role})
        assert status == 201, user
        status, invitation = self.api("POST", f"/users/{user['id']}/invite/")
        assert status == 201, invitation
        return email, urlsplit(invitation["link"]).path


class Visitor:
    """One person with a browser of their own."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.base_url = base_url
        self.noise: list[str] = []
        self.refusals: list[int] = []  # statuses of 400 and more that the test has asked for
        self.dialogs: list[str] = []
        self.context = context
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.noise.append(f"script: {error.error}"))
        context.on("request", lambda request: self._watch(request.url))
        context.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        context.on("response", self._inspect)
        self.page: Page = context.new_page()
        self.page.on("dialog", self._accept)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.noise.append(f"console: {message.text}")  # an answer of 400 and more is seen in `_inspect`

    def _watch(self, url: str) -> None:
        if not url.startswith((self.base_url + "/", "data:")):
            self.noise.append(f"request to {url}")

    def _failed(self, url: str, why: str | None) -> None:
        if why != "net::ERR_ABORTED":  # whoever leaves a page ends its requests
            self.noise.append(f"{url}: {why}")

    def _inspect(self, answer: Response) -> None:
        if answer.status >= 400:
            self.refusals.append(answer.status)
        if answer.request.resource_type != "document" or 300 <= answer.status < 400:
            return
        policy = answer.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "script-src 'self';" not in policy:
            self.noise.append(f"{answer.url}: policy {policy!r}")
        if "no-store" not in answer.headers.get("cache-control", ""):
            self.noise.append(f"{answer.url}: may be kept")

    def _accept(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.accept()

    def expect_refused(self, *statuses: int) -> None:
        """Exactly these statuses of 400 and more came since the last time."""
        assert self.refusals == list(statuses)
        self.refusals.clear()

    def assert_undisturbed(self) -> None:
        """No error on the console, no request to another host, no answer of 400 that nobody expected."""
        assert (self.noise, self.refusals) == ([], [])

    def open(self, path: str) -> int:
        """Go to a page; its status."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer.status

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sign_in(self, who: dict[str, str], path: str = "/login/") -> None:
        """Sign in as a person does."""
        self.open(path)
        self.fill("E-mail", who["email"])
        self.fill("Password", who["password"])
        self.press("Sign in")

    def arrives(self, path: str) -> None:
        """The address bar shows this, query included."""
        expect(self.page).to_have_url(self.base_url + path)

    def says(self, text: str) -> None:
        """The page shows this."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def alert(self, text: str) -> None:
        """The page's alert says exactly this."""
        expect(self.page.get_by_role("alert")).to_have_text(text)

    def session(self) -> dict[str, Any] | None:
        """The cookie of the session."""
        return next((dict(each) for each in self.context.cookies() if each["name"] == "wbsync_session"), None)

    def assert_as_wide_as_the_screen(self, screen: str) -> None:
        """Neither on a phone nor on a desk does the page scroll sideways; what it looks like is kept."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        for width in (375, 1280):
            self.page.set_viewport_size({"width": width, "height": 800})
            assert self.page.evaluate(SIDEWAYS) <= 0, self.page.evaluate(WIDER)
            self.page.screenshot(path=SCREENS / f"{screen}-{width}.png", full_page=not screen.startswith("docs"))

    def assert_fit(self, screen: str, *, but: str = "") -> None:
        """The page as it stands is fit for people: named, labelled, accessible, and no wider than any screen.

        ``but`` is a rule of axe's that the page cannot keep.
        """
        assert self.page.evaluate("document.documentElement.lang") == "en"
        assert self.page.title().endswith(" · wbsync"), self.page.title()
        assert self.page.evaluate(UNNAMED) == []
        self.assert_as_wide_as_the_screen(screen)
        options = {"resultTypes": ["violations"], "rules": {but: {"enabled": False}} if but else {}}
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(self.page, {"exclude": [SWAGGER]}, options)
            assert not found.violations_count, (scheme, found.generate_report())
            self.page.screenshot(path=SCREENS / f"{screen}-{scheme}.png", full_page=not screen.startswith("docs"))
