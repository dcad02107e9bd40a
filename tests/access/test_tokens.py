"""Tokens: made for people of the company, listed with their last use, ended for good."""

import zlib
from datetime import timedelta

import pytest

from chalicelib.access import authentication, credentials, sessions
from chalicelib.access.rows import Access
from chalicelib.ids import new_id
from chalicelib.storage.changes import Update
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, store
from chalicelib.times import stamp, utc_now
from infra import company
from tests.stage import Client, Stage
from tests.users import People, refused


def listed(owner: Client, id: str) -> dict[str, object]:
    rows = owner.ok("GET", "/tokens/?page_size=200")["results"]
    return next(row for row in rows if row["id"] == id)


def test_the_list_shows_when_a_token_was_last_used_and_never_the_token(stage: Stage, people: People) -> None:
    _, user = people.make("foreman")
    made = stage.owner.ok("POST", "/tokens/", {"label": "kiosk", "user": user})
    assert made["last_used_at"] is None and listed(stage.owner, made["id"])["last_used_at"] is None
    before = stamp(utc_now())
    stage.owner.token(made["token"]).ok("GET", "/me/")
    used = listed(stage.owner, made["id"])["last_used_at"]
    assert isinstance(used, str) and before <= used <= stamp(utc_now())
    assert "token" not in listed(stage.owner, made["id"])
    stage.owner.ok("DELETE", f"/tokens/{made['id']}/")
    ended = listed(stage.owner, made["id"])
    assert ended["last_used_at"] == used and ended["revoked_at"] is not None


def test_a_second_delete_is_not_found_and_changes_nothing(stage: Stage) -> None:
    made = stage.owner.ok("POST", "/tokens/", {"label": "twice"})
    assert stage.owner.send("DELETE", f"/api/v1/tokens/{made['id']}/").status == 204
    once = listed(stage.owner, made["id"])
    assert refused(stage.owner.send("DELETE", f"/api/v1/tokens/{made['id']}/"), 404, "not_found")
    assert listed(stage.owner, made["id"]) == once
    assert refused(stage.owner.send("DELETE", "/api/v1/tokens/nosuchtoken/"), 404, "not_found")


def test_a_token_works_until_it_expires(stage: Stage) -> None:
    now = utc_now()
    soon = stamp(now + timedelta(hours=1))
    made = stage.owner.ok("POST", "/tokens/", {"label": "short", "expires_at": soon})
    credential = credentials.parse(made["token"], "wbs")
    assert made["expires_at"] == soon and credential is not None
    until = now + timedelta(hours=1)
    caller, _ = authentication.authenticate(store(), credential, "a", until - timedelta(microseconds=1))
    assert caller.company == credential.company
    for late in (until, until + timedelta(days=400)):
        with pytest.raises(authentication.NotAuthenticated):
            authentication.authenticate(store(), credential, "a", late)


@pytest.mark.parametrize("live", [0, 30])
def test_a_user_has_fifty_live_tokens_at_most_and_expired_ones_leave(stage: Stage, people: People, live: int) -> None:
    client, user = people.make("foreman")
    place = (key(stage.made["company"]["id"], user), "access")
    row = store().get(Access, *place)
    assert row is not None
    ends = stamp(utc_now() - timedelta(days=1))
    old = {f"old{n}": {"digest": "x", "expires_at": ends} for n in range(50)}
    more = {f"live{n}": {"digest": "x", "expires_at": None} for n in range(live)}
    store().transact([Update(Access, place, (Access.tokens.set(row.tokens | old | more),))])
    made = [stage.owner.send("POST", "/api/v1/tokens/", {"label": "t", "user": user}) for _ in range(50 - live)]
    assert {reply.status for reply in made[:-1]} == {201}
    assert refused(made[-1], 409, "in_use") and "50 live tokens" in made[-1].body["detail"]
    kept = store().get(Access, *place)
    assert kept is not None and len(kept.tokens) == 50 and not kept.tokens.keys() & old.keys()
    assert client.send("GET", "/api/v1/me/").status == 200
    stage.owner.ok("DELETE", f"/tokens/{made[0].body['id']}/")
    stage.owner.ok("POST", "/tokens/", {"label": "t", "user": user})


@pytest.mark.parametrize("text", ["0999-12-31T00:00:00Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+14:00"])
def test_an_expiry_is_an_instant_and_no_text(stage: Stage, text: str) -> None:
    """As text, the year 999 comes after every other."""
    reply = stage.owner.send("POST", "/api/v1/tokens/", {"label": "x", "expires_at": text})
    assert refused(reply, 400, "validation_error") and "expires_at" in reply.body["errors"]


