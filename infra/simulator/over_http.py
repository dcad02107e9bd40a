"""``make simulate-http``: histories of the simulator over HTTP, without faults, one request after another.

    python -m infra.simulator.over_http [--runs 3] [--steps 200] [--rehearsal]

The clients, the model and the comparison at the end are those of ``make simulate``; the service is the local runtime,
or with ``--rehearsal`` the deployment that ``make rehearse`` makes. As nothing comes in between, each answer is what
the model says at that moment. Every fifth request is sent once more with its key, and is answered alike.
"""

import argparse
import json
import logging
import os
import random
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from infra.gates import saying, unwind_when_stopped
from infra.simulator.clients import Clients
from infra.simulator.comparing import compare
from infra.simulator.days import Days
from infra.simulator.device_rules import REFUSED
from infra.simulator.effects import FINISHED, Wrong
from infra.simulator.facts import CLOCK, Effect, Operation
from infra.simulator.founding import found
from infra.simulator.judging import Judge
from infra.simulator.requests import Request, Tenant, encoded
from infra.simulator.site import Shown
from infra.simulator.tree_files import missing
from infra.simulator.world import left_out_of, theme_of
from infra.year import runtime

LEFT_OUT = frozenset({"stray", "settle", "adopt", "hand change", "status", "use link"})
"""What becomes of kept punches by itself comes at a moment of its own."""
ONCE = "close"  # a history, as it takes most of a minute
NO_END = (None, 0, 100_000)  # overlaps, as the model's time stands still here
PATIENCE = 60.0  # seconds until what was done is in every figure
LONGEST_JOB = 180.0


