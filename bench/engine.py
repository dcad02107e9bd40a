"""The pure engine: a full rollup beside pandas and polars doing the same group-bys.

One process holds the three programs and one made-up project: 20,000 activities in four levels and
1,000,000 approved rows, in the order in which the tables keep them: by activity. Each starts from them in
its own kind of memory (activities with their bookings; data frames) and ends with BAC, PV, EV and AC, in hours
and in money, of every activity, every node above and the project, at one date. That is: the rows up to that date by
activity; earned and planned value of each activity; the activities by node, three times; the whole. The
results must agree to the last digit. They run in turn, so that a busy machine slows all alike. CPU is
user + system time of all threads: polars uses several.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence

from bench.environments import ROOT, python_of

ACTIVITIES, ROWS, TURNS = 20_000, 1_000_000, 7
OURS = "chalicelib.evm"

Times = Mapping[str, Sequence[tuple[float, float]]]
"""CPU and wall seconds of each turn, by program."""


def engine_section(activities: int = ACTIVITIES, rows: int = ROWS, turns: int = TURNS) -> Times:
    """Measure and print the table and the ratios."""
    times = measure(activities, rows, turns)
    print(f"full rollup of {activities:,} activities with {rows:,} approved rows, ms: median of {turns} turns")
    for line in table(times):
        print(line)
    return times


def table(times: Times) -> list[str]:
    """CPU and wall milliseconds of each program, and ours as a multiple of each other's."""
    lines = [f"{'':<20}{'CPU':>8}{'wall':>8}{'ours / theirs, CPU':>22}{'wall':>8}"]
    for name in times:
        cpu, wall = median(times, name, 0), median(times, name, 1)
        ratios = f"{median(times, OURS, 0) / cpu:>22.2f}{median(times, OURS, 1) / wall:>8.2f}" if name != OURS else ""
        lines.append(f"{name:<20}{cpu * 1000:>8.0f}{wall * 1000:>8.0f}{ratios}")
    return lines


def measure(activities: int, rows: int, turns: int) -> Times:
    """The three programs in a process of the comparators' environment; it fails where results differ."""
    command = [python_of("engine"), "-m", "bench.engine_programs", *map(str, (activities, rows, turns))]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return {name: [(cpu, wall) for cpu, wall in own] for name, own in json.loads(done.stdout).items()}


def median(times: Times, name: str, column: int) -> float:
    """Of CPU (0) or wall (1) seconds."""
    return statistics.median(turn[column] for turn in times[name])
