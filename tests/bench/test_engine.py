"""The engine section: the arithmetic of the comparison."""

from __future__ import annotations

from bench.engine import OURS, table


def test_medians_and_our_multiple_of_each_other_program() -> None:
    times = {OURS: [(0.3, 0.4), (0.2, 0.5), (0.9, 0.6)], "pandas": [(0.2, 0.25), (0.1, 0.2), (0.4, 0.5)]}
    assert [line.split() for line in table(times)[1:]] == [
        [OURS, "300", "500"],
        ["pandas", "200", "250", "1.50", "2.00"],
    ]
