"""``make rehearse``: the runbook's own lines from nothing, on an AWS on loopback, and the main job there."""

import json
import os
import sys
from typing import Any

from infra.demo import Client
from infra.gates import Say, saying, unwind_when_stopped
from infra.main_job import Done, Mismatch, run
from infra.provision import protect_tables
from infra.rehearsal import deployment, drills, ministack, pages, previous, shift_start, upgrade
from infra.rehearsal.runbook import Runbook
from infra.rehearsal.running import host_of, started

PATIENCE = 120.0
STAGE, RESTORED = "rehearsal", "restored"
PREVIOUS = ministack.HOME / "previous"
NO_PREVIOUS = (
    "there is no release before this one in the history here (no tag v…, and a clone that is shallow or none): "
    "this release without an index, its alarm and the dashboard stands for it; PREVIOUS=COMMIT names another"
)


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
    made = _created(book, say)
    host = host_of(book.names["STACK"], endpoint)
    say(f"deployed; running the main job at {host}/api")
    done = run(f"{endpoint}/api", PATIENCE, say, host, made)
    say("upgrade under load")
    _changed(book, endpoint, done, say, 30, "Keep what runs", "Package", "Stack")
    deployment.require_indexes(STAGE)
    host = host_of(book.names["STACK"], endpoint)
    say(f"opening the pages: {pages.opened(f'{endpoint}/api', host, done.person, done.job.project)}")
    say("running a shift start of many devices")
    shift_start.run(f"{endpoint}/api", say, host)
    say("rollback under load")
    _changed(book, endpoint, done, say, 3000, "Roll back")
    say("versions of the API and its alias")
    first, second = drills.versions(book, book.names["STACK"], lambda: _answered(book, endpoint, done))
    say(f"version {first}, then {second}, back to {first} by hand, a tenth to {second}, then all of it")
    outputs = deployment.outputs(book.names["STACK"])
    say("alarm drill")
    drills.alarm(book, outputs["AlertsTopic"], f"{outputs['AlarmPrefix']}ServerErrors")
    say("redrive")
    drills.redrive(book, book.names["STACK"], STAGE, done.company)
    say("restore as another stage, whose stack takes the tables in")
    upgrade.settled(done.owner, done.job, PATIENCE)
    _restored(book, endpoint, done, say)
    say("upkeep, and a trial without CloudFormation")
    drills.upkeep(book, STAGE, done.company, done.job.project, made["ingest_secret"])
    drills.trial(Runbook(**book.names | {"WBSYNC_STAGE": "trial"}))
    say("anonymising, export and removal of a company")
    _anonymised(book, done)
    _removed(book, done.company)


def _created(book: Runbook, say: Say) -> dict[str, Any]:
    """The stack of the release before this one, made and given its first company by that release's own runbook."""
    release = previous.chosen(os.environ.get("PREVIOUS"))
    there = book
    if release:
        say(f"creating the stack of the release before: {previous.described(release)}")
        there = Runbook(previous.unpacked(release, PREVIOUS), **book.names)
    else:
        say(NO_PREVIOUS)
    there.run("Package")
    if not release:
        deployment.make_previous()
    refused = deployment.refused(there.root, STAGE)
    say(f"what AWS would refuse of an update from it, by the release gate: {'; '.join(refused) or 'nothing'}")
    there.run("Stack")
    protect_tables()  # the emulator's CloudFormation leaves point-in-time recovery out
    made: dict[str, Any] = json.loads(there.run("The first company"))
    return made


def _changed(book: Runbook, endpoint: str, done: Done, say: Say, days_back: int, *headings: str) -> None:
    """Another release is put in place while hours come in; rows and figures are as before."""
    figures, rows = upgrade.settled(done.owner, done.job, PATIENCE), upgrade.rows(STAGE)
    with upgrade.loaded(done.job, days_back, lambda: _follow(book, endpoint, done)) as load:
        for heading in headings:
            book.run(heading)
        _follow(book, endpoint, done)
    upgrade.require_kept(load, done.owner)
    upgrade.require_same(rows, upgrade.rows(STAGE))
    if figures != upgrade.settled(done.owner, done.job, PATIENCE):
        raise Mismatch("the figures are others")
    say(f"{len(rows)} rows and {len(figures)} places' figures are as before; answers meanwhile: {dict(load.answers)}")


def _follow(book: Runbook, endpoint: str, done: Done) -> None:
    """The clients find the gateway again, which has another id on the emulator once its routes have changed."""
    done.owner.host = done.job.foreman.host = host_of(book.names["STACK"], endpoint)


def _answered(book: Runbook, endpoint: str, done: Done) -> None:
    _follow(book, endpoint, done)
    done.owner.call("GET", f"/projects/{done.job.project}/kpis/")


def _restored(book: Runbook, endpoint: str, done: Done, say: Say) -> None:
    """The restored stage gives the same figures to the same token."""
    figures = upgrade.figures(done.owner, done.job)
    there = Runbook(**book.names | {"STACK": "wbsync-restored", "WBSYNC_STAGE": RESTORED})
    drill = drills.restore(there, STAGE)
    say(f"recovery point {drill['recovery_point']}, tables after {drill['seconds']} s, all {drill['with_the_stack']} s")
    owner = Client(done.owner.base_url, done.owner.token, host_of("wbsync-restored", endpoint))
    if upgrade.figures(owner, done.job) != figures:
        raise Mismatch("the restored stage gives other figures")


def _anonymised(book: Runbook, done: Done) -> None:
    """The operative whose clock ID is 77 is forgotten; their hours and figures stay."""
    figures = upgrade.figures(done.owner, done.job)
    said = json.loads(book.run("Anonymise a person", COMPANY=done.company, OPERATIVE=done.job.operative))
    row = done.owner.call("GET", f"/operatives/{done.job.operative}/")
    events = done.owner.call("GET", "/clock-events/?clock_id=77")["count"]
    if events or row["external_clock_id"] or not said["punches"] or upgrade.figures(done.owner, done.job) != figures:
        raise Mismatch(f"anonymising gave {said}, and {row}")


def _removed(book: Runbook, company: str) -> None:
    book.run("The export of a company", COMPANY=company)
    asked = json.loads(book.run("Remove a company", COMPANY=company))
    gone = json.loads(book.run("Confirm the removal", COMPANY=company, WORD=asked["confirm"], WAIT="5"))
    left = [key for key, row in upgrade.rows(STAGE).items() if company in row and "removals" not in key[1]]
    if left or gone["rows"] < sum(asked["rows"].values()):
        raise Mismatch(f"the removal left {left[:3]}: {gone}")


if __name__ == "__main__":
    sys.exit(main())
