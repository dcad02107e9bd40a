"""One history: requests, event functions and schedule over storage that breaks, in an order drawn from a seed.

Nothing runs beside anything: what happens "meanwhile" happens at a storage call of somebody else, so the same seed
gives the same history. A request that dies or whose answer is lost is sent again with its key until it is answered.
"""

import json
import random
import secrets
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from chalicelib.access import authentication, keys
from chalicelib.functions import SCHEDULED_FUNCTIONS, STREAM_FUNCTIONS, StreamFunction, work_of
from chalicelib.storage.store import store
from chalicelib.work.rows import UNFINISHED
from infra.local.gateway import Gateway
from infra.local.gateway_messages import HttpRequest
from infra.local.lambda_context import LambdaContext
from infra.local.pump import remaining
from infra.local.schedule import scheduled_event
from infra.local.stream_events import stream_event, stream_record
from infra.simulator import readers
from infra.simulator.bounds import small_bounds
from infra.simulator.browsers import Browsers
from infra.simulator.clients import KINDS, LARGE, THEMES, TREES, Clients
from infra.simulator.days import BEGINNINGS, Days
from infra.simulator.effects import Wrong
from infra.simulator.facts import CLOCK, NOBODY
from infra.simulator.judging import Judge
from infra.simulator.memory import READS, WRITES, Memory, refused
from infra.simulator.mirror import Mirror
from infra.simulator.requests import SAME_ORIGIN, Request, Tenant, address, encoded, said

SHARDS = 2
RESUMING = [each.name for each in SCHEDULED_FUNCTIONS].index("work_resume")
DEEPEST = 2  # requests within the storage calls of one another
OF_CALLS = ("dies before", "dies after", "loses its answer", "never arrives", "is throttled", "conflicts")
FAULTS = (*OF_CALLS, "is given up")
A_CALL = 0.004  # seconds
MOST_CALLS = 40_000  # of a history; the usual ones have some thousands
HELD = 80_000.0  # seconds that a stream holds its records, or a little less
GATEWAY, HTTP, STALLED = (
    29.0,
    30.0,
    8.0,
)  # seconds: the gateway's patience, a function's, and how long a machine may stand still
A_WHILE = 5.0  # seconds by which one function's clock may be ahead of another's, and a little
MUCH_MET = (
    "cut",
    "freeze",
    "sheet",
    "import",
    "move",
    "rotate",
    "settings",
    "cap",
    "status",
    "invite",
    "use",
    "approve",
)  # by requests about the same thing
SHOWING = ("rotate", "invite", "token")  # secrets, whose clients repeat themselves more often
BY_WORK = ("sheet", "review")  # what goes on after its request
A_MINUTE = 61.0  # after which it is looked again whether hours have come to what was deleted, and a little
A_CLOSING = 43.0  # seconds that a period's closing waits for requests of before, and a little
PATIENCE = 6 * 86_400.0  # after which a client does not repeat itself: its key is kept for a week
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/1"


class Died(BaseException):
    """The function is gone: nothing may clean up."""


Batch = tuple[StreamFunction, list[dict[str, Any]]]


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
class Frame:
    """A function's run: for which request, since when, until when, and whether it has died."""

    request: Request | None
    began: float
    deadline: float
    name: str  # of a stream's or the schedule's function
    dead: bool = False

    def __str__(self) -> str:
        asked = self.request
        return f"{asked.method} {asked.path}" if asked else self.name


