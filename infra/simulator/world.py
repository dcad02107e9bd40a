"""One history: requests, event functions and schedule over storage that breaks, in an order drawn from a seed.

Nothing runs beside anything: what happens "meanwhile" happens at a storage call of somebody else, so the same seed
gives the same history. A request that dies or whose answer is lost is sent again with its key until it is answered.
"""

import json
import random
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from chalicelib.access import authentication, keys, tokens
from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.functions import SCHEDULED_FUNCTIONS, STREAM_FUNCTIONS, StreamFunction, work_of
from chalicelib.rollups.repairs import rebuild
from chalicelib.rollups.sources import Place
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.work.rows import UNFINISHED
from infra import company
from infra.local.gateway import Gateway
from infra.local.gateway_messages import HttpRequest
from infra.local.lambda_context import LambdaContext
from infra.local.pump import remaining
from infra.local.schedule import scheduled_event
from infra.local.stream_events import stream_event, stream_record
from infra.simulator.memory import Memory, refused
from infra.simulator.model import CLOCK, Entry, Model, Operation

BEGIN = datetime(2026, 6, 15, 6, tzinfo=UTC)
DATES = ("2026-06-08", "2026-06-09")
ROLES = ("project_manager", "foreman", "supervisor")
SHARDS = 2
DEEPEST = 2  # requests within the storage calls of one another
FAULTS = ("dies before", "dies after", "loses its answer", "never arrives", "is throttled", "conflicts")
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/1"


class Wrong(BaseException):
    """What the product did is not what must hold; it reaches the simulator past all that catches errors."""


class Died(BaseException):
    """The function is gone: nothing may clean up."""


