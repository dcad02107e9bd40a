"""Rates: a history, of which approval keeps the one that is valid on the entry's date."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.operatives import rates
from chalicelib.operatives.rows import Operative
from tests.stage import Client, Stage
from tests.users import People, refused

DAYS = st.dates().map(lambda day: day.isoformat())
RATES = st.none() | st.decimals(0, 1000, places=2)


def made(owner: Client, **values: Any) -> str:
    return str(owner.ok("POST", "/operatives/", {"name": "Hand", **values})["id"])


def history(owner: Client, id: str) -> list[tuple[str | None, str | None]]:
    rows = owner.ok("GET", f"/operatives/{id}/rates/")["results"]
    return [(row["valid_from"], row["hourly_rate"]) for row in rows]


def test_the_first_rate_is_valid_from_always_and_another_from_today(stage: Stage) -> None:
    for body in ({"hourly_rate": 30}, {}):
        hand = made(stage.owner, **body)
        stage.owner.ok("PATCH", f"/operatives/{hand}/", {"hourly_rate": 30 if not body else 31})
        first = history(stage.owner, hand)
        assert first[0] == (None, "30.00")
        assert [rate for _, rate in first[1:]] == (["31.00"] if body else [])


def test_a_rate_is_set_from_a_date_and_replaces_one_from_that_date(stage: Stage) -> None:
    hand = made(stage.owner, hourly_rate=30)
    path = f"/operatives/{hand}/rates/"
    assert stage.owner.ok("POST", path, {"valid_from": "2026-03-01", "hourly_rate": 32.5}) == {
        "valid_from": "2026-03-01",
        "hourly_rate": "32.50",
    }
    stage.owner.ok("POST", path, {"valid_from": "2000-01-01", "hourly_rate": 20})
    stage.owner.ok("POST", path, {"valid_from": "2026-03-01", "hourly_rate": None})
    stage.owner.ok("POST", path, {"hourly_rate": 10})
    assert history(stage.owner, hand) == [(None, "10.00"), ("2000-01-01", "20.00"), ("2026-03-01", None)]
    assert stage.owner.ok("GET", f"/operatives/{hand}/")["hourly_rate"] is None


def test_a_history_is_listed_in_pages(stage: Stage) -> None:
    hand = made(stage.owner)
    for month in range(1, 6):
        body = {"valid_from": f"2026-{month:02}-01", "hourly_rate": month}
        stage.owner.ok("POST", f"/operatives/{hand}/rates/", body)
    first = stage.owner.ok("GET", f"/operatives/{hand}/rates/?page_size=3")
    assert (first["count"], len(first["results"])) == (5, 3)
    second = stage.owner.ok("GET", first["next"].removeprefix("/api/v1"))
    assert [row["hourly_rate"] for row in second["results"]] == ["4.00", "5.00"] and second["next"] is None


@pytest.mark.parametrize("day", ["1999-12-31", "9999-01-01", "2026-02-30", "soon"])
def test_a_rate_begins_on_a_date_from_2000(stage: Stage, day: str) -> None:
    hand = made(stage.owner)
    reply = stage.owner.send("POST", f"/api/v1/operatives/{hand}/rates/", {"valid_from": day, "hourly_rate": 1})
    assert refused(reply, 400, "validation_error") and "valid_from" in reply.body["errors"]


def test_rates_are_read_and_written_with_the_permission_to_view_them(stage: Stage, people: People) -> None:
    hand = made(stage.owner, hourly_rate=30)
    path, body = f"/api/v1/operatives/{hand}/rates/", {"hourly_rate": 5}
    for role, reads, writes in (
        ("project_manager", 200, 201),
        ("commercial", 200, 403),
        ("foreman", 403, 403),
        ("operative", 403, 403),
    ):
        client, _ = people.make(role)
        assert (client.send("GET", path).status, client.send("POST", path, body).status) == (reads, writes), role
    assert stage.owner.send("GET", "/api/v1/operatives/nobody/rates/").status == 404
    assert stage.owner.send("POST", "/api/v1/operatives/nobody/rates/", body).status == 404


def test_who_manages_operatives_without_seeing_rates_writes_none(stage: Stage, people: People) -> None:
    foreman, _ = people.make("foreman")
    hand, id = made(stage.owner, hourly_rate=30), uuid4().hex
    for method, path in (("PATCH", f"/api/v1/operatives/{hand}/"), ("POST", "/api/v1/operatives/")):
        reply = foreman.send(method, path, {"name": id, "hourly_rate": 31})
        assert refused(reply, 403, "permission_denied") and "hourly_rate" in reply.body["detail"]
    assert history(stage.owner, hand) == [(None, "30.00")]
    assert stage.owner.ok("GET", f"/operatives/?search={id}")["count"] == 0
    assert foreman.ok("PATCH", f"/operatives/{hand}/", {"name": id})["name"] == id


def test_an_operative_has_two_hundred_rates_at_most() -> None:
    many = {f"2026-{n:04}": Decimal(1) for n in range(rates.MOST_RATES)}
    assert len(rates.with_rate(many, "2026-0000", Decimal(2))) == rates.MOST_RATES
    with pytest.raises(rates.InUse, match="200 rates"):
        rates.with_rate(many, "2027-01-01", Decimal(2))


@settings(deadline=None)
@given(st.dictionaries(DAYS, RATES, max_size=8), DAYS)
def test_the_rate_of_a_day_is_the_newest_that_began_by_then(held: dict[str, Decimal | None], day: str) -> None:
    """Found by walking the history as a person would."""
    row = Operative(rates=held)
    wanted = None
    for valid in rates.history(row):
        if valid.valid_from is None or valid.valid_from <= day:
            wanted = valid.hourly_rate
    assert rates.rate_on(row, day) == wanted
