"""Wrong credentials of every kind are 401: never a fault, never a traceback."""

import logging
import random
import string
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access import credentials
from chalicelib.http.telemetry import logger
from tests.examples import slow
from tests.stage import Client, Stage

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
VISIBLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=300)


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    handler = Records()
    watched = (logging.getLogger(), logging.getLogger("wbsync"))
    for each in watched:
        each.addHandler(handler)
    logger.error("the test hears what is logged")
    assert handler.records
    handler.records.clear()
    yield handler.records
    for each in watched:
        each.removeHandler(handler)


def forged(kind: str, dice: random.Random) -> str:
    """A credential of the right form, with the right checksum, that nobody was given."""
    parts = ["".join(dice.choices(ALPHABET, k=length)) for length in (12, 12, 12, 32)]
    return credentials.Credential(kind, *parts).text


def refused(client: Client, path: str = "/api/v1/me/", method: str = "GET") -> None:
    reply = client.send(method, path, {} if method == "POST" else None)
    assert (reply.status, reply.body["code"]) == (401, "not_authenticated")
    assert reply.headers["content-type"] == "application/problem+json" and reply.headers["x-request-id"]


@pytest.mark.proof
def test_a_thousand_wrong_tokens_cookies_and_secrets_are_401_without_a_traceback(
    stage: Stage, logged: list[logging.LogRecord]
) -> None:
    dice = random.Random(7)
    right = stage.made["token"]
    for number in range(400):
        place, letter = dice.randrange(len(right)), dice.choice(string.ascii_lowercase + "_+/= ")
        near = right[:place] + (letter if letter != right[place] else "8") + right[place + 1 :]
        token = near if number % 2 else forged("wbs", dice)
        refused(Client(stage.gateway, {"Authorization": f"Bearer {token}"}))
    for number in range(300):
        kind = ("wbss", "wbs", "wbsp")[number % 3]
        refused(Client(stage.gateway, {"Cookie": f"__Host-wbsync_session={forged(kind, dice)}"}))
        refused(
            Client(stage.gateway, {"X-Inbound-Secret": forged("wbsi" if number % 2 else kind, dice)}),
            "/api/v1/clock-events/ingest/",
            "POST",
        )
    assert [record.getMessage() for record in logged if record.levelno >= logging.WARNING or record.exc_info] == []


@given(header=VISIBLE, cookie=VISIBLE, secret=VISIBLE)
@slow(40)
def test_headers_of_any_content_are_401(stage: Stage, header: str, cookie: str, secret: str) -> None:
    for value in (header, f"Bearer {header}", f"Bearer wbs_{header}"):
        refused(Client(stage.gateway, {"Authorization": value}))
    for value in (cookie, f"__Host-wbsync_session={cookie}", f"__Host-wbsync_session=wbss_{cookie}; {cookie}"):
        refused(Client(stage.gateway, {"Cookie": value}))
    refused(Client(stage.gateway, {"X-Inbound-Secret": secret}), "/api/v1/clock-events/ingest/", "POST")


@given(email=st.text(max_size=300), password=st.text(max_size=300), choice=st.text(max_size=200))
@slow(25)
def test_sign_in_forms_of_any_content_are_401(stage: Stage, email: str, password: str, choice: str) -> None:
    from tests.pages.browser import Browser

    clean = [text.encode("utf-8", "replace").decode() for text in (email, password, choice)]
    browser = Browser(stage.gateway)
    assert browser.sign_in(*clean[:2]).status == 401
    assert browser.submit("/login/", {"choice": clean[2], "company": clean[0]}).status == 401


def test_a_credential_of_one_kind_is_none_of_another(stage: Stage) -> None:
    ingest, token = stage.made["ingest_secret"], stage.made["token"]
    refused(Client(stage.gateway, {"Authorization": f"Bearer {ingest}"}))
    refused(Client(stage.gateway, {"Cookie": f"__Host-wbsync_session={token}"}))
    refused(Client(stage.gateway, {"X-Inbound-Secret": token}), "/api/v1/clock-events/ingest/", "POST")
    right = credentials.parse(token, "wbs")
    assert right is not None
    for kind in ("wbss", "wbsp", "wbsi"):
        same = credentials.Credential(kind, right.company, right.holder, right.id, right.secret).text
        refused(Client(stage.gateway, {"Authorization": f"Bearer {same}"}))
        refused(Client(stage.gateway, {"Cookie": f"__Host-wbsync_session={same}"}))