class Remote:
    """A service somewhere, in the place of a :class:`World`: the same clients and the same comparison."""

    def __init__(self, base_url: str, host: str | None, seed: int) -> None:
        self.base_url, self.host, self.seed = base_url, host, seed
        self.luck = random.Random(seed)
        self.days = Days(datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0))
        self.clients = Clients(self.luck, self.days, left_out_of(seed) | LEFT_OUT, theme_of(seed))
        self.clients.overlaps = NO_END
        self.judge = Judge(time.monotonic)
        self.counts: dict[str, int] = {}

    @contextmanager
    def function(self, request: Request | None, seconds: float) -> Iterator[None]:
        """What the caller does itself on the stage's tables; nothing breaks."""
        yield

    def http(
        self, request: Request | None, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """One request: status and body."""
        kind, raw = encoded(body)
        asked = urllib.request.Request(
            f"{self.base_url}/api/v1{path}",
            method=method,
            data=None if body is None else raw,
            headers={"Content-Type": kind, **({"Host": self.host} if self.host else {}), **headers},
        )
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text, parse_float=Decimal) if text else None

    def run(self, steps: int) -> None:
        """A whole history.

        Raises:
            Wrong: something is not as the model has it.
        """
        tenants = [found(self, f"{name}{self.seed}-{time.time_ns()}", name) for name in ("A", "B")]  # type: ignore[arg-type]
        for _ in range(steps):
            request = self.clients.draw(self.luck.choice(tenants))
            answer = self._send(request)
            gone = "not_authenticated" in request.tenant.model.refusals(request.operation).soft  # by this very request
            if request.key and not gone and self.luck.random() < 0.2 and (again := self._answer(request)) != answer:
                raise Wrong(f"answered {answer} first, and then {again}: {request.operation}")
        for tenant in tenants:
            self._settled(tenant)

    def _settled(self, tenant: Tenant) -> None:
        """The comparison, again and again until what is on its way has arrived."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                compare(self, tenant)  # type: ignore[arg-type]
                return
            except Wrong:
                if time.monotonic() > until:
                    raise
                time.sleep(1)

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.operation.by == CLOCK:
            headers = {"X-Inbound-Secret": request.secret}
        else:
            headers = {"Authorization": f"Bearer {request.token}"}
            headers |= {"Idempotency-Key": f"{self.seed}-{request.key}"} if request.key else {}
        status, answer = self.http(request, request.method, request.path, request.body, headers)
        if isinstance(answer, dict) and status >= 400:
            answer.pop("request_id", None)
        return status, answer

    def _send(self, request: Request) -> tuple[int, Any]:
        """A request, whose answer is right and whose effect the model follows."""
        if request.operation.by == CLOCK:
            self.clients.take_secret(request)
        operation, model = request.operation, request.tenant.model
        why = model.refusals(operation)
        status, answer = self._answer(request)
        self.counts[f"{operation.verb} {status}"] = self.counts.get(f"{operation.verb} {status}", 0) + 1
        if operation.by == CLOCK:
            self._punched(request, status, answer)
        elif status >= 400:
            if answer["code"] not in why.answers():
                raise Wrong(f"answered {status} {answer}, right was {why}: {operation}")
        elif why.soft or why.hard:
            raise Wrong(f"answered {status} though {why}: {operation}")
        else:
            self._done(request, answer)
        return status, answer

    def now(self) -> float:
        """Seconds; its lists do not lag."""
        return 0.0

    def _done(self, request: Request, answer: Any) -> None:
        operation, model = request.operation, request.tenant.model
        if operation.verb == "sheet":
            owner = {"Authorization": f"Bearer {self._owner(request.tenant)}"}
            for row, shown in zip(operation.rows, answer["entries"], strict=True):
                if isinstance(shown, str):
                    _, shown = self.http(None, "GET", f"/labour/{shown}/", None, owner)
                one = replace(operation, verb="create", new=row, rows=())
                model.apply(one, Effect(shown["id"], None, shown["wbs"]))
            return
        if operation.verb == "review":
            self._reviewed(operation, request, answer)
            return
        rate = model.rate_of(operation.entry) if operation.verb == "approve" else None
        if operation.verb == "import":
            self._imported(request)
            return
        if operation.verb == "close":
            self._closed(request, answer)
            return
        answer = answer or {}
        if "token" in answer:
            request.tenant.made[answer["id"]] = answer["token"]
        model.apply(operation, Effect(answer.get("id", ""), rate, answer.get("wbs")))
        if operation.verb == "rotate":
            request.tenant.secrets[operation.values["secret"]] = answer["secret"]

    def _closed(self, request: Request, job: Any) -> None:
        """The days are closed when the job ends; what was submitted in them is rejected, or keeps them open."""
        operation, model = request.operation, request.tenant.model
        site, until = model.sites[operation.project], time.monotonic() + LONGEST_JOB
        owner = {"Authorization": f"Bearer {self._owner(request.tenant)}"}
        while job["status"] not in FINISHED and time.monotonic() < until:
            time.sleep(1)
            _, job = self.http(None, "GET", f"/jobs/{job['id']}/", None, owner)
        inside = [
            id
            for id, each in model.entries.items()
            if each.project == operation.project
            and each.date <= operation.values["closed_to"]
            and each.status == "submitted"
        ]
        force = operation.values["force"]
        if job["status"] != "succeeded" and (force or not inside):
            raise Wrong(f"{operation} ends as {job}")
        if job["status"] == "succeeded":
            if inside and not force:
                raise Wrong(f"closed over {inside}: {operation}")
            for id in inside:
                model.apply(Operation("reject", operation.by, entry=id))
            model.apply(operation)
            site.closed_for_good = site.closed_to
        self.clients.kinds.pop(ONCE, None)

    def _imported(self, request: Request) -> None:
        """The project as the file says: what is new there has ids that are read off the tree."""
        operation, site = request.operation, request.tenant.model.sites[request.operation.project]
        owner = {"Authorization": f"Bearer {self._owner(request.tenant)}"}
        _, page = self.http(None, "GET", f"/projects/{operation.project}/wbs/?page_size=200", None, owner)
        plans = {row.code: row for row in operation.values["rows"]}
        shown = {}
        for node in page["results"]:
            row = plans.get(node["cost_code"] or "")
            if row is not None or not site.has(node["id"]):
                level = None if site.has(node["id"]) else node["level"]
                values = {"name": node["name"], "code": node["cost_code"]}
                if row is not None:
                    values |= {"budget": row.budget, "quantity": row.quantity, "start": row.start, "finish": row.finish}
                    values |= {"rule": node["earning_rule"]}
                shown[node["id"]] = Shown(level, node["parent"], True, values)
        request.tenant.model.apply(operation, Effect(shown=shown))
        if wrong := [*missing(site, plans.values(), 0.0)]:
            raise Wrong(f"{wrong}: {operation}")

    def _reviewed(self, operation: Operation, request: Request, answer: Any) -> None:
        """The entries in the order in which the service takes them: by operative, date, project and activity."""
        model, step = request.tenant.model, operation.values["step"]
        done = answer["approved" if step == "approve" else "rejected"]
        skipped = {row["id"]: row["code"] for row in answer["skipped"]}
        if sorted([*done, *skipped]) != sorted(operation.ids):
            raise Wrong(f"{answer} is answered: {operation}")
        for id in operation.ids:
            one = replace(operation, verb=step, entry=id, ids=())
            why = model.refusals(one)
            if id in skipped and skipped[id] not in why.answers():
                raise Wrong(f"{id} is skipped as {skipped[id]}, right was {why}: {operation}")
            if id in done and (why.soft or why.hard):
                raise Wrong(f"{id} is done though {why}: {operation}")
        for id in done:
            rate = model.rate_of(id) if step == "approve" else None
            node = model.entries[id].node
            model.apply(replace(operation, verb=step, entry=id, ids=()), Effect("", rate, node))

    def _punched(self, request: Request, status: int, answer: Any) -> None:
        """What a punch has become: hours, once both ends are told; corrected ones, while nobody has touched them."""
        operation, model = request.operation, request.tenant.model
        assert operation.new is not None
        if REFUSED in model.refusals(operation).soft:
            if status != 401:
                raise Wrong(f"answered {status} although the secret has ended: {operation}")
            return
        if status >= 500 or status in (400, 401, 403):
            raise Wrong(f"a punch is answered {status} {answer}: {operation}")
        self.judge.begin(request)
        id = answer.get("labour_entry")
        if status == 409 or id is None:
            return
        self.judge.kept.setdefault(operation.new.day, set()).add(operation.values["told"])
        _, row = self.http(
            None, "GET", f"/labour/{id}/", None, {"Authorization": f"Bearer {self._owner(request.tenant)}"}
        )
        if id not in model.entries and id not in model.gone and "hours" in row:
            model.apply(replace(operation, new=replace(operation.new, hours=row["hours"])), Effect(id))
        elif id in model.entries and row["hours"] != model.entries[id].hours:
            entry = model.entries[id]
            if (
                entry.corrected_by_hand
                or entry.status == "approved"
                or answer["duplicate"]
                or row["hours"] != operation.new.hours
            ):
                raise Wrong(f"{id} has {row['hours']} hours and had {entry}: {operation}")
            model.apply(Operation("correct", CLOCK, entry=id, values={"hours": row["hours"]}))

    @staticmethod
    def _owner(tenant: Tenant) -> str:
        return tenant.tokens[tenant.owner]


def main() -> int:
    """The command line; 1 when a history went wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator.over_http", description=__doc__)
    parser.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", "3")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--steps", type=int, default=int(os.environ.get("STEPS", "200")))
    parser.add_argument("--rehearsal", action="store_true", help="on the deployment, not on the local runtime")
    asked = parser.parse_args()
    say = saying("simulator")
    unwind_when_stopped()
    with runtime(asked.rehearsal, say) as (base_url, host):
        logging.disable(logging.CRITICAL)
        for seed in range(asked.seed, asked.seed + asked.runs):
            remote = Remote(base_url, host, seed)
            try:
                remote.run(asked.steps)
            except Wrong as wrong:
                say(f"seed {seed}: {wrong}")
                return 1
            say(f"seed {seed}: {asked.steps} requests, nothing wrong: {dict(sorted(remote.counts.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
