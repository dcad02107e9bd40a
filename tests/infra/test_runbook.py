"""The rehearsal runs the lines that the runbook has, and the runbook's lines stand on the names that it gives."""

import re

import pytest

from infra.rehearsal.runbook import PAGE, ROOT, Failed, section

RUN = (
    "Package",
    "Stack",
    "The first company",
    "Keep what runs",
    "Roll back",
    "An alarm drill",
    "The failure queue",
    "Restore the tables",
    "A first deploy that failed",
    "The export of a company",
    "Remove a company",
    "Confirm the removal",
)
OWN = {"COMPANY", "WORD", "WAIT", "ALARM", "SOURCE"}  # what the operator fills in as they go


@pytest.mark.parametrize("heading", RUN)
def test_every_chapter_of_the_rehearsal_is_in_the_runbook_with_names_that_it_gives(heading: str) -> None:
    page = (ROOT / PAGE).read_text()
    given = set(re.findall(r"\b([A-Z][A-Z_]+)=", section(page, "Names")))
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", section(page, heading)))
    assert used <= given | OWN, used - given


def test_a_chapter_ends_at_the_next_heading_and_one_without_lines_is_refused() -> None:
    page = "## A\n\n    one\n    two \\\n      more\n\ntext\n\n### B\n\n    three\n\n## C\n\nno line\n"
    assert section(page, "A") == "one\ntwo \\\n  more"
    assert section(page, "B") == "three"
    for heading in ("C", "D"):
        with pytest.raises(Failed):
            section(page, heading)
