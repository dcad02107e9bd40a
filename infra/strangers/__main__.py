"""``make strangers``: linters, importers and a warehouse loader of others on the served schema and the running API.

Everything is installed into an environment of its own, Node.js included. One service stands for all; each
tool that does not get on is named, and the exit code is 1.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.company import create
from infra.demo import Client
from infra.gates import python_with, saying, unwind_when_stopped
from infra.local.service import service
from infra.strangers import postman
from infra.strangers.node import Tools

HOME = Path(".strangers").absolute()
HERE = Path(__file__).parent.absolute()
SCHEMA, DATABASE = HOME / "schema.json", HOME / "warehouse.duckdb"
PATIENCE = 60
IMPORT = "folderStrategy=Tags,parametersResolution=Example,enableOptionalParameters=false"
say = saying("strangers")


class Failed(Exception):
    """A tool did not get on with the API; the text says how."""


def main() -> int:
    """Install, serve, try each tool; 1 when one of them did not get on."""
    unwind_when_stopped()
    HOME.mkdir(exist_ok=True)
    say("installing the tools into their own environment (once; a minute)")
    python = python_with(HERE / "requirements.txt", HOME / "venv", "--no-deps")
    tools = Tools(HOME / "npm", python.parent)
    tools.install()
    with service(0, "off", say) as (base_url, _, pump):
        company = create("Strangers", "pro", "Europe/Dublin", "owner@strangers.example")
        owner = Client(base_url, company["token"])
        SCHEMA.write_bytes(json.dumps(owner.schema()).encode())
        steps: dict[str, Callable[[], None]] = {
            "Redocly lints the schema": lambda: _linted(
                tools.run("redocly", "lint", "--config", HERE / "redocly.yaml", SCHEMA)
            ),
            "Spectral lints the schema": lambda: _linted(
                tools.run("spectral", "lint", "--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint", SCHEMA)
            ),
            "Postman's importer, and newman does the main job": lambda: _postman(tools, owner, company),
            "Insomnia's importer": lambda: _insomnia(tools, owner),
            "dlt loads DuckDB": lambda: _warehouse(python, owner),
        }
        failed = [name for name, step in steps.items() if not _tried(name, step)]
        pump.drain(60)
    say(f"{len(steps) - len(failed)} of {len(steps)} got on" + "".join(f"; not so: {name}" for name in failed))
    return int(bool(failed))


def _tried(name: str, step: Callable[[], None]) -> bool:
    say(name)
    try:
        step()
    except Failed as error:
        say(f"FAILED: {error}")
        return False
    return True


def _linted(code: int) -> None:
    if code:
        raise Failed("see above")


def _postman(tools: Tools, owner: Client, company: Mapping[str, Any]) -> None:
    made = HOME / "collection.json"
    if tools.run("openapi2postmanv2", "-s", SCHEMA, "-o", made, "-O", IMPORT):
        raise Failed("the schema is not taken")
    collection = json.loads(made.read_text())
    if found := postman.filled_in(collection):
        raise Failed(f"the import fills in what may be left out: {found}")
    variables = {"bearerToken": owner.token, "apiKey": company["ingest_secret"]}
    known = _newman(tools, "job", postman.job(collection), variables)
    _awaited(owner, known["project"], postman.HOURS)
    ids = {"wbs": known["wbs"], "node": known["wbs"], "parent": known["discipline"], "user": known["user"]}
    ids |= {"labour": known["labour"], "clock-events": known["event"], "jobs": known["job"], "tokens": known["token"]}
    ids |= {"projects": known["project"], "project": known["project"], "operatives": known["operative"]}
    ids |= {"users": known["user"], "clashes": _clash(owner, known)}
    _newman(tools, "reads", postman.reads(collection, ids), variables)


def _newman(tools: Tools, name: str, collection: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """Run a collection; what its variables hold in the end."""
    file, told = HOME / f"{name}.json", HOME / f"{name}-variables.json"
    file.write_text(json.dumps(collection))
    options = [part for pair in variables.items() for part in ("--env-var", "=".join(pair))]
    command: list[str | Path] = [
        "run",
        file,
        "--bail",
        "--reporters",
        "cli",
        "--reporter-cli-no-banner",
        "--reporter-cli-no-summary",
        "--reporter-cli-no-success-assertions",
        "--color",
        "off",
        *options,
    ]
    if tools.run("newman", *command, "--export-environment", told):
        raise Failed(f"newman stopped in {file}")
    say(f"newman sent {len(collection['item'])} requests, each with an answer of 2xx")
    return {each["key"]: each["value"] for each in json.loads(told.read_text())["values"]}


def _clash(owner: Client, known: Mapping[str, str]) -> str:
    """Hours beyond a day's cap make a clash."""
    hours = {"project": known["project"], "operative": known["operative"], "date": "2026-06-10", "hours": 17}
    owner.call("POST", "/labour/", hours)
    return str(owner.call("GET", "/clashes/")["results"][0]["id"])


