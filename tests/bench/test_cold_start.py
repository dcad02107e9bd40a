"""The cold-start section: times of real processes, and the arithmetic of the comparison."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cold_start import (
    BARE,
    COLUMNS,
    DRF,
    FASTAPI,
    OURS,
    TRACED,
    Program,
    Sample,
    measure,
    ratio,
    ratios,
    run,
    table,
)
from bench.dynamodb_server import PROJECTS, client, dynamodb_server, load_comparators

FIRST_STATEMENT_CPU = "first statement, CPU"


def runs(*seconds: float) -> list[Sample]:
    return [Sample(second, second, second + 0.1, second + 0.1) for second in seconds]


SAMPLES = {
    BARE: runs(0.2, 0.3, 0.9),
    OURS: runs(0.5, 0.5, 0.5),
    TRACED: runs(0.6, 0.6, 0.6),
    FASTAPI: runs(0.7, 0.7, 0.8),
    DRF: runs(1.3, 1.2, 1.3),
}


def test_only_the_time_beyond_the_bare_client_is_compared() -> None:
    cpu = COLUMNS[FIRST_STATEMENT_CPU]
    assert ratio(SAMPLES, OURS, FASTAPI, cpu) == pytest.approx(0.5)
    assert ratio(SAMPLES, OURS, DRF, cpu) == pytest.approx(0.2)


def test_each_program_has_a_row_and_each_comparator_a_ratio() -> None:
    printed = table(SAMPLES)
    assert [line.split("  ")[0] for line in printed[2:]] == [BARE, OURS, TRACED, FASTAPI, DRF]
    assert "200 / 300 / 900" in printed[2]
    assert [line.split("  ")[0] for line in ratios(SAMPLES)[1:]] == [
        FASTAPI,
        DRF,
        f"{FASTAPI}, traced",
        f"{DRF}, traced",
    ]


def test_a_fresh_process_reports_its_times() -> None:
    bare = Program(BARE, Path(sys.executable), "bench.cold.bare", {})
    (sample,) = measure([bare], 1)[BARE]
    assert 0 < sample.wall < sample.process_wall
    assert 0 < sample.cpu < sample.process_cpu


def test_a_program_that_fails_ends_the_measurement(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(Program("none", Path(sys.executable), "bench.cold.missing", {}))
    assert "bench.cold.missing" in capfd.readouterr().err


def test_the_server_holds_the_comparators_page_and_ends() -> None:
    with dynamodb_server() as endpoint:
        environment = load_comparators(endpoint)
        answer = client(endpoint).scan(TableName=environment["PROJECTS_TABLE"])
    assert environment["AWS_ENDPOINT_URL"] == endpoint
    assert answer["Count"] == PROJECTS
