"""What one process changes holds with the very next request of another: nothing is kept between requests."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.times import stamp, utc_now
from infra.local.moto_server import MotoServer

ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from app import app
from infra.local.gateway import serve
with serve(app, "127.0.0.1", 0).running() as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""
Answer = tuple[int, Any]


class Worker:
    """A process of the service."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/api/v1"

    def send(self, token: str, method: str, path: str, body: Any = None) -> Answer:
        """Status and body of one request."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[Worker]:
    """A process that ends with its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield Worker(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Service:
    """Two processes over one storage, and the command line."""

    def __init__(self, here: Worker, there: Worker, environment: dict[str, str]) -> None:
        self.here, self.there, self.environment = here, there, environment
        made = self.company("create", "--name", "Two", "--plan", "pro", "--owner-email", "o@two.example")
        self.owner, self.id = made["token"], made["company"]["id"]
        self.people = 0

    def company(self, *arguments: str) -> Any:
        """What a command of ``infra.company`` prints."""
        command = [sys.executable, "-m", "infra.company", *arguments, "--stage", "two", "--json"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, check=True, timeout=120)
        return json.loads(done.stdout)

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """What the owner changes in the first process."""
        status, answer = self.here.send(self.owner, method, path, body)
        assert 200 <= status < 300, answer
        return answer

    def person(self, role: str, **token: Any) -> tuple[str, dict[str, Any]]:
        """A new user's id, and a token of theirs that the other process has met."""
        self.people += 1
        body = {"name": role, "email": f"{self.people}@two.example", "role": role}
        user = self.change("POST", "/users/", body)["id"]
        made = self.change("POST", "/tokens/", {"label": "t", "user": user, **token})
        assert self.there.send(made["token"], "GET", "/me/")[0] == 200
        return user, made


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with ExitStack() as running:
        moto = running.enter_context(MotoServer())
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WBSYNC_"))}
        environment = kept | moto.environment() | {"WBSYNC_STAGE": "two", "WBSYNC_RATE_LIMITS": "off"}
        subprocess.run(
            [sys.executable, "-m", "infra.provision", "--stage", "two"],
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=120,
        )
        here, there = (running.enter_context(worker(environment)) for _ in range(2))
        yield Service(here, there, environment)


def test_a_revoked_token_stops(service: Service) -> None:
    _, made = service.person("foreman")
    service.change("DELETE", f"/tokens/{made['id']}/")
    assert service.there.send(made["token"], "GET", "/me/")[0] == 401


def test_an_inactive_user_is_refused_and_an_active_one_let_in(service: Service) -> None:
    user, made = service.person("foreman")
    for active, status in ((False, 401), (True, 200)):
        service.change("PATCH", f"/users/{user}/", {"active": active})
        assert service.there.send(made["token"], "GET", "/me/")[0] == status


def test_a_role_change_holds(service: Service) -> None:
    user, made = service.person("foreman")
    for role, status in (("project_manager", 200), ("engineer", 403)):
        service.change("PATCH", f"/users/{user}/", {"role": role})
        assert service.there.send(made["token"], "GET", "/users/")[0] == status


def test_a_membership_holds_and_ends(service: Service) -> None:
    user, made = service.person("operative")
    project = service.change("POST", "/projects/", {"code": "TWO", "name": "Two"})["id"]
    member = f"/projects/{project}/memberships/"
    assert service.there.send(made["token"], "GET", f"/projects/{project}/")[0] == 403
    service.change("POST", member, {"user": user, "role": "foreman"})
    assert service.there.send(made["token"], "GET", f"/projects/{project}/")[0] == 200
    service.change("PATCH", f"{member}{user}/", {"role": "operative"})
    assert service.there.send(made["token"], "GET", f"/projects/{project}/")[0] == 403
    service.change("PATCH", f"{member}{user}/", {"role": "engineer"})
    assert service.there.send(made["token"], "GET", f"/projects/{project}/")[0] == 200
    service.change("DELETE", f"{member}{user}/")
    assert service.there.send(made["token"], "GET", f"/projects/{project}/")[0] == 403


def test_a_plan_change_holds(service: Service) -> None:
    _, made = service.person("foreman")
    for plan, status in (("team", 403), ("enterprise", 200)):
        service.company("plan", "--company", service.id, plan)
        assert service.there.send(made["token"], "GET", "/me/")[0] == status


def test_company_settings_hold(service: Service) -> None:
    _, made = service.person("foreman")
    for zone in ("Asia/Tokyo", "Europe/Dublin"):
        service.change("PATCH", "/company/", {"timezone": zone})
        assert service.there.send(made["token"], "GET", "/company/")[1]["timezone"] == zone


def expiring(service: Service) -> tuple[str, datetime]:
    """A token that ends soon, on a slow machine later, and when."""
    for seconds in (2, 20, 200):
        until = utc_now() + timedelta(seconds=seconds)
        body = {"label": "short", "expires_at": stamp(until)}
        status, made = service.here.send(service.owner, "POST", "/tokens/", body)
        if status == 201:
            return made["token"], until
    raise AssertionError(made)


def test_a_token_stops_everywhere_when_it_expires(service: Service) -> None:
    token, until = expiring(service)
    ended = False
    while not ended:
        ended = utc_now() >= until
        found = {each.send(token, "GET", "/me/")[0] for each in (service.here, service.there)}
        if ended or utc_now() < until:
            assert found == ({401} if ended else {200})
        time.sleep(0.2)
