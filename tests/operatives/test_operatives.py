"""Operatives: whose clock ID it is, who they are, and the lists of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from chalicelib.access.rows import Access
from chalicelib.operatives import operatives
from chalicelib.storage.changes import Update
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from tests.stage import Client, Stage
from tests.users import People, refused


def made(owner: Client, **values: Any) -> str:
    """A new operative's id."""
    return str(owner.ok("POST", "/operatives/", {"name": "Hand", **values})["id"])


def listed(owner: Client, query: str) -> set[str]:
    return {row["id"] for row in owner.ok("GET", f"/operatives/?{query}")["results"]}


def test_a_clock_id_is_one_operatives_however_it_is_written(stage: Stage) -> None:
    id = uuid4().hex[:8]
    first = made(stage.owner, external_clock_id=f"Té-{id}")
    taken = stage.owner.send(
        "POST", "/api/v1/operatives/", {"name": "B", "external_clock_id": f"tE\u0301-{id.upper()}"}
    )
    assert refused(taken, 409, "conflict") and "external_clock_id" in taken.body["errors"]
    stage.owner.ok("PATCH", f"/operatives/{first}/", {"external_clock_id": f"TÉ-{id}"})
    stage.owner.ok("PATCH", f"/operatives/{first}/", {"external_clock_id": None})
    made(stage.owner, external_clock_id=f"té-{id}")


@pytest.mark.parametrize("text", ["77\u200b", "7\u00ad7", "\ufeff77", "77\x07"])
def test_a_clock_id_with_characters_that_nobody_sees_is_refused_by_name(stage: Stage, text: str) -> None:
    reply = stage.owner.send("POST", "/api/v1/operatives/", {"name": "B", "external_clock_id": text})
    assert refused(reply, 400, "validation_error") and "external_clock_id" in reply.body["errors"]


def test_lists_find_a_trade_and_a_clock_id_however_they_are_written(stage: Stage) -> None:
    mark = uuid4().hex[:8]
    mason = made(stage.owner, trade=f"Mason  {mark}", external_clock_id=f"C-{mark}")
    other = made(stage.owner, trade=f"mason {mark}", active=False)
    made(stage.owner, trade="Carpenter", external_clock_id=f"D-{mark}")
    trade = quote(f"MASON {mark}")
    assert listed(stage.owner, f"trade={trade}") == {mason, other}
    assert listed(stage.owner, f"trade={trade}&active=true") == {mason}
    assert listed(stage.owner, f"trade={trade}&active=false&search=hand") == {other}
    assert listed(stage.owner, f"external_clock_id=c-{mark}") == {mason}
    assert listed(stage.owner, f"external_clock_id=c-{mark}&trade=Carpenter") == set()
    since = "updated_since=2026-01-01T00:00:00Z&page_size=200"
    assert listed(stage.owner, f"{since}&trade={trade}&active=true") == {mason}
    assert listed(stage.owner, f"{since}&external_clock_id=c-{mark}") == {mason}
    stage.owner.ok("PATCH", f"/operatives/{mason}/", {"trade": None, "external_clock_id": None})
    assert listed(stage.owner, f"trade={trade}") == {other}
    assert listed(stage.owner, f"external_clock_id=c-{mark}") == set()


def test_a_list_by_clock_id_reads_nobody_elses_row(stage: Stage) -> None:
    """So it costs the same among ten thousand."""
    mark, read = uuid4().hex[:8], list[int]()
    made(stage.owner, external_clock_id=mark)
    events = store().client.meta.events

    def heard(parsed: dict[str, Any], **_: Any) -> None:
        read.append(parsed.get("ScannedCount", 0))

    events.register("after-call.dynamodb.Query", heard, "read")
    stage.owner.ok("GET", f"/operatives/?external_clock_id={mark}")
    events.unregister("after-call.dynamodb.Query", unique_id="read")
    assert read and max(read) == 1


def test_every_unknown_id_is_named_at_once(stage: Stage) -> None:
    body = {"name": "X", "user": "nobody", "projects": ["nowhere"]}
    path = f"/api/v1/operatives/{made(stage.owner)}/"
    for reply in (stage.owner.send("POST", "/api/v1/operatives/", body), stage.owner.send("PATCH", path, body)):
        assert refused(reply, 400, "validation_error") and reply.body["errors"].keys() == {"user", "projects"}


def test_a_project_that_is_named_twice_is_one(stage: Stage) -> None:
    """Else a punch without a project code would find two for an operative who has one."""
    project = stage.owner.ok("POST", "/projects/", {"code": uuid4().hex[:8], "name": "Quay"})["id"]
    id = made(stage.owner, projects=[project, project])
    path = f"/operatives/{id}/"
    assert stage.owner.ok("GET", path)["projects"] == [project]
    assert stage.owner.ok("PATCH", path, {"projects": [project] * 3})["projects"] == [project]


def test_a_user_is_twenty_operatives_at_most(stage: Stage, people: People) -> None:
    _, user = people.make("foreman")
    place = (key(stage.made["company"]["id"], user), "access")
    many = {f"o{n}": "1" for n in range(operatives.MOST_OF_USER - 1)}
    store().transact([Update(Access, place, (Access.operatives.set(many),))])
    body = {"name": "One of many", "user": user}
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda _: stage.owner.send("POST", "/api/v1/operatives/", body), range(3)))
    assert sorted(reply.status for reply in replies) == [201, 400, 400]
    assert all("20 operatives" in str(reply.body["errors"]["user"]) for reply in replies if reply.status == 400)


def test_an_operative_was_fifty_users_at_most(stage: Stage, people: People) -> None:
    _, user = people.make("foreman")
    hand = made(stage.owner, user=user)
    row = store().get(*operatives.place(stage.made["company"]["id"], hand))
    assert row is not None
    row.former_users = {f"u{n}": "1" for n in range(operatives.MOST_FORMER)}
    store().transact([operatives.Put(row)])
    reply = stage.owner.send("PATCH", f"/api/v1/operatives/{hand}/", {"user": None})
    assert refused(reply, 400, "validation_error") and "50 users" in str(reply.body["errors"]["user"])
