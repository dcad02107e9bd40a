"""The work of labour that outlasts its request comes to the same end wherever the one who does it dies."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.storage.store import store
from chalicelib.work import intents
from tests.faults import harness
from tests.faults.harness import Died, Run, storage
from tests.faults.scenarios import DAY, Sent, Site
from tests.stage import Client

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def closing(site: Site) -> str:
    """A forced closing of days with more entries than one transaction rejects, one of them under a clash."""
    rows = [site.hours(operative=site.operative(f"Hand {number}"), hours=8) for number in range(19)]
    site.foreman.ok("POST", "/labour/bulk/", {"entries": rows})
    site.approved()
    site.foreman.ok("POST", "/labour/", site.hours(hours=12))
    path = f"/projects/{site.project}/periods/"
    return str(site.manager.ok("POST", path, {"closed_to": DAY, "force": True})["id"])


def refused_closing(site: Site) -> str:
    """A closing beside which an entry slipped in, that fails and leaves the period as it was."""
    job = site.manager.ok("POST", f"/projects/{site.project}/periods/", {"closed_to": DAY})["id"]
    site.slips_in()
    return str(job)


def long_file(site: Site) -> str:
    """A file of more rows than a request writes."""
    days = [(datetime(2026, 1, 1) + timedelta(days=number)).date().isoformat() for number in range(101)]
    hands = [site.operative(f"Hand {number}") for number in range(5)]
    lines = ["operative,date,project,hours", *(f"{hand},{day},P-1,8" for day in days for hand in hands)]
    client = Client(site.stage.gateway, {**site.foreman.headers, "Content-Type": "text/csv"})
    return str(client.ok("POST", "/labour/import/", "\n".join(lines).encode())["id"])


def lower_cap(site: Site) -> str:
    """Days evaluated again after the cap was lowered."""
    site.entry(hours=14)
    site.entry(operative=site.operative("Mia"), hours=13)
    site.owner.ok("PATCH", "/company/", {"daily_cap_hours": 12})
    [job] = site.unfinished()
    return job


@pytest.mark.long
@pytest.mark.parametrize("after", [pytest.param(False, marks=pytest.mark.every_fault), True], ids=["before", "after"])
@pytest.mark.parametrize(
    "begin", [closing, refused_closing, lower_cap, pytest.param(long_file, marks=pytest.mark.every_fault)]
)
def test_work_goes_on_wherever_it_was_left(site: Site, begin: Callable[[Site], str], after: bool) -> None:
    clean = harness.saved()
    try:
        job = begin(site)
        company = site.stage.made["company"]["id"]
        run = Run("GET /api/v1/jobs", Sent(site.owner, f"/jobs/{job}/"))

        def finish() -> None:
            intents.forward(store(), company, job, lambda: LATER)

        run.again()
        finish()
        wanted = run.outcome(run.without_key())
        assert '"status":"queued"' not in wanted.answer and '"status":"running"' not in wanted.answer
        run.again()
        with storage(harness.sound) as client:
            finish()
        for number in range(len(client.calls)):
            run.again()
            with storage(harness.dies(number, after=after)), suppress(Died):
                finish()
            finish()
            assert run.outcome(run.without_key()) == wanted, number
    finally:
        harness.put_back(clean)
