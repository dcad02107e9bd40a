"""The synthetic check goes the way of a person, over HTTP, and says which step failed."""

import json
from collections.abc import Iterator

import pytest

from infra import check, company
from infra.local.gateway import serve
from tests.stage import Stage, running

Served = tuple[Stage, str, str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A stage behind a port, its URL, and a project."""
    with running(WBSYNC_SECURE_COOKIES="off") as stage:
        project = stage.owner.ok("POST", "/projects/", {"code": "P", "name": "Plant"})["id"]
        from app import app

        with serve(app, "127.0.0.1", 0).running() as server:
            yield stage, f"http://127.0.0.1:{server.server_port}", project


def test_it_signs_in_and_reads_a_key_figure(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, url, project = served
    added = company.add_person(stage.made["company"]["id"], "Check", "check@a.example", "owner")["user"]
    assert isinstance(added, dict)
    monkeypatch.setenv("WBSYNC_CHECK_EMAIL", "check@a.example")
    monkeypatch.setenv("WBSYNC_CHECK_PASSWORD", str(added["password"]))
    assert check.main([url, project]) == 0
    assert set(json.loads(capsys.readouterr().out)["milliseconds"]) == {"health", "sign_in", "key_figures"}
    assert check.main([url, "no-such-project"]) == 1
    assert "key_figures: HTTP Error 404" in capsys.readouterr().out
    monkeypatch.setenv("WBSYNC_CHECK_PASSWORD", "another one")
    assert check.main([url, project]) == 1
    assert "sign_in: HTTP Error 401" in capsys.readouterr().out


def test_a_service_that_is_not_there_is_a_failed_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in check.VARIABLES:
        monkeypatch.setenv(name, "x")
    assert check.main(["http://127.0.0.1:9", "project"]) == 1
    assert json.loads(capsys.readouterr().out)["failed"].startswith("health: ")