class Inline:
    """Calls that are sent together, one after another."""

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(call(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done


@dataclass
class Tenant:
    """A company, and what is known of it."""

    id: str
    secret: str
    model: Model = field(default_factory=Model)
    tokens: dict[str, str] = field(default_factory=dict)  # user -> token
    roles: dict[str, str] = field(default_factory=lambda: {"owner": "owner"})
    projects: dict[str, str] = field(default_factory=dict)  # id -> code
    codes: dict[str, list[str]] = field(default_factory=dict)  # project -> cost codes
    hands: dict[str, str] = field(default_factory=dict)  # operative -> clock ID


@dataclass
class Request:
    """Something that a client wants done, until it knows the answer."""

    tenant: Tenant
    operation: Operation
    method: str
    path: str
    body: dict[str, Any] | None
    key: str
    allowed: list[set[str]] = field(default_factory=list)  # what was right to refuse, at each moment of the request
    seen: list[Any] = field(default_factory=list)  # how the entry looked, at each moment of a read
    done: bool = False


class World:
    """A stage whose storage is in memory and whose luck is drawn from a seed."""

    def __init__(self, app: Any, seed: int, steps: int) -> None:
        self.luck, self.steps, self.faults = random.Random(seed), steps, False
        self.memory = Memory(store().prefix, self._changed)
        self.gateway = Gateway(app, 29)
        self.streams: dict[str, list[tuple[StreamFunction, dict[str, Any]]]] = defaultdict(list)
        self.sequence, self.depth = 0, 0
        self.frames: list[Request | None] = []
        self.dead: set[int] = set()
        self.waiting: list[Request] = []
        self.tenants: list[Tenant] = []
        self.log: list[str] = []

    # storage

    def __getattr__(self, operation: str) -> Any:
        if operation not in ("get_item", "batch_get_item", "query", "transact_write_items", "put_item", "update_item"):
            raise AttributeError(operation)
        return lambda **parameters: self._call(operation, parameters)

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        frame = len(self.frames)
        if frame in self.dead:
            raise Died
        often = 0.06 if self.frames and self.frames[-1] else 0.12  # event functions meet one another more
        if self.faults and self.depth < DEEPEST and self.luck.random() < often:
            self.depth += 1
            self._meanwhile()
            self.depth -= 1
        fault = self.luck.choice(FAULTS) if self.faults and self.luck.random() < 0.02 else ""
        if fault == "never arrives":
            raise ConnectionClosedError(endpoint_url="https://dynamodb.example")
        if fault == "is throttled":
            raise refused("ThrottlingException", "slower")
        if fault == "conflicts" and operation == "transact_write_items":
            reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in parameters["TransactItems"][1:])]
            raise refused("TransactionCanceledException", "conflict", CancellationReasons=reasons)
        if fault == "dies before":
            self._die(frame)
        before = self.memory.commits
        answer: dict[str, Any] = getattr(self.memory, operation)(**parameters)
        if operation == "transact_write_items" and self.memory.commits > before:  # else its token was known
            self._committed(parameters)
        if fault == "dies after":
            self._die(frame)
        if fault == "loses its answer":
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")
        return answer

    def _meanwhile(self) -> None:
        """Somebody else's step; or the client of this very request has lost patience, and sends it again."""
        mine = self.frames[-1] if self.frames else None
        choice = self.luck.random()
        if mine is not None and mine.key and choice < 0.1:
            self._pass(timedelta(seconds=31))  # the function's lock is over, and the function is not
            self._send(mine)
        elif mine is not None and choice < 0.7:
            self._send(self._new_request())
        elif choice < 0.5:
            busy = [shard for shard in sorted(self.streams) if "rollup" in shard and self.streams[shard]]
            self._deliver(self.luck.choice(busy or [""]))
        else:
            self._step()

    def _die(self, frame: int) -> None:
        self.dead.add(frame)
        raise Died

    def close(self) -> None:
        """Nothing is open."""

    def _committed(self, parameters: dict[str, Any]) -> None:
        """Something has taken effect: the model follows, and every request under way may be judged by it."""
        request = self.frames[-1] if self.frames else None
        if request is None or request.operation.verb == "read":
            return
        items, clock = parameters["TransactItems"], request.operation.by == CLOCK
        made = [
            each["Put"]["Item"]["pk"]["S"].partition("#")[2]
            for each in items
            if "Put" in each and each["Put"]["Item"].get("sk") == {"S": "entry"}
        ]
        if not (made if clock else '"COMPLETED"' in json.dumps(items, default=repr)):
            return
        if request.done:
            raise Wrong(f"{request.operation} was done twice")
        if right := request.tenant.model.refusals(request.operation):
            raise Wrong(f"{request.operation} was done though {right}")
        request.tenant.model.apply(request.operation, made[0] if made else "")
        request.done = True
        for each in (*self.frames, *self.waiting):
            if each is None or each.tenant is not request.tenant:
                continue
            if each.operation.verb == "read":
                each.seen.append(_looks(each.tenant.model, each.operation.entry))
            else:
                each.allowed.append(each.tenant.model.refusals(each.operation))

    def _changed(self, table: str, before: Any, after: Any) -> None:
        self.sequence += 1
        kind = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        keys = {name: (after or before)[name] for name in ("pk", "sk")}
        record = stream_record(kind, keys, after, before, f"{self.sequence:020}")
        for function in STREAM_FUNCTIONS:
            if function.table == table and (not function.keys or keys["sk"]["S"].startswith(function.keys)):
                shard = f"{function.name} {sum(keys['pk']['S'].encode()) % SHARDS}"
                self.streams[shard].append((function, record))

    # what happens

    def run(self) -> None:
        """The whole history, and the comparison at its end.

        Raises:
            Wrong: something does not hold.
        """
        for name in ("A", "B"):
            self.tenants.append(self._company(name))
        self._quiet()
        self.faults = True
        for _ in range(self.steps):
            self._step()
        self.faults = False
        self._quiet()
        for tenant in self.tenants:
            self._compare(tenant)

    def _step(self) -> None:
        choice = self.luck.random()
        if choice < 0.06:
            self._read()
        elif choice < 0.08:
            self._trespass()
        elif choice < 0.45:
            self._send(self._new_request())
        elif choice < 0.65 and self.waiting:
            self._send(self.waiting.pop(self.luck.randrange(len(self.waiting))))
        elif choice < 0.9:
            self._deliver(self.luck.choice(sorted(self.streams)))
        elif choice < 0.97:
            self._scheduled(self.luck.randrange(len(SCHEDULED_FUNCTIONS)))
        else:
            self._pass(timedelta(seconds=self.luck.choice((1, 31, 600, 90_000))))

    def _pass(self, time: timedelta) -> None:
        self.clock.shift(time)

    @contextmanager
    def _function(self, request: Request | None) -> Iterator[None]:
        """A function's run: what it does counts for the request, and it may die."""
        skew = timedelta(seconds=self.luck.choice((-2, 0, 0, 2)) if self.faults else 0)  # clocks of functions differ
        self._pass(skew)
        self.frames.append(request)
        try:
            yield
        except Died:
            self.log.append("died")
        finally:
            self._pass(-skew)
            self.dead.discard(len(self.frames))
            self.frames.pop()

    def _deliver(self, shard: str) -> None:
        """Some records of a shard, the oldest first; what is not known to be done comes again."""
        queue = self.streams[shard]
        if not queue:
            return
        function, batch = queue[0][0], [record for _, record in queue[: self.luck.randrange(1, 6)]]
        event = json.loads(json.dumps(stream_event(batch, ARN)))
        left: list[dict[str, Any]] = batch
        with self._function(None):
            try:
                left = remaining(batch, work_of(function)(function.name, event, LambdaContext(function.name, 30)))
            except Exception as error:
                self.log.append(f"{function.name}: {error!r}")
        done = batch[: len(batch) - len(left)]
        if not (self.faults and self.luck.random() < 0.1):
            self.streams[shard] = [each for each in self.streams[shard] if each[1] not in done]

    def _scheduled(self, number: int) -> None:
        function = SCHEDULED_FUNCTIONS[number]
        with self._function(None):
            try:
                work_of(function)(function.name, scheduled_event(function.name), LambdaContext(function.name, 120))
            except Exception as error:
                self.log.append(f"{function.name}: {error!r}")

    # clients

    def _http(
        self, request: Request | None, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, Any]:
        answer: Any = None
        with self._function(request):
            raw = b"" if body is None else json.dumps(body).encode()
            named = (("Content-Type", "application/json"), *headers.items())
            answer = self.gateway.answer(HttpRequest(method, f"/api/v1{path}", named, raw, "127.0.0.1"))
        if answer is None:
            return 0, None
        return int(answer.status), json.loads(answer.body, parse_float=Decimal) if answer.body else None

    def _send(self, request: Request) -> None:
        """A request, and what its client makes of the answer."""
        request.allowed.append(request.tenant.model.refusals(request.operation))
        operation = request.operation
        if operation.by == CLOCK:
            headers = {"X-Inbound-Secret": request.tenant.secret}
        else:
            headers = {"Authorization": f"Bearer {request.tenant.tokens[operation.by]}", "Idempotency-Key": request.key}
        status, answer = self._http(request, request.method, request.path, request.body, headers)
        self.log.append(f"{request.method} {request.path} {request.body} by {operation.by}: {status}")
        code = answer.get("code") if isinstance(answer, dict) and status >= 400 else None
        lost = self.faults and self.luck.random() < 0.1
        if status in (0, 429, 500, 503) or code == "idempotency_in_progress" or lost:
            if status == 500:
                raise Wrong(f"500: {answer}")
            self.waiting.append(request)
            return
        if status < 400 and not request.done and operation.by != CLOCK:
            raise Wrong(f"answered {status} without an effect: {operation}")
        if status >= 400 and request.done:
            raise Wrong(f"answered {status} {code} after its effect: {operation}")
        if status >= 400 and not any(code in allowed for allowed in request.allowed):
            raise Wrong(f"answered {status} {code}, allowed {request.allowed}: {operation} {answer}")

    def _read(self) -> None:
        """An entry is shown as it was at some moment of the request; its rate to those who may see rates alone."""
        tenant = self.luck.choice(self.tenants)
        if not tenant.model.entries:
            return
        id, user = self.luck.choice(list(tenant.model.entries)), self.luck.choice(list(tenant.tokens))
        reading = Request(tenant, Operation("read", user, entry=id), "GET", f"/labour/{id}/", None, "")
        reading.seen.append(_looks(tenant.model, id))
        headers = {"Authorization": f"Bearer {tenant.tokens[user]}"}
        status, row = self._http(reading, "GET", reading.path, None, headers)
        if status in (0, 503):
            return
        shown = (row["status"], row["hours"]) if status == 200 else None
        if shown not in reading.seen:
            raise Wrong(f"{id} is shown as {status} {shown}, it was {reading.seen}")
        if status == 200 and ("hourly_rate" in row) is not (tenant.roles[user] in ("owner", "project_manager")):
            raise Wrong(f"the rate of {id} is shown to {tenant.roles[user]}, or hidden from them: {row}")

    def _trespass(self) -> None:
        """Nothing of another company is there."""
        mine, other = self.luck.sample(self.tenants, 2)
        if not other.model.entries:
            return
        id, user = self.luck.choice(list(other.model.entries)), self.luck.choice(list(mine.tokens))
        headers = {"Authorization": f"Bearer {mine.tokens[user]}"}
        tried: tuple[str, str, dict[str, Any] | None] = self.luck.choice(
            [
                ("GET", f"/labour/{id}/", None),
                ("POST", f"/labour/{id}/approve/", {}),
                ("DELETE", f"/labour/{id}/", None),
            ]
        )
        status, answer = self._http(None, *tried, headers)
        if status not in (0, 404, 503):
            raise Wrong(f"{tried} of another company: {status} {answer}")

    def _new_request(self) -> Request:
        tenant = self.luck.choice(self.tenants)
        user = self.luck.choice(list(tenant.tokens))
        verb = self.luck.choices(
            ("create", "approve", "reject", "reopen", "edit", "submit", "delete", "resolve", "punch"),
            (25, 25, 9, 6, 9, 10, 3, 8, 14),
        )[0]
        key = f"k{self.luck.getrandbits(60)}"
        known = list(tenant.model.entries)[-self.luck.choice((3, 100)) :]  # much happens to the newest
        if verb == "punch":
            return self._punch(tenant)
        if verb == "create" or not known:
            return self._create(tenant, user, key)
        id = self.luck.choice(known)
        entry = tenant.model.entries[id]
        operation = Operation(verb, user, entry=id)
        if verb == "resolve":
            day = tenant.model.counted(entry.day)
            operation.keep = tuple(sorted(each for each in day if self.luck.random() < 0.7))
            body = {"keep": list(operation.keep), "reject_rest": True, "note": "asked"}
            clash = f"{entry.operative}{entry.date.replace('-', '')}"
            return Request(tenant, operation, "POST", f"/clashes/{clash}/resolve/", body, key)
        if verb == "edit":
            operation.hours = Decimal(self.luck.choice(("2.5", "4", "8", "11")))
            return Request(tenant, operation, "PATCH", f"/labour/{id}/", {"hours": float(operation.hours)}, key)
        if verb == "delete":
            return Request(tenant, operation, "DELETE", f"/labour/{id}/", {}, key)
        if verb == "approve" and entry.code is None and self.luck.random() < 0.8:
            operation.code = self.luck.choice(tenant.codes[entry.project])
        body = {"cost_code": operation.code} if operation.code else {}
        body = {"reason": "so"} if verb in ("reject", "reopen") else body
        return Request(tenant, operation, "POST", f"/labour/{id}/{verb}/", body, key)

    def _create(self, tenant: Tenant, user: str, key: str) -> Request:
        project = self.luck.choice(list(tenant.projects))
        hours = Decimal(self.luck.choice(("2", "4.25", "8", "9.5")))
        new = Entry(
            project,
            self.luck.choice(list(tenant.hands)),
            self.luck.choice(DATES),
            hours,
            self.luck.choice(tenant.codes[project]),
            user,
            hours_by=user,
        )
        body = {"project": project, "operative": new.operative, "date": new.date, "hours": float(hours)}
        operation = Operation("create", user, new=new)
        return Request(tenant, operation, "POST", "/labour/", body | {"cost_code": new.code}, key)

    def _punch(self, tenant: Tenant) -> Request:
        """A shift of a hand; the same one comes again and again."""
        hand = self.luck.choice(list(tenant.hands))
        project, date = next(iter(tenant.projects)), self.luck.choice(DATES)
        new = Entry(project, hand, date, Decimal(8), None, CLOCK, clocked=True)
        body = {
            "clock_id": tenant.hands[hand],
            "project_code": tenant.projects[project],
            "clock_in": f"{date}T07:00:00Z",
            "clock_out": f"{date}T15:00:00Z",
        }
        return Request(tenant, Operation("create", CLOCK, new=new), "POST", "/clock-events/ingest/", body, "")

    # beginning and end

    def _company(self, name: str) -> Tenant:
        made = company.create(f"Company {name}", "pro", "UTC", f"owner@{name.lower()}.example")
        tenant = Tenant(made["company"]["id"], made["ingest_secret"])
        tenant.tokens["owner"] = made["token"]
        for role in ROLES:
            user = self._ok(tenant, "POST", "/users/", {"name": role, "email": f"{role}@{name}.example", "role": role})
            tenant.tokens[user["id"]], tenant.roles[user["id"]] = _own_token(tenant.id, user["id"]), role
        owner = tenant.tokens.pop("owner")
        tenant.tokens = {"owner": owner, **tenant.tokens}
        for number in range(2):
            code = f"{name}{number}"
            project = self._ok(tenant, "POST", "/projects/", {"code": code, "name": code})["id"]
            parent = None
            for level in ("L", "S", "D"):
                parent = self._ok(tenant, "POST", f"/projects/{project}/wbs/", {"name": level, "parent": parent})["id"]
            codes = []
            for activity in ("X", "Y"):
                body = {"name": activity, "parent": parent, "cost_code": f"{code}{activity}", "budget_hours": 100}
                codes.append(self._ok(tenant, "POST", f"/projects/{project}/wbs/", body)["cost_code"])
            tenant.projects[project], tenant.codes[project] = code, codes
        for number in range(2):
            body = {"name": f"Hand {number}", "external_clock_id": f"{name}{number}"}
            tenant.hands[self._ok(tenant, "POST", "/operatives/", body)["id"]] = f"{name}{number}"
        return tenant

    def _ok(self, tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tenant.tokens['owner']}"}
        status, answer = self._http(None, method, path, body, headers)
        if not 200 <= status < 300:
            raise Wrong(f"{method} {path}: {status} {answer}")
        return answer

    def _quiet(self) -> None:
        """Everything that waits is answered and delivered."""
        for _ in range(200):
            self._pass(timedelta(seconds=31))
            waiting, self.waiting = self.waiting, []
            for request in waiting:
                self._send(request)
            for shard in sorted(self.streams):
                while self.streams[shard]:
                    self._deliver(shard)
            for number in range(len(SCHEDULED_FUNCTIONS)):
                self._scheduled(number)
            if not self.waiting and not any(self.streams.values()):
                return
        raise Wrong(f"{len(self.waiting)} requests are never answered: {self.log[-5:]}")

    def _compare(self, tenant: Tenant) -> None:
        """What the API shows, against the model."""
        rows = {row["id"]: row for row in self._walk(tenant, "/labour/?page_size=7")}
        model = tenant.model
        self._same("the entries listed", set(rows), set(model.entries))
        for id, entry in model.entries.items():
            row = rows[id]
            shown = (row["status"], row["hours"], row["cost_code"], row["submitted_by"], row["operative"], row["date"])
            names = {"owner": self._ok(tenant, "GET", "/me/")["user"]["id"], CLOCK: None}
            submitter = names.get(entry.submitter, entry.submitter)
            self._same(id, shown, (entry.status, entry.hours, entry.code, submitter, entry.operative, entry.date))
            self._same(
                f"the clash of {id}",
                row["clash"] is not None,
                model.held(entry.day) and entry.status in ("submitted", "approved"),
            )
        held = {each.day for each in model.entries.values() if model.held(each.day)}
        clashes = {(row["operative"], row["date"]) for row in self._walk(tenant, "/clashes/?status=open&page_size=3")}
        self._same("open clashes", clashes, held)
        for project in tenant.projects:
            figures = self._ok(tenant, "GET", f"/projects/{project}/kpis/")
            self._same(f"AC of {project}", figures["ac"], model.spent(project))
            self._same(f"drift of {project}", rebuild(store(), Place(tenant.id, project)), 0)

        for name, table in self.memory.tables.items():
            left = [
                place
                for place, item in table.items.items()
                if place[0].startswith(tenant.id) and UNFINISHED.hash in item
            ]
            self._same(f"work left in {name}", left, [])
        listed = {row["id"] for row in self._walk(tenant, "/labour/?status=approved&page_size=4")}
        approved = {id for id, entry in model.entries.items() if entry.status == "approved"}
        self._same("the approved entries listed", listed, approved)
        count = self._ok(tenant, "GET", "/labour/?status=submitted&page_size=1")["count"]
        self._same("how many wait", count, sum(each.status == "submitted" for each in model.entries.values()))

    def _walk(self, tenant: Tenant, path: str | None) -> Iterator[Any]:
        walked = set[str]()
        while path:
            page = self._ok(tenant, "GET", path)
            for row in page["results"]:
                if row["id"] in walked:
                    raise Wrong(f"{row['id']} is listed twice in {path}")
                walked.add(row["id"])
                yield row
            path = page["next"].removeprefix("/api/v1") if page["next"] else None

    def _same(self, what: str, shown: Any, wanted: Any) -> None:
        if shown != wanted:
            raise Wrong(f"{what}: {shown} instead of {wanted}")

    clock: Any = None


