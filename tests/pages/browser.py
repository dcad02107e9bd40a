"""A browser as far as our pages need one: it keeps cookies, reads forms and sends them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from infra.local.gateway import Gateway
from tests.stage import Client, Reply


@dataclass
class Form:
    """A form with the values that it would send as it stands."""

    action: str = ""
    id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)  # what each says in `do`
    choices: dict[str, str] = field(default_factory=dict)  # what is read -> value, of a select


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.elsewhere: list[tuple[str, str, str]] = []  # fields outside of their form: its id, name and value
        self.select = self.option = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("id", "")))
        elif tag == "button" and given.get("name") == "do":
            self.forms[-1].buttons.append(given["value"])
        elif tag == "input" and "name" in given and (given.get("type") != "checkbox" or "checked" in given):
            if "form" in given:
                self.elsewhere.append((given["form"], given["name"], given.get("value", "")))
            elif self.forms:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag == "option" and self.forms:
            self.option = given.get("value", "")
            self.forms[-1].fields.setdefault(self.select, self.option)

    def handle_data(self, data: str) -> None:
        if self.option and self.forms:
            self.forms[-1].choices[data] = self.option
            self.option = ""


def forms(page: Reply) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(page.text)
    for id, name, value in parser.elsewhere:
        next(form for form in parser.forms if form.id == id).fields[name] = value
    return parser.forms


def form_of(page: Reply, do: str, row: str | None = None) -> dict[str, str]:
    """What pressing a button sends, of the form of a row."""
    [found] = [form for form in forms(page) if do in form.buttons and row in (None, form.fields.get("row"))]
    return found.fields | {"do": do}


@dataclass
class Browser:
    """One person's browser."""

    gateway: Gateway
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, path: str, **headers: str) -> Reply:
        return self._send("GET", path, b"", headers)

    def submit(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        """Send a form."""
        kind = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        return self._send("POST", path, urlencode(fields).encode(), kind | headers)

    def sign_in(self, email: str, password: str, path: str = "/login/", **headers: str) -> Reply:
        return self.submit(path, {"email": email, "password": password}, **headers)

    def api(self) -> Client:
        """Calls of a script on our pages: with the cookie and the CSRF token."""
        client = Client(self.gateway, {"Cookie": self._cookie()})
        return Client(self.gateway, client.headers | {"X-CSRF-Token": client.ok("GET", "/me/")["csrf_token"]})

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        reply = Client(self.gateway, {"Cookie": self._cookie()}).send(method, path, body, **headers)
        name, _, rest = reply.headers.get("set-cookie", "").partition("=")
        if name:
            self.cookies[name] = rest.partition(";")[0]
        return reply