def _awaited(owner: Client, project: str, hours: float) -> None:
    until = time.monotonic() + PATIENCE
    while (spent := owner.call("GET", f"/projects/{project}/kpis/")["ac"]) != hours:
        if time.monotonic() > until:
            raise Failed(f"{spent} hours are in the figures instead of {hours}")
        time.sleep(0.2)


def _insomnia(tools: Tools, owner: Client) -> None:
    """Every operation becomes a request to the service, with no optional parameter switched on; and reads work."""
    made = HOME / "insomnia.json"
    made.unlink(missing_ok=True)
    if tools.script(HERE / "insomnia.js", SCHEMA, made):
        raise Failed("the schema is not taken")
    rows = json.loads(made.read_text())
    found = [row for row in rows if row["_type"] == "request"]
    operations = sum(len(methods) for methods in json.loads(SCHEMA.read_text())["paths"].values())
    [address] = [row["data"] for row in rows if row["_type"] == "environment" and "host" in row["data"]]
    if len(found) != operations or address["host"] not in owner.base_url:
        raise Failed(f"{len(found)} of {operations} operations, at {address['host']}")
    lists = [
        row for row in found if row["method"] == "GET" and row["url"].endswith("s/") and "{{ id }}" not in row["url"]
    ]
    for row in lists:
        if any(not each["disabled"] for each in row["parameters"]):
            continue  # it needs an id
        _sent(row, owner)
    say(f"{len(found)} requests")


def _sent(row: Mapping[str, Any], owner: Client) -> None:
    """A request as Insomnia sends it, a session's cookie beside the token included."""
    headers = {each["name"]: each["value"] for each in row["headers"] if not each["disabled"]}
    url = row["url"].replace("{{ base_url }}", owner.base_url)
    asked = urllib.request.Request(url, headers={**headers, "Authorization": f"Bearer {owner.token}"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        if answer.status != 200:
            raise Failed(f"{url} answers {answer.status}")


def _warehouse(python: Path, owner: Client) -> None:
    """Two loads, a change and a deletion between them: counts and sums are those of the API each time."""
    DATABASE.unlink(missing_ok=True)
    _loaded(python, owner)
    [first, *_] = owner.call("GET", "/labour/?status=submitted")["results"]
    owner.call("DELETE", f"/labour/{first['id']}/")
    owner.call("POST", "/operatives/", {"name": "Wanda Late"})
    _loaded(python, owner)


def _loaded(python: Path, owner: Client) -> None:
    command: list[str | Path] = [python, HERE / "warehouse.py", owner.base_url, owner.token, DATABASE]
    environment = {"HOME": str(HOME), "PATH": "/usr/bin:/bin", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    done = subprocess.run(command, env=environment, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr[-2000:])
    held = json.loads(done.stdout.splitlines()[-1])
    wanted = {name: owner.call("GET", f"/{name}/?page_size=1")["count"] for name in held["counts"]}
    hours = owner.call("GET", "/labour/?totals=true")["totals"]["hours"]
    say(f"the warehouse holds {held}")
    if held != {"counts": wanted, "hours": hours}:
        raise Failed(f"the API says {wanted} and {hours} hours")


if __name__ == "__main__":
    sys.exit(main())