def _looks(model: Model, id: str) -> tuple[str, Decimal] | None:
    """Status and hours of an entry; nothing once it is gone."""
    entry = model.entries.get(id)
    return (entry.status, entry.hours) if entry else None


def _own_token(tenant: str, user: str) -> str:
    """A token that somebody has made for themselves: whoever makes one for another stands behind what that one does."""
    row, access = store().get_many((Company, tenant, "company"), (Access, key(tenant, user), "access"))
    now = datetime.now(UTC)
    made = tokens.create(Reading(store()), Caller(tenant, user, access, row, now), "own", None, None, now)
    store().transact(made.changes)
    return made.answer.token.text


@contextmanager
def history(app: Any, seed: int, steps: int) -> Iterator[World]:
    """A world of a seed: its time, its randomness and its storage are in place inside."""
    dice = random.Random(f"ids {seed}")
    world = World(app, seed, steps)
    here = store()
    before = (here.client, here.pool, here.sleep, uuid.uuid4, secrets.token_bytes)
    random.seed(seed)
    for remembered in (keys._provider, authentication.unknown_companies):  # of the history before
        remembered.cache_clear()
    try:
        with time_machine.travel(BEGIN, tick=False) as clock:
            world.clock = clock
            here.client, here.pool, here.sleep = world, Inline(), lambda _: None  # type: ignore[assignment]
            uuid.uuid4 = lambda: uuid.UUID(int=dice.getrandbits(128), version=4)
            secrets.token_bytes = lambda nbytes=None: dice.randbytes(nbytes or 32)
            yield world
    finally:
        here.client, here.pool, here.sleep, uuid.uuid4, secrets.token_bytes = before
