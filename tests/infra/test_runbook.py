"""The rehearsal runs the lines that the runbook has, and the runbook's lines stand on the names that it gives."""

import re

import pytest

from infra.rehearsal.runbook import PAGE, ROOT, Failed, section
from infra.template.alarms import alarms

RUN = (
    "Package",
    "Stack",
    "The first company",
    "Keep what runs",
    "Roll back",
    "A move by hand",
    "Which version serves",
    "All to one version",
    "A tenth to another version",
    "An alarm drill",
    "The failure queue",
    "Restore the tables",
    "A first deploy that failed",
    "The export of a company",
    "Remove a company",
    "Confirm the removal",
)
OWN = {"COMPANY", "WORD", "WAIT", "ALARM", "SOURCE", "VERSION", "FUNCTION"}  # what the operator fills in as they go


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


def test_every_alarm_of_the_template_is_in_the_runbook_with_what_to_do() -> None:
    chapter = (ROOT / PAGE).read_text().partition("\n### Alarms\n")[2].partition("\n### ")[0]
    rows = [line.split("|")[1:4] for line in chapter.splitlines() if line.startswith("| `")]
    assert all(meaning.strip() and act.strip() for _, meaning, act in rows)
    known = [name.replace("…", r"\w+") for row in rows for name in re.findall(r"`([…\w]+)`", row[0])]
    wanted = alarms("production").keys() - {"Alerts"}
    assert wanted == {name for name in wanted for kind in known if re.fullmatch(kind, name)}
