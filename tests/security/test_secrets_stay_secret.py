"""Secrets sent through every route, in the right places and the wrong ones, are in no log and no table."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import boto3
import pytest

from chalicelib.access import credentials, keys
from chalicelib.http.openapi import document
from chalicelib.http.routes import ROUTES
from chalicelib.http.telemetry import logger
from chalicelib.settings import settings
from chalicelib.storage.store import store
from tests.pages.browser import Browser
from tests.pages.conftest import PASSWORD, invited, path_of
from tests.stage import Client, Stage


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """Everything that is logged or printed inside the block."""
    text = io.StringIO()
    stream = logging.StreamHandler(text)
    structured = [handler.formatter for handler in logger.handlers if handler.formatter]
    stream.setFormatter(structured[0])
    plain = logging.StreamHandler(text)
    watched = (logging.getLogger("wbsync"), logging.getLogger())
    watched[0].addHandler(stream)
    watched[1].addHandler(plain)
    level = watched[1].level
    watched[1].setLevel(logging.INFO)
    with redirect_stdout(text), redirect_stderr(text):
        yield text
    watched[0].removeHandler(stream)
    watched[1].removeHandler(plain)
    watched[1].setLevel(level)


def parts(text: str) -> set[str]:
    """What must be found nowhere: the whole, and the secret within a credential."""
    found = {text}
    for kind in ("wbs", "wbss", "wbsi", "wbsp"):
        credential = credentials.parse(text, kind)
        if credential is not None:
            found.add(credential.secret)
    return found


def rows() -> str:
    """Every item of every table."""
    client = store().client
    pages = [
        page
        for name in client.list_tables()["TableNames"]
        for page in client.get_paginator("scan").paginate(TableName=name)
    ]
    return json.dumps([page["Items"] for page in pages], default=str)


def everywhere(stage: Stage, secret: str) -> None:
    """One secret to every route: as each credential, in the path, the query, the body and the key."""
    gateway = stage.gateway
    for route in ROUTES:
        path = re.sub(r"{\w+}", secret.replace("/", ""), route.path) + "/"
        clients = [
            Client(gateway, {"Authorization": f"Bearer {secret}"}),
            Client(gateway, {"Cookie": f"__Host-wbsync_session={secret}", "X-CSRF-Token": secret}),
            Client(gateway, {"X-Inbound-Secret": secret, "Authorization": secret}),
            Client(gateway, stage.owner.headers | {"Idempotency-Key": secret, "X-Inbound-Secret": "x"}),
        ]
        for client in clients:
            body = {secret: secret} if route.writes else None
            assert client.send(route.method, f"{path}?{secret}={secret}", body).status < 500, route.path
        broken = b"{" + secret.encode() if route.writes else None
        assert clients[-1].send(route.method, path, broken).status < 500, route.path
    for path in (f"/{secret}/", f"/api/v1/{secret}/"):
        assert Client(gateway).send("GET", path).status == 404


@pytest.mark.proof
def test_no_secret_is_in_a_log_or_a_table(stage: Stage) -> None:
    values: list[str] = []
    with heard() as text:
        _, email, link = invited(stage.owner, "zoe", "admin")
        id, _, unused = invited(stage.owner, "yan")
        browser = Browser(stage.gateway)
        assert browser.submit(link, {"password": PASSWORD}).status == 200
        assert browser.sign_in(email, PASSWORD).status == 303
        token = browser.api().ok("POST", "/tokens/", {"label": "t"}, Idempotency_Key="kept-1")["token"]
        rotated = browser.api().ok("POST", "/integrations/ingest-secret/", {}, Idempotency_Key="kept-2")["secret"]
        replaced = browser.api().ok("POST", f"/users/{id}/invite/", {}, Idempotency_Key="kept-3")["link"]
        csrf = browser.api().headers["X-CSRF-Token"]
        values += [PASSWORD, stage.made["owner"]["password"], token, stage.made["token"], rotated, csrf]
        values += [stage.made["ingest_secret"], browser.cookies["__Host-wbsync_session"]]
        values += [path.split("/")[2] for path in (link, unused, path_of(replaced))]
        typed = PASSWORD.replace(" ", "-")
        sent = (typed, token, rotated, csrf, browser.cookies["__Host-wbsync_session"], path_of(replaced).split("/")[2])
        values += [typed, *(keys.secret_parameter(name).decode() for name in ("digest-key", "session-key"))]
        for secret in sent:
            everywhere(stage, secret)
        logger.error("the test hears what is logged")
    said, kept = text.getvalue(), rows()
    assert "the test hears" in said and "kept-" not in kept and "zoe@people.example" in kept
    for secret in values:
        for part in parts(secret):
            assert part not in said and part not in kept


def test_a_failure_inside_a_page_does_not_log_its_path(stage: Stage) -> None:
    _, _, link = invited(stage.owner, "xia")
    table = settings().table_prefix + "requests"
    with heard() as text:
        boto3.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
        boto3.client("dynamodb").delete_table(TableName=table)
        reply = Client(stage.gateway).send("GET", link)
        assert reply.status >= 500 and link.split("/")[2] not in reply.text
    from infra import provision

    provision.create_tables()
    assert text.getvalue() and link.split("/")[2] not in text.getvalue()


def test_the_schema_shows_no_secret(stage: Stage) -> None:
    text = json.dumps(document())
    assert not re.search(r"wbs[sip]?_[a-z2-7]{20}", text)