class World:
    """A stage whose storage is in memory and whose luck is drawn from a seed."""

    clock: Any = None

    def __init__(self, app: Any, seed: int, steps: int, without: frozenset[str] = frozenset()) -> None:
        self.luck, self.steps, self.faults = random.Random(seed), steps, False
        self.days = Days(self.luck.choice(BEGINNINGS))
        left_out = without | left_out_of(seed)
        self.busy = self.luck.random() < 0.5  # the first company
        self.kinds = [fault for fault in OF_CALLS if fault not in left_out]
        self.gives_up = "is given up" not in left_out
        self.given_up: list[Batch] = []
        self.elapsed, self.behind = 0.0, 0.0
        self.memory = Memory(store().prefix, self._changed, self.now, lambda: self.behind)
        self.gateway = Gateway(app, GATEWAY, self.now)
        self.clients, self.judge = Clients(self.luck, self.days, left_out, theme_of(seed)), Judge(self.now)
        self.streams: dict[str, list[tuple[StreamFunction, dict[str, Any]]]] = defaultdict(list)
        self.sequence, self.depth = 0, 0
        self.frames: list[Frame] = []
        self.flying: list[frozenset[Any]] = []  # what the transactions touch that are under way
        self.waiting: list[Request] = []
        self.tenants: list[Tenant] = []
        self.mirrors: dict[str, Mirror] = {}
        self.browsers = Browsers()
        self.parameters: dict[str, str] = {}  # what functions have put into Parameter Store
        self.log: list[str] = []  # what a failure tells of the history
        self.taken, self.ended = 0, False  # steps, and whether they are over
        self.calls = 0  # of storage

    def now(self) -> float:
        """Seconds since the beginning, by the one clock that never differs."""
        return self.elapsed

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.elapsed += seconds
        self.clock.shift(timedelta(seconds=seconds))

    # storage

    def __getattr__(self, operation: str) -> Any:
        if operation not in (*READS, *WRITES):
            raise AttributeError(operation)
        return lambda **parameters: self._call(operation, parameters)

    def put_parameter(self, name: str, text: str) -> None:
        """Parameter Store takes a text, in one more call that may break."""
        self._call("put_parameter", {"name": name, "text": text})

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        frame = self.frames[-1]
        if frame.dead:
            raise Died
        self.wait(A_CALL)
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise Wrong(f"{frame} tries again and again: {self.calls} storage calls, not done are {self._unfinished()}")
        touched = self.memory.touched(operation, parameters) if operation in WRITES else frozenset()
        at_work = frame.request is not None and frame.request.work in self.judge.works
        often = 0.06 if frame.request and frame.request.operation.by != CLOCK else 0.12  # these meet one another more
        seldom = frame.request is not None and frame.request.operation.verb in ("cut", "status")
        often = 0.25 if at_work or seldom else often  # what it has begun is half done, or is not tried often
        if self.faults and self.depth < DEEPEST and self.luck.random() < often:
            self.depth += 1
            flying = operation == "transact_write_items" and self.luck.random() < 0.5  # it takes its time
            if flying:
                self.flying.append(touched)
            self._meanwhile()
            if flying:
                self.flying.pop()
            self.depth -= 1
        if self.now() > frame.deadline:
            self._die(frame, "its time is up")
        if any(touched & other for other in self.flying):
            raise self._conflict(operation, parameters, touched)
        breaks = self.faults and self.luck.random() < (0.08 if at_work else 0.02)
        fault = self.luck.choice(self.kinds) if breaks and self.kinds else ""
        if fault == "never arrives":
            raise ConnectionClosedError(endpoint_url="https://dynamodb.example")
        if fault == "is throttled":
            raise refused("ThrottlingException", "slower")
        if fault == "conflicts" and operation == "transact_write_items":
            raise self._conflict(operation, parameters, touched)
        if fault == "dies before":
            self._die(frame, f"before its {operation}")
        answer = self._reach(operation, parameters)
        if fault == "dies after":
            self._die(frame, f"after its {operation}")
        if fault == "loses its answer":
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")
        return answer

    def _reach(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The call has its effect, and whoever judges looks at it."""
        if operation == "put_parameter":
            self.parameters[parameters["name"]] = parameters["text"]
            return {}
        self.behind = self.luck.random() * readers.LAG if self.faults and self.luck.random() < 0.2 else 0.0
        answer: dict[str, Any] = getattr(self.memory, operation)(**parameters)
        if operation == "transact_write_items" and self.memory.written:
            frame = self.frames[-1]
            try:
                self.judge.committed(frame.request, parameters["TransactItems"], self.memory.written, frame.began)
            except Wrong:
                self.tell(f"{frame.request or frame}: this write is wrong")
                raise
            except Exception as error:  # not to be taken for one of the product's
                raise Wrong(f"cannot judge {parameters}: {error!r}") from error
        return answer

    def _conflict(self, operation: str, parameters: dict[str, Any], touched: frozenset[Any]) -> Exception:
        """As DynamoDB refuses a write of an item that a transaction under way writes too."""
        if operation != "transact_write_items":
            return refused("TransactionConflictException", "Transaction is ongoing for the item")
        hit = {each for other in self.flying for each in other & touched}
        items = [
            self.memory.touched("transact_write_items", {"TransactItems": [it]}) for it in parameters["TransactItems"]
        ]
        codes = [{"Code": "TransactionConflict" if each & hit else "None"} for each in items]
        if not hit:
            self.luck.choice(codes)["Code"] = "TransactionConflict"
        return refused("TransactionCanceledException", "conflict", CancellationReasons=codes)

    def _meanwhile(self) -> None:
        """Somebody else's step; or the client of this very request has lost patience, and sends it again."""
        mine = self.frames[-1].request
        choice = self.luck.random()
        meets = self._meets(mine)
        if mine is not None and choice < meets:
            self._meet(mine)
        elif mine is not None and mine.operation.by == CLOCK and choice < meets + 0.2:
            self._send(replace(mine, allowed=[], free=False, done=False))  # two devices, or one that is impatient
        elif mine is not None and mine.key and choice < meets + 0.1:
            self.wait(31.0)  # the function's lock is over, and the function perhaps is not
            self._send(mine)
        elif mine is not None and choice < 0.7:
            self._send(self.clients.draw(self.some_company()))
        elif mine is None and choice < 0.15:
            self._scheduled(RESUMING)  # perhaps the very work that this function is taking a step of
        elif choice < 0.5:
            busy = [shard for shard in sorted(self.streams) if "rollup" in shard and self.streams[shard]]
            self._deliver(self.luck.choice(busy or [""]))
        else:
            self._step()

    def _meets(self, mine: Request | None) -> float:
        """How often what comes in between is about the same thing: most where the request has work of many steps."""
        if mine is None:
            return 0.0
        if mine.operation.by == CLOCK:
            told_first = mine.operation.new is not None and mine.operation.new.day not in self.judge.kept
            return 0.6 if told_first else 0.2
        return 0.5 if mine.operation.verb in MUCH_MET else 0.08

    def _meet(self, mine: Request) -> None:
        """Somebody wants something of the very thing that a request is about; closed days perhaps at once. Or what has
        been deleted is to come back, while a large change has the tree.
        """
        large = mine.operation.verb in LARGE and mine.tenant.model.sites[mine.operation.project].busy
        if large and self.clients.returns(mine.tenant):
            self.wait(A_MINUTE)
            self._scheduled(RESUMING)
            return
        other = self.clients.beside(mine)
        if other is None:
            self._send(self.clients.draw(mine.tenant))
            return
        self._forward()
        self._send(other)
        if other.operation.verb == "close":
            long = mine.operation.verb in BY_WORK and self.luck.random() < 0.5
            self.wait(A_CLOSING if long else A_WHILE)  # a request by itself does not last so long
            self._forward()

    def _forward(self) -> None:
        """What is known to have begun goes on, as far as it may."""
        for shard in [each for each in sorted(self.streams) if each.startswith("work_forward")]:
            for _ in self.streams[shard]:
                self._deliver(shard)

    def _die(self, frame: Frame, why: str) -> None:
        self.tell(f"{frame} dies: {why}")
        frame.dead = True
        raise Died

    def tell(self, what: str) -> None:
        """Note what happens: in which step and when, further to the right what comes in between."""
        at = (self.days.begin + timedelta(seconds=self.elapsed)).strftime("%d %b %H:%M:%S")
        self.log.append(f"{'end' if self.ended else self.taken:>4}  {at}  {'  ' * self.depth}{what}")

    def close(self) -> None:
        """Nothing is open."""

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
        from infra.simulator.comparing import compare, compare_operators_copy
        from infra.simulator.founding import found

        self.tenants = [found(self, name) for name in ("A", "B")]
        self.judge.tenants = self.tenants
        self.quiet()
        self.mirrors = {tenant.id: Mirror(tenant) for tenant in self.tenants}
        self.faults = True
        for _ in range(self.steps):
            self.taken += 1
            self._step()
        self.faults, self.ended = False, True
        self.quiet()
        for tenant in self.tenants:
            compare(self, tenant)
            self._compare_mirror(tenant)
            compare_operators_copy(self, tenant)

    def _compare_mirror(self, tenant: Tenant) -> None:
        """A last look, and one of all rows as they are."""
        mirror, whole = self.mirrors[tenant.id], Mirror(tenant)
        while not (mirror.look(self) and whole.look(self)):
            pass
        mirror.compare(whole.rows)

    def something(self) -> None:
        """Perhaps somebody else's step, between two requests of one client."""
        if self.faults and self.depth < DEEPEST and self.luck.random() < 0.3:
            self.depth += 1
            self._step()
            self.depth -= 1

    def _step(self) -> None:
        choice = self.luck.random()
        if choice < 0.05:
            (readers.tree if readers.staging(self) else readers.entry)(self)
        elif choice < 0.06:
            readers.tree(self)
        elif choice < 0.07:
            readers.anything(self)
        elif choice < 0.08:
            readers.trespass(self)
        elif choice < 0.09:
            readers.walk(self)
        elif choice < 0.1:
            self.mirrors[self.some_company().id].look(self)
        elif choice < 0.12:
            self.browsers.visit(self)
        elif choice < 0.45:
            self._send(self.clients.draw(self.some_company()))
        elif choice < 0.65 and self.waiting:
            self._again(self.waiting.pop(self.luck.randrange(len(self.waiting))))
        elif choice < 0.9:
            self._deliver(self.luck.choice(sorted(self.streams)))
        elif choice < 0.91 and self.given_up:
            self._redrive()
        elif choice < 0.97:
            self._scheduled(self.luck.randrange(len(SCHEDULED_FUNCTIONS)))
        elif choice < 0.998:
            self._pass(self.luck.choice((1, 31, 600, 90_000)))
        elif not self.frames:
            self._week()

    def some_company(self) -> Tenant:
        """One company has most of it, so that more meets."""
        return self.luck.choices(self.tenants, (4, 1) if self.busy else (1, 4))[0]

    def _week(self) -> None:
        """A week passes: clients do not ask any more, keys and work of before expire."""
        if not self._seen_to():
            return
        for request in self.waiting:
            self.judge.end(request)
        self.waiting = []
        self.wait(8 * 86_400)
        self.memory.expire(datetime.now(UTC).timestamp())

    @contextmanager
    def function(self, request: Request | None, seconds: float, name: str = "") -> Iterator[None]:
        """A function's run: what it does counts for the request, and it may die."""
        skew = timedelta(seconds=self.luck.choice((-2, 0, 0, 2)) if self.faults else 0)  # clocks of functions differ
        stall = self.luck.choice((0, 0, 0, STALLED)) if self.faults else 0
        self.clock.shift(skew)
        self.frames.append(Frame(request, self.now(), self.now() + seconds + stall, name))
        try:
            yield
        except Died:
            pass  # it has been told where it died
        finally:
            self.clock.shift(-skew)
            self.frames.pop()

    def _deliver(self, shard: str) -> None:
        """Some records of a shard, the oldest first; what is not known to be done comes again."""
        queue = self.streams[shard]
        if not queue:
            return
        function, batch = queue[0][0], [record for _, record in queue[: self.luck.randrange(1, 6)]]
        left = self._handed(function, batch)
        done = batch[: len(batch) - len(left)]
        if not (self.faults and self.luck.random() < 0.1):
            self.streams[shard] = [each for each in self.streams[shard] if each[1] not in done]
        if left and self.faults and self.gives_up and self.luck.random() < 0.5:
            self.given_up.append((function, left))
            self.streams[shard] = [each for each in self.streams[shard] if each[1] not in left]

    def _handed(self, function: StreamFunction, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Records handed to their function: those that it has not done."""
        event = json.loads(json.dumps(stream_event(batch, ARN)))
        with self.function(None, function.seconds, function.name):
            context = LambdaContext(function.name, function.seconds, self.now)
            try:
                return remaining(batch, work_of(function)(function.name, event, context))
            except Exception as error:
                self._failed(function.name, error)
        return batch

    def _redrive(self) -> None:
        """Operators have what was given up done again, after younger records of its shard."""
        batches, self.given_up = self.given_up, []
        for function, batch in batches:
            if left := self._handed(function, batch):
                self.given_up.append((function, left))

    def _pass(self, seconds: float) -> None:
        """Time passes; a day only once operators have seen to all that was given up, as a stream holds it no longer."""
        if seconds <= HELD or self._seen_to():
            self.wait(seconds)

    def _seen_to(self) -> bool:
        """Whether nothing that was given up is left, after some tries."""
        for _ in range(9):
            self._redrive()
        return not self.given_up

    def _scheduled(self, number: int) -> None:
        function = SCHEDULED_FUNCTIONS[number]
        with self.function(None, function.seconds, function.name):
            context = LambdaContext(function.name, function.seconds, self.now)
            try:
                work_of(function)(function.name, scheduled_event(function.name), context)
            except Exception as error:
                self._failed(function.name, error)

    def _failed(self, function: str, error: Exception) -> None:
        self.tell(f"{function} fails: {error!r}")
        if not self.faults:
            raise Wrong(f"{function} fails although nothing breaks: {error!r}") from error

    # clients

    def http(
        self, request: Request | None, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """One request through the gateway: status and body; status 0 when nothing comes back."""
        status, _, found = self.exchange(request, method, path, body, headers)
        return status, found

    def exchange(
        self, request: Request | None, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        """The same with the headers of the answer."""
        answer: Any = None
        began = self.now()
        with self.function(request, HTTP):
            kind, raw = encoded(body)
            named = (("Content-Type", kind), *headers.items())
            answer = self.gateway.answer(HttpRequest(method, address(path), named, raw, "127.0.0.1"))
        if answer is None or self.now() - began > GATEWAY:
            return 0, {}, None
        shown = {name.lower(): value for name, value in answer.headers}
        return int(answer.status), shown, said(int(answer.status), answer.body)

    def _send(self, request: Request) -> None:
        """A request, and what its client makes of the answer."""
        request.began = request.began or self.now()
        if request.operation.by == CLOCK:
            self.clients.take_secret(request)
        self.judge.begin(request)
        operation = request.operation
        if operation.by == CLOCK:
            headers = {"X-Inbound-Secret": request.secret}
        elif operation.by == NOBODY:
            headers = dict(SAME_ORIGIN)
        else:
            headers = {"Authorization": f"Bearer {request.token}"}
            headers |= {"Idempotency-Key": request.key} if request.key else {}
        status, answer = self.http(request, request.method, request.path, request.body, headers)
        why = (answer or {}).get("code" if status >= 400 else "id", "")  # or what has come of it
        self.tell(f"{request}: {f'{status} {why}'.rstrip() if status else 'no answer came'}")
        known = self.judge.answered(request, status, answer)
        again = 0.6 if operation.verb in SHOWING else 0.1
        if known and not (self.faults and self.luck.random() < again):
            self.judge.end(request)
        elif request.key or operation.by == CLOCK:
            self.waiting.append(request)
        else:
            self.judge.end(request)
        if operation.verb == "sheet" and request.work and len(request.made) < len(operation.rows) and not self.frames:
            self._look_meanwhile(request.tenant)
        if operation.verb == "use" and self.faults and not self.frames:
            self.browsers.visit(self)  # who has set a password uses it; or a session of before comes back

    def _again(self, request: Request) -> None:
        """The client of a request that has no answer sends it again, or has lost patience."""
        if self.now() - request.began < PATIENCE:
            self._send(request)
        else:
            self.judge.end(request)

    def _look_meanwhile(self, tenant: Tenant) -> None:
        """A mirror looks long after a sheet was accepted, and before its last rows are there."""
        if self.faults and self.luck.random() < 0.5:
            self.wait(600)
            self.mirrors[tenant.id].look(self)

    def quiet(self) -> None:
        """Everything that waits is answered and delivered."""
        for _ in range(200):
            self.wait(31)
            waiting, self.waiting = self.waiting, []
            for request in waiting:
                self._again(request)
            for shard in sorted(self.streams):
                while self.streams[shard]:
                    self._deliver(shard)
            self._redrive()
            for number in range(len(SCHEDULED_FUNCTIONS)):
                self._scheduled(number)
            left = self.waiting or any(self.streams.values()) or self.given_up or self._unfinished()
            if not left:
                return
        raise Wrong(f"{self.waiting} are never answered, {self._unfinished()} never done: {self.log[-5:]}")

    def _unfinished(self) -> list[Any]:
        """The work that is not done yet."""
        tables = self.memory.tables.values()
        return [place for table in tables for place, item in table.items.items() if UNFINISHED.hash in item]


def theme_of(seed: int) -> frozenset[str]:
    """The kinds of requests of which three histories of four have most, so that long stories of these happen."""
    luck = random.Random(f"theme of {seed}")
    return luck.choice(THEMES) if luck.random() < 0.75 else frozenset()


def left_out_of(seed: int) -> frozenset[str]:
    """What does not happen in the history of a seed, so that the rest of it happens more often, and meets."""
    luck = random.Random(f"left out of {seed}")
    always = {"create", "approve"} | theme_of(seed)
    requests = [kind for kind in KINDS if luck.random() < 0.45 and kind not in always]
    return frozenset([*requests, *(fault for fault in FAULTS if luck.random() < 0.3)])


@contextmanager
def history(app: Any, seed: int, steps: int, without: frozenset[str] = frozenset()) -> Iterator[World]:
    """A world of a seed: its time, its randomness and its storage are in place inside.

    ``without`` names kinds of requests and of faults that do not happen in it.
    """
    dice = random.Random(f"ids {seed}")
    world = World(app, seed, steps, without)
    here = store()
    before = (here.client, here.pool, here.sleep, uuid.uuid4, secrets.token_bytes, time.monotonic, keys._put)
    random.seed(seed)
    for remembered in (keys._provider, authentication.unknown_companies):  # of the history before
        remembered.cache_clear()
    try:
        with small_bounds(seed, theme_of(seed) is TREES), time_machine.travel(world.days.begin, tick=False) as clock:
            world.clock = clock
            here.client, here.pool, here.sleep = world, Inline(), world.wait  # type: ignore[assignment]
            uuid.uuid4 = lambda: uuid.UUID(int=dice.getrandbits(128), version=4)
            secrets.token_bytes = lambda nbytes=None: dice.randbytes(nbytes or 32)
            time.monotonic, keys._put = world.now, world.put_parameter
            yield world
    finally:
        here.client, here.pool, here.sleep, uuid.uuid4, secrets.token_bytes, time.monotonic, keys._put = before
