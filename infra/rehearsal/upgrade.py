"""An upgrade under load: what is answered meanwhile, and that every row and figure is as it was."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import boto3

from infra.demo import Client
from infra.main_job import Job, Mismatch
from infra.provision import definitions

PASSING = frozenset({"requests", "idempotency", "work", "rollups"})  # counters, kept answers, work and sums go on
PAUSE = 0.2


@dataclass
class Load:
    """Hours that are put in one after the other, and how each was answered."""

    job: Job
    days_back: int
    stopped: threading.Event = field(default_factory=threading.Event)
    kept: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Until it is stopped; each entry on a day of its own, so that no row of before is touched."""
        day = datetime.now(UTC).date() - timedelta(days=self.days_back)
        while not self.stopped.wait(PAUSE):
            day -= timedelta(days=1)
            try:
                self.kept.append(self.job.foreman.once("POST", "/labour/", self.job.hours(day))["id"])  # type: ignore[index]
                self.answers["2xx"] += 1
            except RuntimeError as error:
                self.answers[str(error).partition(": ")[2][:3]] += 1


@contextmanager
def loaded(job: Job, days_back: int) -> Iterator[Load]:
    """Load for as long as the block runs, on the days before so many days ago."""
    load = Load(job, days_back)
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        thread.join(60)


def rows(stage: str) -> dict[tuple[str, str], str]:
    """Every source row of a stage, as it is now."""
    client, found = boto3.client("dynamodb"), dict[tuple[str, str], str]()
    for name, definition in definitions(stage).items():
        if name in PASSING:
            continue
        for page in client.get_paginator("scan").paginate(TableName=definition["TableName"]):
            for item in page["Items"]:
                found[name, f"{item['pk']['S']} {item['sk']['S']}"] = json.dumps(item, sort_keys=True, default=str)
    return found


def require_same(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> None:
    """Every row of before is there as it was; access rows count requests, and so may differ.

    Raises:
        Mismatch: one is not.
    """
    moving = ("access", "ingest", "head", "tip")
    lost = [key for key in before if key not in after]
    changed = [key for key in before if key in after and before[key] != after[key] and not key[1].endswith(moving)]
    if lost or changed:
        raise Mismatch(f"rows were lost: {lost[:3]}; changed: {changed[:3]}")


def require_kept(load: Load, owner: Client) -> None:
    """What was answered with 2xx is there, and nothing was answered with a fault of the service.

    Raises:
        Mismatch: one is not.
    """
    if not load.kept or any(kind.startswith("5") for kind in load.answers):
        raise Mismatch(f"under load: {dict(load.answers)}")
    for id in load.kept:
        owner.call("GET", f"/labour/{id}/")


def figures(owner: Client, job: Job) -> dict[str, object]:
    """The key figures of a project and its nodes, but for when they were calculated."""
    places = (f"/projects/{job.project}", *(f"/wbs/{node}" for node in job.path))
    return {place: _still(owner.call("GET", f"{place}/kpis/")) for place in places}


def _still(answer: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in answer.items() if name not in {"computed_at", "as_of"}}


def settled(owner: Client, job: Job, seconds: float) -> dict[str, object]:
    """The figures once they have stood still for two seconds."""
    until, last = time.monotonic() + seconds, figures(owner, job)
    while time.monotonic() < until:
        time.sleep(2)
        now = figures(owner, job)
        if now == last:
            return now
        last = now
    raise Mismatch("the figures do not come to rest")
