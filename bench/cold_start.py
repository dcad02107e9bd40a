"""Cold start: the time to import an application and answer the first request.

Four programs, each in a fresh process: a bare `boto3.client("dynamodb")`, this application, and
the same list route on FastAPI + Mangum + boto3 and on Django REST framework + apig-wsgi + boto3.
Ours runs twice, the second time with a request that X-Ray samples; the comparators never trace.
They run in turn (A B C A B C …), so that a busy machine slows all alike, after one unmeasured
turn that leaves compiled modules and warm file caches to each. All see the environment of a
function, so that libraries do what they do there. What counts is the time *beyond* the bare client:
(ours - bare) / (theirs - bare), of medians. Ours makes six calls
for its page (a parameter; the caller, their address, the company; a count, the rows), the others two.

"from first statement" is measured inside the process and leaves the interpreter's start out;
"whole process" is measured from outside and holds it. CPU is user + system time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bench.cold import wbsync
from bench.dynamodb_server import CREDENTIALS, dynamodb_server, load_comparators
from bench.environments import ROOT, python_of

RUNS = 15

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"
FUNCTION = {
    "LAMBDA_TASK_ROOT": str(ROOT),
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "_X_AMZN_TRACE_ID": f"{TRACE};Sampled=0",
}
"""What Lambda tells a function of itself, with a request that X-Ray does not sample."""

BARE = "bare boto3 client"
OURS = "wbsync"
TRACED = "wbsync, traced"
FASTAPI = "FastAPI + Mangum"
DRF = "DRF + apig-wsgi"


@dataclass(frozen=True)
class Program:
    """A module to run in a fresh process of an interpreter."""

    name: str
    python: Path
    module: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """One run, in seconds: from the first statement, and of the whole process."""

    wall: float
    cpu: float
    process_wall: float
    process_cpu: float


COLUMNS: Mapping[str, Callable[[Sample], float]] = {
    "first statement, CPU": lambda sample: sample.cpu,
    "first statement, wall": lambda sample: sample.wall,
    "whole process, CPU": lambda sample: sample.process_cpu,
    "whole process, wall": lambda sample: sample.process_wall,
}

Samples = Mapping[str, Sequence[Sample]]
"""The runs of each program, by its name."""


def cold_start_section(prepare: Callable[[str], dict[str, str]] = wbsync.prepare, runs: int = RUNS) -> Samples:
    """Measure and print the table and the ratios. `prepare` makes our tables at an endpoint."""
    with dynamodb_server() as endpoint:
        samples = measure(_programs(prepare(endpoint), load_comparators(endpoint)), runs)
    for line in (*table(samples), "", *ratios(samples)):
        print(line)
    return samples


def measure(programs: Sequence[Program], runs: int) -> Samples:
    """Run the programs in turn, once unmeasured and then `runs` times."""
    for program in programs:
        run(program)
    turns = [[run(program) for program in programs] for _ in range(runs)]
    columns = zip(*turns, strict=True)
    return {program.name: column for program, column in zip(programs, columns, strict=True)}


def run(program: Program) -> Sample:
    """Run a program in a fresh process; it prints its own times as its last line."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [program.python, "-m", program.module],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **CREDENTIALS, **FUNCTION, **program.environment},
            stdout=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program.module, printed)
    inside = json.loads(printed.splitlines()[-1])
    return Sample(inside["wall"], inside["cpu"], wall, usage.ru_utime + usage.ru_stime)


def beyond_bare(samples: Samples, name: str, column: Callable[[Sample], float]) -> float:
    """Seconds of a program beyond the bare client's, of medians."""
    own, bare = (statistics.median(map(column, samples[which])) for which in (name, BARE))
    return own - bare


def ratio(samples: Samples, ours: str, theirs: str, column: Callable[[Sample], float]) -> float:
    """Our time beyond the bare client, as a share of theirs."""
    return beyond_bare(samples, ours, column) / beyond_bare(samples, theirs, column)


def table(samples: Samples) -> list[str]:
    """Minimum, median and maximum of each program, in milliseconds."""
    layout = "{:<26}" + " {:>24}" * len(COLUMNS)
    runs = min(map(len, samples.values()))
    lines = [f"cold start, ms: min / median / max of {runs} runs", layout.format("", *COLUMNS)]
    for name, own in samples.items():
        cells = (_spread([column(sample) for sample in own]) for column in COLUMNS.values())
        lines.append(layout.format(name, *cells))
    return lines


def ratios(samples: Samples) -> list[str]:
    """(ours - bare) / (theirs - bare) for each comparator and column."""
    layout = "{:<26}" + " {:>24}" * len(COLUMNS)
    lines = [layout.format("beyond bare, share of:", *COLUMNS)]
    for ours, theirs in product((OURS, TRACED), (FASTAPI, DRF)):
        cells = (f"{ratio(samples, ours, theirs, column):.2f}" for column in COLUMNS.values())
        lines.append(layout.format(f"{theirs}{', traced' if ours == TRACED else ''}", *cells))
    return lines


def _programs(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[Program]:
    return [
        Program(BARE, Path(sys.executable), "bench.cold.bare", theirs),
        Program(OURS, Path(sys.executable), "bench.cold.wbsync", ours),
        Program(TRACED, Path(sys.executable), "bench.cold.wbsync", {**ours, "_X_AMZN_TRACE_ID": f"{TRACE};Sampled=1"}),
        Program(FASTAPI, python_of("fastapi"), "bench.cold.fastapi_app", theirs),
        Program(DRF, python_of("drf"), "bench.cold.drf_app", theirs),
    ]


def _spread(seconds: Sequence[float]) -> str:
    figures = (min(seconds), statistics.median(seconds), max(seconds))
    return " / ".join(f"{figure * 1000:.0f}" for figure in figures)
