"""An upgrade under load: what is answered meanwhile, and that every row and figure is as it was."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import boto3

from infra.demo import Client
from infra.main_job import Job, Mismatch
from infra.provision import definitions

PASSING = frozenset({"requests", "idempotency", "work", "rollups"})  # counters, kept answers, work and sums go on
PAUSE = 0.2
PATIENCE = 180.0  # a cut request of the emulator may hang for a minute
CUT_SHORT = "502"  # the emulator's answer to a request whose function was exchanged under it


@dataclass
class Load:
    """Hours that are put in one after the other, each sent again with its key until it is answered.

    The emulator cuts a request short when the code of its function changes (502, or no answer at all), and gives a
    gateway whose routes change another id (404 at the old one); AWS does neither. ``follow`` finds the gateway again.
    """

    job: Job
    days_back: int
    follow: Callable[[], None]
    stopped: threading.Event = field(default_factory=threading.Event)
    kept: list[str] = field(default_factory=list)
    lost: list[date] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Until it is stopped; each entry on a day of its own, so that no row of before is touched."""
        day = datetime.now(UTC).date() - timedelta(days=self.days_back)
        while not self.stopped.wait(PAUSE):
            day -= timedelta(days=1)
            key, until = str(uuid.uuid4()), time.monotonic() + PATIENCE
            while not self._sent(day, key):
                if time.monotonic() > until:
                    self.lost.append(day)
                    break
                time.sleep(PAUSE)
                self.follow()

    def _sent(self, day: date, key: str) -> bool:
        """Whether the entry is kept now."""
        try:
            entry = self.job.foreman.call("POST", "/labour/", self.job.hours(day), {"Idempotency-Key": key})
        except RuntimeError as error:
            self.answers[str(error).partition(": ")[2][:3]] += 1
            return False
        except OSError:
            self.answers["none"] += 1
            return False
        self.kept.append(entry["id"])
        self.answers["2xx"] += 1
        return True


@contextmanager
def loaded(job: Job, days_back: int, follow: Callable[[], None]) -> Iterator[Load]:
    """Load for as long as the block runs, on the days before so many days ago."""
    load = Load(job, days_back, follow)
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        thread.join(PATIENCE + 60)


def rows(stage: str) -> dict[tuple[str, str], str]:
    """Every source row of a stage, as it is now."""
    client, found = boto3.client("dynamodb"), dict[tuple[str, str], str]()
    there = {name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    for name, definition in definitions(stage).items():
        if name in PASSING:
            continue
        if definition["TableName"] not in there:
            continue  # of another release than this one
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
    """Every entry is there once, however often it was sent, and the service itself never failed.

    Raises:
        Mismatch: one is not, is there twice, or the service answered with a fault of its own.
    """
    faults = [kind for kind in load.answers if kind.startswith("5") and kind != CUT_SHORT]
    if not load.kept or load.lost or faults or len(set(load.kept)) != len(load.kept):
        raise Mismatch(f"under load: {dict(load.answers)}, lost {load.lost}")
    days = Counter(owner.call("GET", f"/labour/{id}/")["date"] for id in load.kept)
    first, last = min(days), max(days)
    found = owner.call("GET", f"/labour/?date_from={first}&date_to={last}&operative={load.job.operative}")["count"]
    if found != len(days) or days.total() != len(days):
        raise Mismatch(f"{found} entries for {len(days)} days")


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
