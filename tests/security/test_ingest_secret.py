"""The ingest secret: rotated with an overlap, readable again by operators, and never left half changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest

from chalicelib.access import ingest_secrets
from chalicelib.access.rows import Ingest
from chalicelib.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.storage.changes import Delete
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from infra import company
from tests.security.conftest import gateway_at
from tests.stage import Client, Stage

PATH = "/api/v1/integrations/ingest-secret/"


@pytest.fixture
def owner(stage: Stage) -> Client:
    """An owner of a company of their own, whose bootstrapped secret is ``X-Inbound-Secret``."""
    made = company.create("Fresh", "pro", "UTC", "o@fresh.example")
    return Client(
        stage.gateway, {"Authorization": f"Bearer {made['token']}", "X-Inbound-Secret": made["ingest_secret"]}
    )


def works(client: Client, secret: str, after: timedelta = timedelta(0)) -> bool:
    """Whether a device may post with it, some time from now."""
    device = Client(gateway_at(utc_now() + after), {"X-Inbound-Secret": secret})
    status = device.send("POST", "/api/v1/clock-events/ingest/", {"clock_id": "none"}).status
    assert status in {400, 401}  # 400: let in, and the event has no time
    return status == 400


def kept_for_operators(client: Client) -> str:
    id = client.ok("GET", "/me/")["company"]["id"]
    name = f"{settings().parameter_prefix}ingest/{id}"
    found = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Type"] == "SecureString"
    return str(found["Value"])


def test_a_new_secret_replaces_the_old_one_at_once(owner: Client) -> None:
    old = owner.headers["X-Inbound-Secret"]
    assert works(owner, old) and kept_for_operators(owner) == old
    made = owner.send("POST", PATH)
    assert made.status == 201 and made.body.keys() == {"secret"}
    assert works(owner, made.body["secret"]) and not works(owner, old)
    assert kept_for_operators(owner) == made.body["secret"]


def test_the_old_secret_works_as_much_longer_as_was_asked(owner: Client) -> None:
    old = owner.headers["X-Inbound-Secret"]
    new = owner.ok("POST", "/integrations/ingest-secret/", {"overlap_seconds": 3600})["secret"]
    assert works(owner, old, timedelta(minutes=59)) and not works(owner, old, timedelta(minutes=61))
    third = owner.ok("POST", "/integrations/ingest-secret/", {"overlap_seconds": 60})["secret"]
    assert works(owner, old) and works(owner, new) and works(owner, third)
    later = timedelta(minutes=2)
    assert not works(owner, old, later) and not works(owner, new, later) and works(owner, third, later)
    last = owner.ok("POST", "/integrations/ingest-secret/")["secret"]
    assert [works(owner, each) for each in (old, new, third, last)] == [False, False, False, True]


@pytest.mark.parametrize("overlap", [-1, 2_592_001, 1.5, "60", True, None])
def test_an_overlap_of_no_sensible_length_is_refused(owner: Client, overlap: object) -> None:
    refused = owner.send("POST", PATH, {"overlap_seconds": overlap})
    assert refused.status == 400 and "overlap_seconds" in refused.body["errors"]
    assert works(owner, owner.headers["X-Inbound-Secret"])


def test_a_replay_shows_the_secret_until_it_has_been_replaced(owner: Client) -> None:
    first = owner.send("POST", PATH, {}, Idempotency_Key="rotate-1")
    again = owner.send("POST", PATH, {}, Idempotency_Key="rotate-1")
    assert (again.status, again.text, again.headers["idempotency-replayed"]) == (201, first.text, "true")
    owner.ok("POST", "/integrations/ingest-secret/")
    ended = owner.send("POST", PATH, {}, Idempotency_Key="rotate-1")
    assert (ended.status, ended.body) == (201, {})


def test_after_many_rotations_at_once_one_secret_works_and_operators_read_it(owner: Client) -> None:
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: owner.send("POST", PATH), range(6)))
    made = [reply.body["secret"] for reply in replies if reply.status == 201]
    assert len(set(made)) == len(made) >= 1
    assert [each for each in made if works(owner, each)] == [kept_for_operators(owner)]


def test_a_crash_before_the_commit_leaves_the_old_secret_and_a_retry_heals(owner: Client) -> None:
    id, old = owner.ok("GET", "/me/")["company"]["id"], owner.headers["X-Inbound-Secret"]
    lost = ingest_secrets.rotate(Reading(store()), id, 0, utc_now()).answer  # decided and put, never committed
    assert works(owner, old) and not works(owner, lost.text)
    assert kept_for_operators(owner) == lost.text
    at_once = owner.send("POST", PATH)
    assert (at_once.status, at_once.headers["retry-after"]) == (503, "1")
    retried = in_a_minute(owner).ok("POST", "/integrations/ingest-secret/")["secret"]
    assert retried == lost.text == kept_for_operators(owner) and works(owner, retried)


def in_a_minute(client: Client) -> Client:
    """When no function of before has time left."""
    return Client(gateway_at(utc_now() + timedelta(minutes=1)), client.headers)


def test_a_rotation_that_stands_still_and_dies_overwrites_the_operators_copy_of_no_other(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two others would both be done before its put arrives; the secret that it puts would have ended."""
    put, others = ingest_secrets.keep_for_operators, list[int]()

    def late(company: str, text: str) -> None:
        monkeypatch.setattr(ingest_secrets, "keep_for_operators", put)
        others.extend(owner.send("POST", PATH).status for _ in range(2))
        put(company, text)
        raise SystemExit

    monkeypatch.setattr(ingest_secrets, "keep_for_operators", late)
    with pytest.raises(SystemExit):
        ingest_secrets.rotate(Reading(store()), owner.ok("GET", "/me/")["company"]["id"], 0, utc_now())
    assert others == [503, 503]
    secret = in_a_minute(owner).ok("POST", "/integrations/ingest-secret/")["secret"]
    assert works(owner, secret) and kept_for_operators(owner) == secret


def test_operators_whose_copy_cannot_be_put_may_try_again_at_once(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(company: str, text: str) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(ingest_secrets, "keep_for_operators", down)
        assert owner.send("POST", PATH).status == 503
    assert works(owner, owner.headers["X-Inbound-Secret"])
    assert owner.ok("POST", "/integrations/ingest-secret/")["secret"] == kept_for_operators(owner)


def test_a_company_that_has_no_secret_gets_one(owner: Client) -> None:
    id = owner.ok("GET", "/me/")["company"]["id"]
    store().transact([Delete(Ingest, (id, "ingest"))])
    secret = owner.ok("POST", "/integrations/ingest-secret/")["secret"]
    assert works(owner, secret) and kept_for_operators(owner) == secret


def test_ended_secrets_leave_the_row_and_overlapping_ones_are_bounded(owner: Client) -> None:
    id = owner.ok("GET", "/me/")["company"]["id"]
    for _ in range(3):
        owner.ok("POST", "/integrations/ingest-secret/")
    row = store().get(Ingest, id, "ingest")
    assert row is not None and len(row.secrets) == 1
    statuses = [owner.send("POST", PATH, {"overlap_seconds": 3600}).status for _ in range(12)]
    assert statuses == [201] * ingest_secrets.MOST_OVERLAPPING + [409] * 2
    assert owner.send("POST", PATH).status == 201  # without an overlap the earlier ones end


def test_who_does_not_manage_tokens_does_not_rotate(stage: Stage) -> None:
    refused = stage.person("project_manager", "pam").send("POST", PATH)
    assert (refused.status, refused.body["code"]) == (403, "permission_denied")
