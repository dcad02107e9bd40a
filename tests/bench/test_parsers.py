"""No parser takes longer for a KB of a long input than for one of a short input."""

import pytest

from bench.parsers import LARGE, SMALL, WORST, milliseconds, parsers_section

ROOM = 4  # times; what grows by the square would be twenty times as slow
LEAST = 2.0  # milliseconds: below that a clock tells nothing


@pytest.mark.long
@pytest.mark.parametrize("name", WORST)
def test_reading_the_worst_input_takes_a_time_that_grows_no_faster_than_the_input(name: str) -> None:
    small, large = (milliseconds(WORST[name], size) for size in (SMALL, LARGE))
    assert large < max(small, LEAST) * (LARGE / SMALL) * ROOM, (small, large)


@pytest.mark.proof
def test_every_parser_has_its_row() -> None:
    rows: list[str] = []
    parsers_section(rows.append)
    assert len(rows) == len(WORST) + 1