@pytest.mark.parametrize(
    "text", ["2020-01-01T00:00:00Z", "tomorrow", "2999-01-01T00:00:00", "2999-13-01T00:00:00Z", ""]
)
def test_an_expiry_that_is_past_or_no_time_is_refused_by_name(stage: Stage, text: str) -> None:
    reply = stage.owner.send("POST", "/api/v1/tokens/", {"label": "x", "expires_at": text})
    assert refused(reply, 400, "validation_error") and "expires_at" in reply.body["errors"]


def test_a_token_is_for_a_user_of_the_company(stage: Stage, people: People) -> None:
    rival = company.create("Other", "pro", "UTC", "o@other.example")
    for user in (rival["owner"]["id"], "nobody"):
        reply = stage.owner.send("POST", "/api/v1/tokens/", {"label": "x", "user": user})
        assert refused(reply, 400, "validation_error") and "user" in reply.body["errors"]
    manager, _ = people.make("project_manager")
    for method, path in (("GET", "/tokens/"), ("POST", "/tokens/"), ("DELETE", "/tokens/x/")):
        assert refused(manager.send(method, f"/api/v1{path}"), 403, "permission_denied")


def test_the_list_never_shows_a_session(stage: Stage) -> None:
    made = company.create("Sess", "pro", "UTC", "s@sess.example")
    [account] = sessions.sign_in(Reading(store()), "s@sess.example", made["owner"]["password"])
    opened = sessions.open_session(Reading(store()), account, utc_now())
    store().transact(opened.changes)
    session = opened.answer
    owner = stage.owner.token(made["token"])
    assert session.id not in owner.send("GET", "/api/v1/tokens/").text
    assert [row["label"] for row in owner.ok("GET", "/tokens/")["results"]] == ["bootstrap"]


def test_a_token_can_be_recognised_by_its_prefix_and_checksum(stage: Stage) -> None:
    """As docs/permissions.md says for scanners: the last six characters are base 32 of the CRC-32 of the rest."""
    import base64

    token = stage.made["token"]
    prefix, _, body = token.partition("_")
    crc = zlib.crc32((prefix + body[:-6]).encode()).to_bytes(4, "big")
    assert prefix == "wbs" and len(token) == 78
    assert base64.b32encode(crc).decode().lower()[:6] == body[-6:]
    assert credentials.parse(token[:-1] + ("a" if token[-1] != "a" else "b"), "wbs") is None
    [listed] = [row for row in stage.owner.ok("GET", "/tokens/")["results"] if token.startswith(row["prefix"])]
    assert listed["prefix"] == token[:12]


class Counting:
    """A client that notes which operations it was asked for."""

    def __init__(self, client: object) -> None:
        self.client = client
        self.operations: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.operations.append(name)
        return getattr(self.client, name)


def test_an_unknown_company_is_refused_from_memory_with_the_addresss_count_only(stage: Stage) -> None:
    client = Counting(store().client)
    counted = Store(client, store().prefix)
    now = utc_now()
    for kind, ask in (
        ("wbs", lambda made: authentication.authenticate(counted, made, "198.51.100.7", now)),
        ("wbsi", lambda made: authentication.authenticate_device(counted, made, "198.51.100.7", now)),
    ):
        made = credentials.issue(kind, new_id(), new_id())
        for looked_up in (True, False, False):
            client.operations.clear()
            with pytest.raises(authentication.NotAuthenticated) as caught:
                ask(made)
            assert (len(client.operations) > 1) is looked_up
            assert looked_up or client.operations == ["update_item"]  # the address's count
            assert "X-RateLimit-Remaining" in caught.value.headers


def test_the_memory_of_unknown_companies_is_bounded_and_short() -> None:
    memory, now = authentication.Unknown(most=3, seconds=60), utc_now()
    for company_id in "abcd":
        memory.add(company_id, now)
    assert [memory.holds(each, now) for each in "abcd"] == [False, True, True, True]
    assert not memory.holds("d", now + timedelta(seconds=60))


def test_the_location_of_a_new_token_leads_to_it_and_shows_it_no_more(stage: Stage, people: People) -> None:
    made = stage.owner.send("POST", "/api/v1/tokens/", {"label": "kiosk"})
    path, tag = made.headers["location"], made.headers["etag"]
    read = stage.owner.send("GET", path)
    assert read.headers["etag"] == tag and stage.owner.send("GET", path, If_None_Match=tag).status == 304
    assert stage.owner.send("DELETE", path, If_Match='"7"').status == 412
    assert read.body == {name: value for name, value in made.body.items() if name != "token"}
    assert stage.owner.send("DELETE", path, If_Match=tag).status == 204
    ended = stage.owner.send("GET", path)
    assert ended.body["revoked_at"] is not None and ended.headers["etag"] != tag
    assert refused(people.make("foreman")[0].send("GET", path), 403, "permission_denied")
    assert refused(stage.owner.send("GET", "/api/v1/tokens/nothing/"), 404, "not_found")
