"""Warm requests: the CPU time of one in a process that has answered some, beside other stacks that do the same calls.

The comparators make the same calls to the same tables by boto3 (``bench/warm/service.py``), behind FastAPI + Mangum
and Django REST framework + apig-wsgi. The programs run in turn, several times, and the median counts: CPU time
of the process alone, not the emulator's, and not the waiting for it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.cold_start import DRF, FASTAPI, FUNCTION, OURS
from bench.environments import ROOT, python_of

TURNS = 5
Figures = Mapping[str, float]


def warm_section(output: Callable[[str], object] = print) -> None:
    """Measure in turn, and print milliseconds and our share of the others'."""
    from infra.local.moto_server import MotoServer

    with MotoServer() as moto:
        environment = _prepared(moto.endpoint_url)
        programs = {
            OURS: (Path(sys.executable), "bench.warm.wbsync"),
            FASTAPI: (python_of("fastapi"), "bench.warm.fastapi_app"),
            DRF: (python_of("drf"), "bench.warm.drf_app"),
        }
        turns = [{name: _run(*program, environment) for name, program in programs.items()} for _ in range(TURNS)]
    for line in table(turns):
        output(line)


def table(turns: list[Mapping[str, Figures]]) -> list[str]:
    """A row for each kind of request: the medians in milliseconds, and ours as a share of the others."""
    layout = "{:<16} {:>10} {:>18} {:>18} {:>12} {:>12}"
    lines = [layout.format("CPU, ms", OURS, FASTAPI, DRF, "of FastAPI", "of DRF")]
    for kind in turns[0][OURS]:
        ours, fastapi, drf = (statistics.median(turn[name][kind] for turn in turns) for name in (OURS, FASTAPI, DRF))
        shares = (f"{ours / other:.2f}" for other in (fastapi, drf))
        lines.append(layout.format(kind, f"{ours:.2f}", f"{fastapi:.2f}", f"{drf:.2f}", *shares))
    return lines


def _prepared(endpoint: str) -> dict[str, str]:
    from bench.application import prepared
    from chalicelib.projects.rows import LISTED, Project
    from chalicelib.storage.queries import Query
    from chalicelib.storage.store import store
    from infra.company import companies_of_the_stage

    environment, token, _ = prepared(endpoint)
    company = token[16:28]
    assert company in {each["id"] for each in companies_of_the_stage()["companies"]}
    [row, *_] = store().page(Query(model=Project, hash=company, list=LISTED), limit=1).rows
    quiet = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}
    return environment | quiet | {"BENCH_TOKEN": token, "BENCH_PROJECT": row["id"]["S"]}


def _run(python: Path, module: str, environment: Mapping[str, str]) -> Figures:
    done = subprocess.run(
        [python, "-m", module],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **FUNCTION, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module}: {done.stderr or done.stdout}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
