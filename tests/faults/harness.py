"""A storage client that does something at the n-th call, and the comparison of what two runs left behind."""

import copy
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeVar
from zlib import crc32

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from moto.dynamodb.models import dynamodb_backends

from app import app
from chalicelib.storage.store import store
from infra.local.gateway import Gateway
from infra.local.lambda_context import ACCOUNT, REGION
from infra.simulator import memory
from tests.faults.scenarios import Sent
from tests.stage import Client, Reply

KEY = "the-same-key"
PART = int(os.environ.get("PART", "1"))
SOON = Gateway(app, 0.002, now=lambda: 0.0)
"""Functions that always have two milliseconds left: their locks are free at once, and they repeat nothing."""
PATIENT = Gateway(app, 29, now=lambda: 0.0)
"""Functions that always have all of their time left, however slow the machine is."""


class Died(BaseException):
    """The process is gone: nothing may clean up, so nothing may catch it."""


Request = Callable[[], dict[str, Any]]
Fault = Callable[[int, Request], dict[str, Any]]


class FaultyClient:
    """A DynamoDB client whose calls, numbered as they come, pass through a fault."""

    def __init__(self, inner: Any, fault: Fault) -> None:
        self.inner, self.fault = inner, fault
        self.calls: list[str] = []
        self.committed = False
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.inner, name)
        return (lambda **parameters: self._call(name, operation, parameters)) if callable(operation) else operation

    def _call(self, name: str, operation: Callable[..., Any], parameters: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            number = len(self.calls)
            self.calls.append(name)

        def request() -> dict[str, Any]:
            answer: dict[str, Any] = operation(**parameters)
            self.committed |= name == "transact_write_items" and "COMPLETED" in str(parameters)
            return answer

        return self.fault(number, request)


@contextmanager
def storage(fault: Fault) -> Iterator[FaultyClient]:
    """Every request inside meets the fault."""
    with replaced(lambda sound: FaultyClient(sound, fault)) as faulty:
        yield faulty


C = TypeVar("C")


@contextmanager
def replaced(another: Callable[[Any], C]) -> Iterator[C]:
    """Every request inside finds another client, made over the sound one."""
    sound = store().client
    store().client = client = another(sound)
    try:
        yield client
    finally:
        store().client = sound


def sound(number: int, request: Request) -> dict[str, Any]:
    """No fault."""
    return request()


def dies(at: int, *, after: bool) -> Fault:
    """The process ends before or after a call; whatever it still tries finds it dead."""
    dead = threading.Event()

    def fault(number: int, request: Request) -> dict[str, Any]:
        if not dead.is_set() and number != at:
            return request()
        if after and not dead.is_set():
            with suppress(ClientError):  # a condition that fails is an answer like another
                request()
        dead.set()
        raise Died

    return fault


def loses_reply(at: int) -> Fault:
    """The call happens and its answer never comes."""

    def fault(number: int, request: Request) -> dict[str, Any]:
        if number != at:
            return request()
        with suppress(ClientError):  # whatever it was
            request()
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    return fault


def never_arrives(at: int) -> Fault:
    """The connection breaks before the call is sent."""

    def fault(number: int, request: Request) -> dict[str, Any]:
        if number == at:
            raise ConnectionClosedError(endpoint_url="https://dynamodb.example")
        return request()

    return fault


def refused(code: str, *reasons: str) -> ClientError:
    """An error as botocore raises it; ``reasons`` are those of a cancelled transaction."""
    more = {"CancellationReasons": [{"Code": reason} for reason in reasons]} if reasons else {}
    return memory.refused(code, "no", **more)


def throttles(at: int, times: int) -> Fault:
    """A call and its repeats are refused several times, in the ways DynamoDB has for it."""
    errors = cycle(
        [
            refused("ThrottlingException"),
            refused("ProvisionedThroughputExceededException"),
            refused("TransactionCanceledException", "None", "TransactionConflict"),
            refused("InternalServerError"),
        ]
    )
    left = [times]

    def fault(number: int, request: Request) -> dict[str, Any]:
        if number >= at and left[0]:
            left[0] -= 1
            raise next(errors).with_traceback(None)
        return request()

    return fault


def stays_down(since: int, error: Exception) -> Fault:
    """From a call on nothing works."""

    def fault(number: int, request: Request) -> dict[str, Any]:
        if number >= since:
            raise error.with_traceback(None)  # each raise would lengthen it
        return request()

    return fault


def sleeps(at: int, meanwhile: Callable[[], object]) -> Fault:
    """The process stands still before a call while something else happens, and then goes on."""

    def fault(number: int, request: Request) -> dict[str, Any]:
        if number == at:
            with ThreadPoolExecutor(1) as other:
                other.submit(meanwhile).result()
        return request()

    return fault


Key = tuple[str, ...]


class Meeting:
    """A client that holds back each thread's first transaction until every thread has come to its own.

    So each has read that the value is free before any of them takes it.
    """

    def __init__(self, inner: Any, parties: int) -> None:
        self.inner = inner
        self._barrier, self._thread = threading.Barrier(parties), threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        if not hasattr(self._thread, "met"):
            self._thread.met = True
            self._barrier.wait(120)
        return self.inner.transact_write_items(**parameters)


class Conflicting:
    """A client that cancels a transaction with ``TransactionConflict`` while another touches one of its items.

    A condition check touches too. Each transaction takes some milliseconds, so that they do overlap.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.touched: Counter[Key] = Counter()
        self.transactions = self.conflicts = 0
        self._running: set[Key] = set()
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        keys = {_key(item) for item in parameters["TransactItems"]}
        with self._lock:
            clash = bool(keys & self._running)
            self.conflicts += clash
            if not clash:
                self._running |= keys
                self.transactions += 1
                self.touched.update(keys)
        if clash:
            raise refused("TransactionCanceledException", "TransactionConflict", *["None"] * (len(keys) - 1))
        try:
            time.sleep(0.005)
            return self.inner.transact_write_items(**parameters)
        finally:
            with self._lock:
                self._running -= keys


def _key(item: dict[str, Any]) -> Key:
    [(_, operation)] = item.items()
    row = operation.get("Key") or operation["Item"]
    return (operation["TableName"], *(row[name]["S"] for name in ("pk", "sk", "id") if name in row))


Tables = dict[str, Any]


def saved() -> Tables:
    """A copy of everything in every table."""
    return {name: copy.deepcopy(table.items) for name, table in _tables().items()}


def put_back(tables: Tables) -> None:
    """Make the tables hold what they held."""
    for name, items in copy.deepcopy(tables).items():
        _tables()[name].items = items


def _tables() -> dict[str, Any]:
    return dict(dynamodb_backends[ACCOUNT][REGION].tables)


Rows = dict[str, dict[str, Any]]


def rows() -> Rows:
    """Every row under its table and key, without what counts requests, last uses, and times of locks and turns."""
    found = {}
    for name, table in _tables().items():
        if name.endswith("-requests"):
            continue
        for item in (each.to_json()["Attributes"] for each in table.all_items()):
            if name.endswith("-idempotency"):
                item = {"id": item["id"], "status": item.get("status")}
            if name.endswith("-work"):  # what work answers is compared as the answer; its end is a second of the clock
                item = {part: value for part, value in item.items() if part not in {"result", "expires"}}
            keys = [item[part] for part in ("pk", "sk", "id") if part in item]
            if str(item.get("sk")).startswith("{'S': 'piece#"):
                continue  # put before its work, and nobody's when that never came to be
            unlike = {"window", "turn"}
            plain = {part: value for part, value in item.items() if part not in unlike and not part.startswith("hits_")}
            found[f"{name} {keys}"] = _without_use(plain)
    return found


def _without_use(item: dict[str, Any]) -> dict[str, Any]:
    """A row without when its tokens were last used."""
    if "M" not in item.get("tokens", {}):
        return item
    tokens = {
        id: {"M": {name: value for name, value in token["M"].items() if name != "used"}}
        for id, token in item["tokens"]["M"].items()
    }
    return item | {"tokens": {"M": tokens}}


@dataclass(frozen=True)
class Outcome:
    """What a client was told and what the tables hold because of it, comparable between runs."""

    answer: str
    effect: tuple[str, ...]


@dataclass
class Run:
    """Runs of one scenario, each from the same tables."""

    name: str
    sent: Sent
    start: Tables = field(default_factory=saved)
    before: Rows = field(default_factory=rows)

    def again(self) -> None:
        """Back to the start."""
        put_back(self.start)

    def send(self, gateway: Gateway | None = None, **headers: str) -> Reply:
        """The request with its key."""
        return self.without_key(gateway, Idempotency_Key=KEY, **headers)

    def without_key(self, gateway: Gateway | None = None, **headers: str) -> Reply:
        """The request without a key."""
        client = Client(gateway or self.sent.client.gateway, self.sent.client.headers)
        return client.send(self.name.split()[0], f"/api/v1{self.sent.path}", self.sent.body, **headers)

    def meanwhile(self) -> None:
        """What somebody else does to the row."""
        if self.sent.meanwhile:
            self.sent.meanwhile()

    def calls(self) -> int:
        """How many storage calls the request makes."""
        self.again()
        with storage(sound) as client:
            self.send()
        return len(client.calls)

    def numbers(self) -> range:
        """The numbers of the calls at which a fault is tried: all, or every PART-th, others for another scenario."""
        return range(crc32(f"{os.environ.get('PYTEST_CURRENT_TEST')}".encode()) % PART, self.calls(), PART)

    def expected(self, *steps: Callable[[], Any]) -> Outcome:
        """The outcome of undisturbed steps; the answer is that of the request among them."""
        self.again()
        [reply] = [reply for step in steps if (reply := step()) is not None]
        return self.outcome(reply)

    def outcome(self, reply: Reply) -> Outcome:
        """What there is now, with ids, times and secrets replaced by marks that say which are the same."""
        after = rows()
        changed = [key for key in self.before.keys() | after.keys() if self.before.get(key) != after.get(key)]
        told = {name: reply.headers.get(name) for name in ("location", "etag", "content-type")}
        marks = Marks(str(self.before))
        answer = marks.numbered(f"{reply.status} {told} " + re.sub(r'"request_id":"[^"]*"', "", reply.text))
        lines = marks.sorted(f"{key} {marks.text(after.get(key))}" for key in changed)
        return Outcome(answer, tuple(sorted(marks.numbered(line) for line in lines)))


CREDENTIAL = re.compile(r"wbs[a-z]?_[a-z2-7]{74}|wbs_[a-z2-7]{8}(?![a-z2-7])")  # whole, or what a list shows of it
DIGEST = re.compile(r"[a-z2-7]{52}")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
ID = re.compile(r"(?<![a-z0-9])(?:[a-z2-7]{12}){1,2}(?![a-z0-9])")


STEP = re.compile("([0-9]{12})([a-z2-7]{12})")
STEPS = re.compile(r"(?<![a-z0-9])(?:[0-9]{12}[a-z2-7]{12})+(?![a-z0-9])")  # of a place in the tree


def _without_secrets(text: str) -> str:
    text = STEPS.sub(lambda match: STEP.sub(r" \1 \2 ", match[0]), text)
    for pattern, mark in ((CREDENTIAL, "<credential>"), (DIGEST, "<digest>"), (STAMP, "<time>")):
        text = pattern.sub(mark, text)
    return text


class Marks:
    """Marks in the place of what differs from run to run."""

    def __init__(self, known: str) -> None:
        self.known = known
        self.numbers: dict[str, str] = {}

    def alike(self, text: str) -> str:
        """Secrets, times and new ids all as what they are."""
        return ID.sub(lambda match: match[0] if match[0] in self.known else "<id>", _without_secrets(text))

    def numbered(self, text: str) -> str:
        """The same with new ids numbered as they come."""

        def number(match: re.Match[str]) -> str:
            known = match[0] in self.known
            return match[0] if known else self.numbers.setdefault(match[0], f"<id {len(self.numbers)}>")

        return ID.sub(number, _without_secrets(text))

    def sorted(self, lines: Iterable[str]) -> list[str]:
        """In an order that no new id decides."""
        return sorted(lines, key=self.alike)

    def text(self, value: Any) -> str:
        """A value of a row, its parts in such an order."""
        if isinstance(value, dict):
            parts = self.sorted(f"{name}: {self.text(part)}" for name, part in value.items())
            return "{" + ", ".join(parts) + "}"
        return str(value)


def lock_runs_out() -> None:
    """The time of a function that gave no answer is over: five milliseconds, as SOON has two."""
    time.sleep(0.005)
