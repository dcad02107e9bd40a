"""Throttled or failing storage: repeated while the function has time, then 503, never a 500 or a 404."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from chalicelib.access import keys
from chalicelib.errors import Unavailable
from chalicelib.http.routes import ROUTES
from chalicelib.projects.rows import Project
from chalicelib.storage.calls import ATTEMPTS, CONFLICTS, CONTESTED, UNANSWERED, function_time
from chalicelib.storage.store import Store, connect, store
from infra.local.gateway import Gateway
from infra.local.lambda_context import LambdaContext
from tests.faults import harness
from tests.faults.harness import SOON, refused, storage
from tests.faults.scenarios import DAY, Site
from tests.stage import Client, Reply

OWN_NAMES = {"InternalServerError", "TransactionConflictException", "ReplicatedWriteConflictException"}
CODES = sorted(
    OWN_NAMES
    | set(TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    | set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
)
CANCELLED = ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")
URL = {"endpoint_url": "https://dynamodb.example"}
SILENCE = [ReadTimeoutError(**URL), ConnectTimeoutError(**URL), ConnectionClosedError(**URL)]
SILENCE.append(EndpointConnectionError(**URL))


def server_error(status: int) -> ClientError:
    """What botocore makes of an answer that is not DynamoDB's, as of a load balancer."""
    response: Any = {"Error": {"Code": str(status), "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Query")


class Answers:
    """A client whose every operation gives what it was told, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.made = list(answers), 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._next

    def _next(self, **parameters: Any) -> Any:
        answer = self.answers[min(self.made, len(self.answers) - 1)]
        self.made += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(*answers: Any) -> tuple[Store, Answers, list[float]]:
    """A store over such a client, and the pauses it makes."""
    client, pauses = Answers(*answers), list[float]()
    return Store(client, "t-", sleep=pauses.append), client, pauses


@pytest.mark.parametrize(
    "error",
    [
        *map(refused, CODES),
        *(refused("TransactionCanceledException", "None", reason) for reason in CANCELLED),
        *map(server_error, (500, 502, 503, 504)),
        *SILENCE,
    ],
    ids=str,
)
def test_every_passing_error_is_repeated_with_growing_pauses_and_then_unavailable(
    error: ClientError | BotoCoreError,
) -> None:
    passing, client, pauses = told(error, error, {"Item": 1})
    assert passing.call("get_item") == {"Item": 1}
    assert (client.made, len(pauses)) == (3, 2)
    failing, client, pauses = told(error)
    with pytest.raises(Unavailable) as refusal:
        failing.call("get_item")
    assert client.made == longest(error)
    assert len(pauses) == client.made - 1 and all(0 <= pause <= 1 for pause in pauses)
    assert refusal.value.headers["Retry-After"] == "1"


def test_pauses_double_up_to_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    calls, _, pauses = told({"Item": 1})
    for attempt in (0, 1, 2, 5, 6, 9):
        calls.pause(attempt)
    assert pauses == [0.02, 0.04, 0.08, 0.64, 1.0, 1.0]


def longest(error: ClientError | BotoCoreError) -> int:
    """How many attempts are made in the face of an error that stays."""
    if isinstance(error, BotoCoreError):
        return UNANSWERED
    codes = {error.response["Error"]["Code"], *(each["Code"] for each in error.response.get("CancellationReasons", []))}
    return CONTESTED if codes & CONFLICTS else ATTEMPTS


@pytest.mark.parametrize("code", ["ValidationException", "ConditionalCheckFailedException", "AccessDeniedException"])
def test_an_error_that_a_repeat_cannot_mend_is_raised_at_once(code: str) -> None:
    failing, client, _ = told(refused(code))
    with pytest.raises(ClientError):
        failing.call("get_item")
    assert client.made == 1


def test_a_condition_that_fails_beside_a_conflict_is_a_failed_condition() -> None:
    failing, client, _ = told(refused("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(ClientError):
        failing.call("transact_write_items")
    assert client.made == 1


def test_a_function_that_is_nearly_over_repeats_nothing_and_one_with_time_does() -> None:
    for seconds, made in ((11.0, 1), (29.0, 3)):
        failing, client, _ = told(*SILENCE)
        with function_time(LambdaContext("f", seconds, now=lambda: 0.0)), pytest.raises(Unavailable):
            failing.call("get_item")
        assert client.made == made


def test_calls_sent_together_share_the_functions_time() -> None:
    failing, client, _ = told(refused("ThrottlingException"))

    def call() -> Any:
        return failing.call("get_item")

    with function_time(LambdaContext("f", 1, now=lambda: 0.0)), pytest.raises(Unavailable):
        failing.together(call, call)
    failing.pool.shutdown()
    assert client.made == 2


def left_over(*keys: str) -> dict[str, Any]:
    return {"t-projects": {"ConsistentRead": True, "Keys": [{"pk": {"S": "c#p"}, "sk": {"S": key}} for key in keys]}}


def item(key: str) -> dict[str, Any]:
    return {"pk": {"S": "c#p"}, "sk": {"S": key}}


def test_unprocessed_keys_are_asked_for_again_and_never_taken_for_absent_rows() -> None:
    reading, client, pauses = told(
        {"Responses": {"t-projects": [item("a")]}, "UnprocessedKeys": left_over("b")},
        {"Responses": {}, "UnprocessedKeys": left_over("b")},
        {"Responses": {"t-projects": [item("b")]}, "UnprocessedKeys": {}},
    )
    wanted = [(Project, "c#p", key) for key in ("a", "b", "absent")]
    assert reading.raw_many(*wanted) == [item("a"), item("b"), None]
    assert (client.made, len(pauses)) == (3, 2)


def test_keys_that_stay_unprocessed_are_unavailable() -> None:
    reading, client, _ = told({"Responses": {}, "UnprocessedKeys": left_over("a")})
    with pytest.raises(Unavailable):
        reading.raw_many((Project, "c#p", "a"))
    assert client.made == ATTEMPTS


def test_the_clients_retry_nothing_by_themselves(site: Site) -> None:
    clients = (connect().client, keys._provider().client)
    assert [client.meta.config.retries["total_max_attempts"] for client in clients] == [1, 1]


READS = [route.path for route in ROUTES if route.method == "GET" and not route.page]
KINDS = {"projects": "project", "wbs": "activity", "operatives": "hand", "labour": "entry", "users": "foreman"}
"""Which id the paths of a group name; the site has no row of the other groups, and its absence is told as patiently."""


@pytest.fixture(scope="module")
def known(site: Site) -> dict[str, str]:
    """An id of each kind."""
    foreman = site.foreman.ok("GET", "/me/")["user"]["id"]
    site.owner.ok("POST", f"/projects/{site.project}/memberships/", {"user": foreman, "role": "supervisor"})
    entry = site.entry(date="2026-04-01").split("/")[2]
    return {
        "foreman": foreman,
        "project": site.project,
        "activity": site.activity,
        "hand": site.hand,
        "entry": entry,
    }


@pytest.mark.long
@pytest.mark.parametrize("route", READS)
@pytest.mark.parametrize("error", [refused("ThrottlingException"), SILENCE[0]], ids=["throttled", "silent"])
def test_a_read_is_503_when_storage_fails_at_any_of_its_calls(
    site: Site, known: dict[str, str], route: str, error: Exception
) -> None:
    group = route.removeprefix("/api/v1/").split("/")[0]
    path = route.format(id=known.get(KINDS.get(group, ""), "nothing"), user=known["foreman"]) + "/"
    path += f"?project={known['project']}" if group == "reports" and "portfolio" not in route else ""
    path += "&date_from=2026-06-01&date_to=2026-06-30" if "missing-hours" in route else ""
    owner = Client(harness.PATIENT, site.owner.headers)
    with storage(harness.sound) as client:
        status = owner.send("GET", path).status
    assert status == (404 if "{id}" in route and group not in KINDS else 200)
    for number in range(len(client.calls)):
        with storage(harness.stays_down(number, error)):
            unavailable(owner.send("GET", path))
        with storage(harness.throttles(number, 2)):
            assert owner.send("GET", path).status == status


def unavailable(reply: Reply) -> None:
    """503 with everything a client needs to try again, and nothing internal."""
    assert (reply.status, reply.body["code"], reply.headers["retry-after"]) == (503, "unavailable", "1")
    assert reply.headers["content-type"] == "application/problem+json"
    assert "Throttl" not in reply.text and "dynamodb" not in reply.text


def test_a_batch_of_punches_is_503_as_a_whole_and_the_retry_recognises_what_was_kept(site: Site) -> None:
    events = [site.punched(clock_in=f"{DAY}T0{hour}:00:00Z", clock_out=f"{DAY}T0{hour + 1}:00:00Z") for hour in (5, 6)]
    start, before = harness.saved(), site.manager.ok("GET", "/labour/")["count"]

    def send() -> Reply:
        return site.device.send("POST", "/api/v1/clock-events/ingest/", {"events": events})

    with storage(harness.sound) as client:
        whole = send()
    for number in range(len(client.calls)):
        harness.put_back(start)
        with storage(harness.stays_down(number, refused("ThrottlingException"))):
            unavailable(send())
        again = send()
        assert [each["clock_in"] for each in again.body["results"]] == [each["clock_in"] for each in events]
        assert {each["status"] for each in again.body["results"]} == {each["status"] for each in whole.body["results"]}
        assert site.manager.ok("GET", "/labour/")["count"] == before + 2
    harness.put_back(start)


class Session:
    """The process's session, with a Parameter Store that fails a number of times."""

    def __init__(self, inner: Any, times: int) -> None:
        self.inner, self.left = inner, times

    def create_client(self, name: str, **settings: Any) -> Any:
        client = self.inner.create_client(name, **settings)

        def refuse(**request: Any) -> None:
            if self.left:
                self.left -= 1
                raise refused("ThrottlingException")

        client.meta.events.register("before-call.ssm.GetParameter", refuse)
        return client


@pytest.fixture
def parameters() -> Iterator[Callable[[int], None]]:
    """Make Parameter Store, with nothing of it in memory, fail a number of times."""
    session = store().session

    def fail(times: int) -> None:
        store().session = Session(session, times)
        keys._provider.cache_clear()

    yield fail
    store().session = session
    keys._provider.cache_clear()


def test_throttled_parameters_are_read_again_and_then_503(site: Site, parameters: Callable[[int], None]) -> None:
    parameters(3)
    assert site.owner.send("GET", "/api/v1/me/").status == 200
    parameters(10_000)
    unavailable(site.owner.send("GET", "/api/v1/me/"))
    unavailable(site.device.send("POST", "/api/v1/clock-events/ingest/", site.punched()))
    unavailable(soon(site.owner).send("POST", "/api/v1/tokens/", {"label": "x"}, Idempotency_Key="ssm"))
    parameters(0)
    harness.lock_runs_out()
    assert site.owner.send("POST", "/api/v1/tokens/", {"label": "x"}, Idempotency_Key="ssm").status == 201


def soon(client: Client, gateway: Gateway = SOON) -> Client:
    """The same client at functions that are nearly over."""
    return Client(gateway, client.headers)
