"""The examples of docs/clock-devices.md do what the page says."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.local.gateway import HttpRequest
from tests.clock.conftest import DAY, Gates

PAGE = (Path(__file__).parents[2] / "docs" / "clock-devices.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


class Site:
    """The service behind a real socket; the first requests meet trouble."""

    def __init__(self, gates: Gates) -> None:
        self.gates, self.trouble = gates, list[int]()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if site.trouble:
                    self.send_response(site.trouble.pop())
                    self.send_header("Retry-After", "0")
                    self.end_headers()
                    return
                request = HttpRequest("POST", self.path, tuple(self.headers.items()), body, "127.0.0.1")
                answer = gates.stage.gateway.answer(request)
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        secret = self.gates.stage.made["ingest_secret"]
        api = f"http://127.0.0.1:{self.server.server_port}/api/v1"
        return {"PATH": os.environ["PATH"], "API": api, "SECRET": secret}


@pytest.fixture
def site(gates: Gates) -> Iterator[Site]:
    site = Site(gates)
    yield site
    site.server.shutdown()
    site.server.server_close()


def shift(clock_id: str) -> dict[str, Any]:
    times = {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:30:00Z"}
    return {"clock_id": clock_id, "project_code": "P-1", "break_minutes": 30, **times}


def test_the_python_example_is_twenty_lines_and_sends_again_until_all_is_kept(site: Site) -> None:
    code = example("python")
    assert len(code.strip().splitlines()) <= 20
    hands = [site.gates.hand() for _ in range(2)]
    site.trouble = [502, 503, 429]
    run = f"{code}\nassert send({[shift(hand) for hand in hands]!r}) == []\n"
    subprocess.run([sys.executable, "-c", run], env=site.environment, check=True, timeout=60)
    assert [site.gates.hours(hand) for hand in hands] == [["8.00"], ["8.00"]]


def test_the_shell_example_keeps_what_could_not_be_sent(site: Site, tmp_path: Path) -> None:
    script, waiting = tmp_path / "send.sh", tmp_path / "events"
    script.write_text(example("sh"))
    hands = [site.gates.hand() for _ in range(2)]
    waiting.write_text("\n".join(json.dumps(shift(hand)) for hand in hands))  # the last line has no end yet
    site.trouble = [503]
    for left in (1, 0):
        subprocess.run(["sh", str(script), str(waiting)], env=site.environment, check=True, timeout=60)
        assert len(waiting.read_text().splitlines()) == left
    assert [site.gates.hours(hand) for hand in hands] == [["8.00"], ["8.00"]]


def test_the_shell_example_loses_nothing_that_comes_meanwhile_or_when_it_is_stopped(site: Site, tmp_path: Path) -> None:
    script, waiting = tmp_path / "send.sh", tmp_path / "events"
    script.write_text(example("sh"))
    hands = [site.gates.hand() for _ in range(3)]
    lines = [json.dumps(shift(hand)) + "\n" for hand in hands]
    waiting.write_text(lines[0])
    slow = tmp_path / "curl"
    slow.write_text("#!/bin/sh\nexec sleep 3\n")
    slow.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{site.environment['PATH']}"}
    sending = subprocess.Popen(["sh", str(script), str(waiting)], env=site.environment | path)
    time.sleep(1)
    with waiting.open("a") as file:
        file.write(lines[1])
    sending.kill()
    sending.wait(10)
    with waiting.open("a") as file:
        file.write(lines[2])
    for _ in range(2):
        subprocess.run(["sh", str(script), str(waiting)], env=site.environment, check=True, timeout=60)
    assert [site.gates.hours(hand) for hand in hands] == [["8.00"]] * 3
    assert waiting.read_text() == ""


def test_the_curl_of_the_page_is_a_shift(site: Site) -> None:
    site.gates.manager.ok("POST", "/projects/", {"code": "SCHOOL", "name": "School"})
    site.gates.manager.ok("POST", "/operatives/", {"name": "Nora", "external_clock_id": "3001"})
    [command] = re.findall(r"^    (curl .*?\n(?:    .*\n)+)", PAGE, re.MULTILINE)
    found = subprocess.run(
        ["sh", "-c", f"curl -s{command[4:]}"], env=site.environment, capture_output=True, check=True, timeout=60
    )
    assert json.loads(found.stdout)["status"] == "matched"


def test_the_page_names_every_field_and_status() -> None:
    from chalicelib.clock.lists import STATUSES
    from chalicelib.clock.payloads import FIELDS

    assert all(f"`{name}`" in PAGE for name in (*FIELDS, *STATUSES))
