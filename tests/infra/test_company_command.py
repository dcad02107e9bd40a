"""`python -m infra.company`: what whoever runs a stage does for a company."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.access import invitations, sessions
from chalicelib.access.directory import directory_key
from chalicelib.access.rows import Access, Directory
from chalicelib.errors import NotFound
from chalicelib.operatives.rows import ClockIdClaim
from chalicelib.storage.changes import Delete
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from infra import company
from tests.stage import Client, Stage


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command that works prints."""
    assert company.main([*arguments, "--stage", "test", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that does not work says."""
    assert company.main([*arguments, "--stage", "test"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.fixture
def made(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Any:
    return run(capsys, "create", "--name", "Cmd", "--plan", "pro", "--owner-email", "o@cmd.example", "--another")


def test_a_company_is_made_listed_and_its_plan_and_settings_changed(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    id, owner = made["company"]["id"], stage.owner.token(made["token"])
    assert id in {row["id"] for row in run(capsys, "list")["companies"]}
    assert run(capsys, "plan", "--company", id, "field")["company"]["plan"] == "field"
    assert owner.send("GET", "/api/v1/me/").body["code"] == "plan_without_api"
    run(capsys, "plan", "--company", id, "business")
    changes = ("--timezone", "Asia/Tokyo", "--daily-cap-hours", "10.5", "--auto-add-operatives", "on", "--name", "New")
    assert run(capsys, "settings", "--company", id, *changes)["company"]["daily_cap_hours"] == 10.5
    shown = owner.ok("GET", "/company/")
    assert (shown["plan"], shown["timezone"], shown["name"]) == ("business", "Asia/Tokyo", "New")
    assert shown["auto_add_operatives"] is True
    run(capsys, "settings", "--company", id, "--auto-add-operatives", "off")
    assert owner.ok("GET", "/company/")["auto_add_operatives"] is False


def test_a_name_that_a_company_has_is_asked_about(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script says --another; at a terminal a person is asked."""
    again = ("create", "--name", " cmd ", "--plan", "pro", "--owner-email", "o@again.example")
    before = len(run(capsys, "list")["companies"])
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "--another" in fails(capsys, *again)
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert "Nothing was made" in fails(capsys, *again)
    assert len(run(capsys, "list")["companies"]) == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    run(capsys, *again)
    assert len(run(capsys, "list")["companies"]) == before + 1


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


def test_a_person_who_was_added_can_sign_in(stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    id = made["company"]["id"]
    command = ("people", "--company", id, "--name", "Pat", "--email", "pat@cmd.example", "--role", "owner")
    added = run(capsys, *command)["user"]
    [account] = sessions.sign_in(Reading(store()), "Pat@cmd.example", added["password"])
    assert (account.company, account.user) == (id, added["id"])
    assert "email" in fails(capsys, *command)
    owner = stage.owner.token(made["token"])
    assert owner.ok("PATCH", f"/users/{made['owner']['id']}/", {"role": "admin"})["role"] == "admin"


def test_a_lost_password_is_replaced_on_a_plan_without_the_api(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can invite there by API; the old password, the sessions and an open link end at once."""
    id, email, old = made["company"]["id"], made["owner"]["email"], made["owner"]["password"]
    owner = stage.owner.token(made["token"])
    link = owner.ok("POST", f"/users/{made['owner']['id']}/invite/")["link"]
    [account] = sessions.sign_in(Reading(store()), email, old)
    opened = sessions.open_session(Reading(store()), account, datetime.now(UTC))
    store().transact(opened.changes)
    session = opened.answer
    run(capsys, "plan", "--company", id, "team")
    new = run(capsys, "password", "--company", id, "--email", email.upper())["user"]
    assert (new["id"], new["email"]) == (made["owner"]["id"], email)
    assert sessions.sign_in(Reading(store()), email, old) == []
    [account] = sessions.sign_in(Reading(store()), email, new["password"])
    assert account.user == new["id"]
    access = store().get(Access, key(id, new["id"]), "access")
    assert access is not None and session.id not in access.tokens
    with pytest.raises(NotFound):
        invitations.find(Reading(store()), link.rstrip("/").rpartition("/")[2], datetime.now(UTC))
    assert "no such" in fails(capsys, "password", "--company", id, "--email", "nobody@cmd.example")


def test_after_a_new_digest_key_people_sign_in_again_and_devices_get_a_new_secret(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new key finds no row of the sign-in directory, and no credential fits it."""
    id = made["company"]["id"]
    people = [(made["owner"]["email"], made["owner"]["password"])]
    added = run(capsys, "people", "--company", id, "--name", "P", "--email", "p@cmd.example", "--role", "admin")["user"]
    people.append((added["email"], added["password"]))
    for (email, _), user in zip(people, (made["owner"]["id"], added["id"]), strict=True):
        store().transact([Delete(Directory, (directory_key(email), key(id, user)))])
        assert sessions.sign_in(Reading(store()), email, "x" * 12) == []
    done = run(capsys, "rekey", "--company", id)
    assert done["company"] == id and done["users"] == 2
    assert done["ingest_secret"].startswith("wbsi_") and done["ingest_secret"] != made["ingest_secret"]
    for email, password in people:
        assert len(sessions.sign_in(Reading(store()), email, password)) == 1
    assert run(capsys, "rekey", "--company", id)["users"] == 2, "it can be done again"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "--name", "X", "--plan", "pro", "--owner-email", "o@x.example", "--timezone", "Mars"), "time zone"),
        (("plan", "--company", "nobody", "pro"), "no such company"),
        (("settings", "--company", "nobody", "--name", "x"), "no such company"),
        (("settings", "--company", "nobody"), "setting"),
        (("settings", "--company", "nobody", "--daily-cap-hours", "25"), "daily_cap_hours"),
        (("settings", "--company", "nobody", "--daily-cap-hours", "ten"), "daily_cap_hours"),
        (("people", "--company", "nobody", "--name", "x", "--email", "x", "--role", "admin"), "email"),
        (("people", "--company", "nobody", "--name", "x", "--email", "x@y.zz", "--role", "admin"), "no such company"),
        (("password", "--company", "nobody", "--email", "x@y.zz"), "no such company"),
        (("rekey", "--company", "nobody"), "no such company"),
        (("anonymise", "--company", "nobody", "--operative", "x"), "no such company"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(
    stage: Stage, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in fails(capsys, *arguments)


def person(owner: Client, name: str) -> tuple[str, str, Client]:
    """A user who is an operative with hours: user, operative, and the user's client."""
    user = owner.ok("POST", "/users/", {"name": name, "email": f"{name}@cmd.example", "role": "engineer"})["id"]
    hand = {"name": name, "external_clock_id": f"clock-{name}", "employer": "Acme", "trade": "Mason", "user": user}
    operative = owner.ok("POST", "/operatives/", hand)["id"]
    return user, operative, owner.token(owner.ok("POST", "/tokens/", {"label": "t", "user": user})["token"])


@pytest.mark.parametrize("with_user", [False, True])
def test_an_anonymised_operative_keeps_hours_and_loses_what_names_a_person(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str], with_user: bool
) -> None:
    owner, id = stage.owner.token(made["token"]), made["company"]["id"]
    user, operative, client = person(owner, "zebedee")
    project = owner.ok("POST", "/projects/", {"code": "A", "name": "A"})["id"]
    hours = {"project": project, "operative": operative, "date": "2026-06-01", "hours": 8}
    entry = client.ok("POST", "/labour/", hours)["id"]
    taken = {"name": "x", "email": f"{user}@anonymised.invalid", "role": "foreman"}
    owner.send("POST", "/api/v1/users/", taken)  # a guess at the address to come blocks nothing
    for _ in range(2):
        run(capsys, "anonymise", "--company", id, "--operative", operative, *(("--user",) if with_user else ()))
    row = owner.ok("GET", f"/operatives/{operative}/")
    assert (row["external_clock_id"], row["trade"], row["employer"], row["user"]) == (None, None, None, None)
    assert row["active"] is False and "zebedee" not in str(row)
    assert store().get(ClockIdClaim, key(id, "clock", "clock-zebedee"), "clock") is None
    assert owner.ok("GET", f"/labour/{entry}/")["hours"] == "8.00"
    shown = owner.ok("GET", f"/users/{user}/")
    assert shown["active"] is not with_user and ("zebedee" in str(shown)) is not with_user
    assert client.send("GET", f"/api/v1/labour/{entry}/").status == (401 if with_user else 404)


def test_anonymising_reaches_the_answers_that_keys_keep(
    stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A repeat is still a repeat, and names nobody."""
    owner, id = stage.owner.token(made["token"]), made["company"]["id"]
    body = {"name": "Yorick", "email": "yorick@cmd.example", "role": "engineer"}
    user = owner.ok("POST", "/users/", body, Idempotency_Key="user")["id"]
    hand = {"name": "Yorick", "trade": "Jester", "user": user, "external_clock_id": "Y-1"}
    operative = owner.ok("POST", "/operatives/", hand, Idempotency_Key="hand")["id"]
    other = owner.ok("POST", "/operatives/", {"name": "Other"}, Idempotency_Key="other")
    run(capsys, "anonymise", "--company", id, "--operative", operative, "--user")
    for path, sent, key_of in (("/users/", body, "user"), ("/operatives/", hand, "hand")):
        reply = owner.send("POST", f"/api/v1{path}", sent, Idempotency_Key=key_of)
        assert reply.status == 201 and reply.headers["idempotency-replayed"] == "true"
        assert "orick" not in reply.text and "Jester" not in reply.text and "Y-1" not in reply.text
        assert reply.body["id"] in (user, operative)
    assert owner.ok("POST", "/operatives/", {"name": "Other"}, Idempotency_Key="other") == other


def test_the_last_active_owner_is_not_anonymised(stage: Stage, made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    owner = stage.owner.token(made["token"])
    hand = {"name": "Me", "user": made["owner"]["id"]}
    operative = owner.ok("POST", "/operatives/", hand)["id"]
    said = fails(capsys, "anonymise", "--company", made["company"]["id"], "--operative", operative, "--user")
    assert "owner" in said
    assert owner.ok("GET", f"/operatives/{operative}/")["name"] == "Me"
