"""The rehearsal runs the lines that the runbook has, and the runbook's lines stand on the names that it gives."""

import re

import pytest

from infra.rehearsal.drills import UPKEEP
from infra.rehearsal.runbook import PAGE, ROOT, Failed, section
from infra.template.alarms import alarms

REHEARSAL = ROOT / "infra" / "rehearsal"
RUN = (
    "The bucket",
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
    "Without CloudFormation",
    "A new digest key",
    "Rekey a company",
    "Anonymise a person",
    "The export of a company",
    "Remove a company",
    "Confirm the removal",
    *UPKEEP,
)
NOT_RUN = {
    "Names": "the rehearsal has names of its own",
    "A gradual move": "the emulator has no CodeDeploy; the linters take the result",
    "Restore": "names again",
    "Watch from outside": "the emulator's host name does not resolve; tests/infra/test_check.py runs it",
}
# What the operator fills in as they go.
OWN = {"COMPANY", "PROJECT", "OPERATIVE", "WORD", "WAIT", "ALARM", "SOURCE", "VERSION", "FUNCTION", "URL"}


@pytest.mark.parametrize("heading", RUN)
def test_every_chapter_of_the_rehearsal_is_in_the_runbook_with_names_that_it_gives(heading: str) -> None:
    page = (ROOT / PAGE).read_text()
    given = set(re.findall(r"\b([A-Z][A-Z_]+)=", section(page, "Names")))
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", section(page, heading)))
    assert used <= given | OWN, used - given


def test_every_block_of_the_runbook_is_run_or_says_why_not() -> None:
    blocks, heading, sources = set(), "", "\n".join(each.read_text() for each in REHEARSAL.glob("*.py"))
    for line in (ROOT / PAGE).read_text().splitlines():
        heading = line.lstrip("# ") if line.startswith("#") else heading
        if line.startswith("    "):
            blocks.add(heading)
    assert blocks == {*RUN, *NOT_RUN}
    assert [each for each in RUN if f'"{each}"' not in sources] == []


def test_a_chapter_ends_at_the_next_heading_and_one_without_lines_is_refused() -> None:
    page = "## A\n\n    one\n    two \\\n      more\n\ntext\n\n### B\n\n    three\n\n## C\n\nno line\n"
    assert section(page, "A") == "one\ntwo \\\n  more"
    assert section(page, "B") == "three"
    for heading in ("C", "D"):
        with pytest.raises(Failed):
            section(page, heading)


def test_every_alarm_of_the_template_is_in_the_runbook_with_what_to_do() -> None:
    chapter = (ROOT / PAGE).read_text().partition("\n### Alarms one by one\n")[2].partition("\n### ")[0]
    rows = [line.split("|")[1:4] for line in chapter.splitlines() if line.startswith("| `")]
    assert all(meaning.strip() and act.strip() for _, meaning, act in rows)
    known = [name.replace("…", r"\w+") for row in rows for name in re.findall(r"`([…\w]+)`", row[0])]
    wanted = alarms("production").keys() - {"Alerts"}
    assert wanted == {name for name in wanted for kind in known if re.fullmatch(kind, name)}
