"""The cost page says what the meter counts."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from bench.cost import WorkerDay, cost_section, measured, month, standing

PAGE = (Path(__file__).parent.parent.parent / "docs" / "cost.md").read_text()


def test_a_month_is_so_many_workers_days() -> None:
    amounts = month(WorkerDay(Decimal(10), Decimal(5), Decimal(2)), 1000)
    assert (amounts["write units"], amounts["read units"], amounts["gateway requests"]) == (210_000, 105_000, 42_000)
    assert amounts["function calls"] > amounts["gateway requests"]


@pytest.mark.long
def test_the_page_has_the_counted_units_of_a_workers_day() -> None:
    """Within a tenth: what the streams do together depends on when they look."""
    day = measured(10)
    found = re.search(r"a worker's day: ([\d.]+) write units, ([\d.]+) read units, ([\d.]+) requests", PAGE)
    assert found is not None
    for text, counted in zip(found.groups(), (day.write_units, day.read_units, day.requests), strict=True):
        assert abs(Decimal(text) - counted) <= counted / 10, (text, counted)


def test_the_page_has_what_a_stage_costs_whoever_works() -> None:
    for name in standing():
        assert name in PAGE


@pytest.mark.long
def test_the_section_ends_with_the_sums() -> None:
    lines: list[str] = []
    cost_section(lambda line: lines.append(str(line)), workers=1)
    assert lines[0].startswith("a worker's day: ") and lines[-1].strip().startswith("a month of a stage")
