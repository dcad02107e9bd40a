"""Imports of a work breakdown: reading a workbook of 20,000 rows in a process of its own, and a job of 10,000 rows."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.demo import Client

READ_ROWS, JOB_ROWS = 20_000, 10_000
IN_A_DISCIPLINE = 40


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Activities as a large project has them: forty in a discipline, all columns filled."""
    for n in range(count):
        start = date(2026, 1, 5) + timedelta(n % 300)
        names = (
            f"Location {n // 2000}",
            f"Sub-location {n // 400}",
            f"Discipline {n // IN_A_DISCIPLINE}",
            f"Activity {n}",
        )
        figures = Decimal("402.90930000000003") + n, "m3", Decimal("12.3456") + n
        yield (*names, f"A.{n:05d}", *figures, start, start + timedelta(27))


def imports_section() -> None:
    """Print what both cost."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "wbs.xlsx"
        file.write_bytes(_workbook(READ_ROWS))
        read = json.loads(subprocess.check_output([sys.executable, "-m", "bench.imports", str(file)]))
        size = file.stat().st_size / 1e6
    print(
        f"reading {read['rows']} rows of XLSX ({size:.1f} MB): {read['seconds']:.1f} s of CPU, "
        f"{read['megabytes']:.0f} MB at most (a function has 1,024)"
    )
    _job(JOB_ROWS)


def _workbook(count: int) -> bytes:
    from chalicelib.tree.export import as_xlsx

    return as_xlsx(rows(count))


def _job(count: int) -> None:
    """A whole import on the local moto: the request, then the job's steps to its end, then what is cleared."""
    from infra.local.moto_server import MotoServer

    os.environ |= {"POWERTOOLS_LOG_LEVEL": "WARNING", "POWERTOOLS_METRICS_DISABLED": "true"}
    with MotoServer() as moto:
        from app import app
        from bench.application import prepared
        from chalicelib.storage.store import store
        from infra.demo import Client
        from infra.local.gateway import serve

        _, token, _ = prepared(moto.endpoint_url)
        calls: Counter[str] = Counter()
        events = store().client.meta.events
        events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))
        with serve(app, "127.0.0.1", 0).running() as server:
            _measure(Client(server.url.rstrip("/"), token), count, calls)


def _measure(owner: Client, count: int, calls: Counter[str]) -> None:
    from chalicelib.storage.store import store
    from chalicelib.tree.export import XLSX
    from chalicelib.work import intents

    project = owner.call("POST", "/projects/", {"code": "IMPORT", "name": "Import"})["id"]
    company = owner.call("GET", "/company/")["id"]
    file = _workbook(count)
    calls.clear()
    begun = time.process_time()
    job = owner.call("POST", f"/projects/{project}/wbs/import/", file, {"Content-Type": XLSX})
    print(f"the request of {count} rows: {time.process_time() - begun:.1f} s of CPU, {_listed(calls)}")
    work = job["id"]
    for name in ("its job", "clearing"):
        calls.clear()
        begun, wall = time.process_time(), time.monotonic()
        done = intents.forward(store(), company, work, waited_for=True)
        assert done is not None and done.status == "succeeded", done
        cpu, steps = time.process_time() - begun, done.version - 1
        print(f"{name}: {steps} steps, {cpu:.1f} s of CPU, {time.monotonic() - wall:.0f} s on moto, {_listed(calls)}")
        work = done.state.get(intents.THEN)


def _listed(calls: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(calls.items()))


def _read(path: str) -> dict[str, Any]:
    """What reading a file costs in this process."""
    from chalicelib.handlers.wbs_files import checks
    from chalicelib.tree import imports

    content = Path(path).read_bytes()
    begun = time.process_time()
    file = imports.read(content, checks())
    assert not file.faults, "the rows are good"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": len(file.rows.rows), "seconds": time.process_time() - begun, "megabytes": most}


if __name__ == "__main__":
    print(json.dumps(_read(sys.argv[1])))
