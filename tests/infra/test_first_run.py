"""What a newcomer meets first: make says what there is, a taken port says what to do, and trials can be kept."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from chalicelib.settings import settings
from infra.local import kept

ROOT = Path(__file__).parent.parent.parent
MAKE = (ROOT / "Makefile").read_text()


def test_make_help_explains_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = set(re.findall(r"^make ([a-z-]+) +\S", shown, re.MULTILINE))
    [named] = re.findall(r"^\.PHONY: (.+)$", MAKE, re.MULTILINE)
    assert explained == set(named.split())


def test_what_running_needs_is_pinned_as_for_development_and_holds_no_tool_of_development() -> None:
    run, dev = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / f"requirements-{name}.txt").read_text(), re.MULTILINE))
        for name in ("run", "dev")
    )
    assert run.items() <= dev.items()
    assert not run.keys() & {"mypy", "pytest", "ruff", "hypothesis", "boto3-stubs"}


@pytest.mark.parametrize("port", ["taken", "ninety", "70000"])
def test_a_port_that_cannot_be_had_says_so_and_names_the_variable(port: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        chosen = str(other.getsockname()[1]) if port == "taken" else port
        command = [sys.executable, "-m", "infra.run"]
        done = subprocess.run(
            command, cwd=ROOT, env={"PORT": chosen}, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert f"port {chosen} is not free: PORT=9000 make run" in done.stdout


@pytest.mark.parametrize("held", ["", "[]", '{"parameters": {}, "tables": {"gone": [{"pk": {"S": "1"}}]}, "note": 1}'])
def test_a_snapshot_that_cannot_be_loaded_says_what_to_do(stage: object, tmp_path: Path, held: str) -> None:
    file = tmp_path / "kept.json"
    file.write_text(held)
    with pytest.raises(SystemExit, match="delete it to begin anew"):
        kept.load(file)


def test_what_is_kept_comes_back_row_for_row_and_only_its_owner_may_read_it(stage: object, tmp_path: Path) -> None:
    client, file = boto3.client("dynamodb"), tmp_path / "kept.json"
    table = f"{settings().table_prefix}companies"
    row = {"pk": {"S": "kept"}, "sk": {"S": "kept"}, "data": {"B": b"\x00\xff"}, "n": {"N": "1.50"}}
    client.put_item(TableName=table, Item=row)
    kept.save(file, {"project": "p"})
    assert file.stat().st_mode & 0o077 == 0
    client.delete_item(TableName=table, Key={name: row[name] for name in ("pk", "sk")})
    assert kept.load(file) == {"project": "p"}
    found = client.get_item(TableName=table, Key={name: row[name] for name in ("pk", "sk")})["Item"]
    assert found == row | {"n": {"N": "1.5"}} or found == row
    names = set(json.loads(file.read_text())["parameters"])
    assert f"{settings().parameter_prefix}digest-key" in names


def test_no_variable_of_make_has_the_name_of_an_option() -> None:
    """Make would hand its own value on to the program, and an option on its line would take the place of a file."""
    own = set(re.findall(r"^(\w+) *[:?]?=", MAKE, re.MULTILINE)) - {"PYTHON"}
    sources = [path.read_text() for folder in ("infra", "tests") for path in (ROOT / folder).rglob("*.py")]
    options = {name for text in sources for name in re.findall(r'environ\.get\("([A-Z_]+)"', text)}
    assert options >= {"RUNS", "SEED", "MINUTES"} and not own & options
