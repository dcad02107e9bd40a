"""The section of the bench that measures sums."""

import pytest

from bench.rollups import rollups_section


@pytest.mark.proof
def test_every_batch_and_request_of_the_section_is_measured() -> None:
    """Small ones here; calls do not depend on how many days or nodes there are."""
    lines: list[str] = []
    rollups_section(lines.append, days=5, nodes=3)
    assert len(lines) == 12
    approval = next(line for line in lines if line.startswith("1 approvals of one day"))
    assert approval.split()[-5:-3] == ["4", "4"]
