"""``make rehearse``: the runbook's own lines from nothing, on an AWS on loopback, and the main job there."""

import json
import sys

from infra.demo import Client
from infra.gates import Say, saying, unwind_when_stopped
from infra.main_job import Done, Mismatch, run
from infra.provision import protect_tables
from infra.rehearsal import deployment, drills, pages, shift_start, upgrade
from infra.rehearsal.runbook import Runbook
from infra.rehearsal.running import host_of, started

PATIENCE = 120.0
STAGE, RESTORED = "rehearsal", "restored"


def main() -> int:
    """Every step, timed; a failing one ends the rehearsal with its reason."""
    say = saying("rehearsal")
    unwind_when_stopped()
    with started(say) as (book, endpoint):
        rehearse(book, endpoint, say)
    say("done; everything that was started is stopped")
    return 0


def rehearse(book: Runbook, endpoint: str, say: Say) -> None:
    """The chapters of the runbook, in the order of a stage's life."""
    say("packaging, and creating the stack of a release before this one")
    book.run("Package")
    deployment.make_previous()
    book.run("Stack")
    protect_tables()  # the emulator's CloudFormation leaves point-in-time recovery out
    made = json.loads(book.run("The first company"))
    host = host_of(book.names["STACK"], endpoint)
    say(f"deployed; running the main job at {host}/api")
    done = run(f"{endpoint}/api", PATIENCE, say, host)
    say(f"opening the pages: {pages.opened(f'{endpoint}/api', host, done.person, done.job.project)}")
    say("running a shift start of many devices")
    shift_start.run(f"{endpoint}/api", say, host)
    say("upgrade under load")
    _changed(book, done, say, 30, "Keep what runs", "Package", "Stack")
    _require_index(there=True)
    say("rollback under load")
    _changed(book, done, say, 3000, "Roll back")
    book.run("Stack")
    outputs = deployment.outputs(book.names["STACK"])
    say("alarm drill")
    drills.alarm(book, outputs["AlertsTopic"], f"{outputs['AlarmPrefix']}ServerErrors")
    say("redrive")
    drills.redrive(book, book.names["STACK"], STAGE, done.company)
    say("restore as another stage, whose stack takes the tables in")
    upgrade.settled(done.owner, done.job, PATIENCE)
    _restored(book, endpoint, done, say)
    say("export and removal of a company")
    _removed(book, made["company"]["id"])


def _changed(book: Runbook, done: Done, say: Say, days_back: int, *headings: str) -> None:
    """Another release is put in place while hours come in; rows and figures are as before."""
    figures, rows = upgrade.settled(done.owner, done.job, PATIENCE), upgrade.rows(STAGE)
    with upgrade.loaded(done.job, days_back) as load:
        for heading in headings:
            book.run(heading)
    upgrade.require_kept(load, done.owner)
    upgrade.require_same(rows, upgrade.rows(STAGE))
    if figures != upgrade.settled(done.owner, done.job, PATIENCE):
        raise Mismatch("the figures are others")
    say(f"{len(rows)} rows and {len(figures)} places' figures are as before; answers meanwhile: {dict(load.answers)}")


def _require_index(*, there: bool) -> None:
    if (deployment.INDEX in deployment.indexes_of(f"wbsync-{STAGE}-clock")) is not there:
        raise Mismatch("the upgrade did not make the index")


def _restored(book: Runbook, endpoint: str, done: Done, say: Say) -> None:
    """The restored stage gives the same figures to the same token."""
    figures = upgrade.figures(done.owner, done.job)
    there = Runbook(**book.names | {"STACK": "wbsync-restored", "WBSYNC_STAGE": RESTORED})
    drill = drills.restore(there, STAGE)
    say(f"recovery point {drill['recovery_point']}, tables after {drill['seconds']} s, all {drill['with_the_stack']} s")
    owner = Client(done.owner.base_url, done.owner.token, host_of("wbsync-restored", endpoint))
    if upgrade.figures(owner, done.job) != figures:
        raise Mismatch("the restored stage gives other figures")


def _removed(book: Runbook, company: str) -> None:
    book.run("The export of a company", COMPANY=company)
    asked = json.loads(book.run("Remove a company", COMPANY=company))
    gone = json.loads(book.run("Confirm the removal", COMPANY=company, WORD=asked["confirm"], WAIT="5"))
    left = [key for key, row in upgrade.rows(STAGE).items() if company in row and "removals" not in key[1]]
    if left or gone["rows"] < sum(asked["rows"].values()):
        raise Mismatch(f"the removal left {left[:3]}: {gone}")


if __name__ == "__main__":
    sys.exit(main())
