"""Hours come in from CSV, all rows or none, and go out as the list shows them."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.labour import crew_sheets
from chalicelib.times import stamp, utc_now
from tests.labour.conftest import DAY, NEXT, Site, code
from tests.stage import Client, Reply

HEADING = "operative,date,project,cost code,hours,quantity,note\n"


def bring(client: Client, text: str, **headers: str) -> Reply:
    return client.send("POST", "/api/v1/labour/import/", text.encode(), Content_Type="text/csv", **headers)


def code_of(site: Site, project: str | None = None) -> str:
    return str(site.owner.ok("GET", f"/projects/{project or site.project}/")["code"])


def rows_of(reply: Reply) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(reply.text)))


def test_a_file_names_operatives_by_id_or_clock_id_and_projects_by_code(site: Site) -> None:
    hand, clocked = site.hand(), site.hand(external_clock_id="K-1")
    project = code_of(site).upper()
    text = f'{HEADING}{hand},{DAY},{project},c-1,7.5,2,"rain, until ten"\nK-1,{NEXT},{project},,8,,\n'
    reply = bring(site.foreman, text)
    assert (reply.status, reply.body["created"], len(reply.body["entries"])) == (201, 2, 2)
    [one] = site.manager.ok("GET", f"/labour/?operative={hand}")["results"]
    assert (one["hours"], one["quantity"], one["note"], one["cost_code"]) == (
        "7.50",
        "2.0000",
        "rain, until ten",
        "C-1",
    )
    assert (one["source"], one["status"], one["submitted_by"]) == ("import", "submitted", site.user("foreman"))
    [two] = site.manager.ok("GET", f"/labour/?operative={clocked}&source=import")["results"]
    assert two["cost_code"] is None


def test_a_bad_row_is_reported_with_its_line_and_column_and_nothing_is_written(site: Site) -> None:
    hand, project = site.hand(), code_of(site)
    bad = ("18:25", "0.3333333", "-2")
    lines = "".join(f"{hand},{DAY},{project},C-1,{hours},,\n" for hours in ("8", *bad))
    assert set(bring(site.foreman, HEADING + lines).body["errors"]) == {f"rows.{line}.hours" for line in (3, 4, 5)}
    lines = f"ghost,{DAY},{project},C-1,8,,\n{hand},{DAY},GHOST,C-1,8,,\n"
    lines += f"{hand},{DAY},{project},Q,8,,\n{hand},{DAY},{project},,8,,\n"
    found = bring(site.foreman, HEADING + lines)
    assert set(found.body["errors"]) == {"rows.2.operative", "rows.3.project", "rows.4.cost_code"}
    assert site.manager.ok("GET", f"/labour/?operative={hand}")["count"] == 0


def test_semicolons_and_decimal_commas_are_read(site: Site) -> None:
    hand = site.hand()
    heading = HEADING.replace(",", ";")
    assert bring(site.foreman, f"{heading}{hand};{DAY};{code_of(site)};;12,5;;\n").status == 201
    assert site.manager.ok("GET", f"/labour/?operative={hand}")["results"][0]["hours"] == "12.50"


def test_a_file_that_is_no_csv_is_415_and_json_is_not_taken(site: Site) -> None:
    assert code(site.foreman.send("POST", "/api/v1/labour/import/", {})) == (415, "unsupported_media_type")


@pytest.mark.long
def test_a_long_file_is_written_by_a_job(site: Site) -> None:
    hands, project = [site.hand() for _ in range(20)], code_of(site)
    days = [f"2026-05-{day:02d}" for day in range(1, 27)]
    text = HEADING + "".join(f"{hand},{day},{project},C-1,1,,\n" for day in days for hand in hands)
    reply = bring(site.foreman, text, Idempotency_Key="long-file")
    assert reply.status == 202 and reply.headers["location"] == f"/api/v1/jobs/{reply.body['id']}/"
    job = site.work_off(reply.body["id"], timedelta(minutes=1))
    assert (job["status"], job["result"]["created"], job["done"]) == ("succeeded", 520, 520)
    assert site.manager.ok("GET", f"/labour/?operative={hands[0]}")["count"] == 26


def test_rows_and_clashes_that_a_job_writes_late_come_back_in_the_next_incremental_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_sheets, "MOST_ROWS", 1)
    hand, project, later = site.hand(), code_of(site), timedelta(minutes=5)
    site.entry(hand, hours=2)
    reply = bring(site.manager, f"{HEADING}{hand},{DAY},{project},C-1,1,,\n{hand},{NEXT},{project},C-1,1,,\n")
    site.work_off(reply.body["id"], later)
    since = stamp(utc_now() + later - timedelta(minutes=1))
    rows = site.manager.ok("GET", f"/labour/?operative={hand}&updated_since={since}")["results"]
    assert sorted((row["date"], row["hours"]) for row in rows) == [(DAY, "1.00"), (NEXT, "1.00")]
    assert all(row["created_at"] < since < row["updated_at"] for row in rows)
    assert [
        row["date"] for row in site.manager.ok("GET", f"/clashes/?operative={hand}&updated_since={since}")["results"]
    ] == [DAY]


@pytest.mark.parametrize("query", ["", "&status=approved"])
def test_an_export_shows_the_lists_rows_with_the_same_permissions(site: Site, query: str) -> None:
    hand = site.hand(hourly_rate=30)
    site.entry(hand, hours=7.5, note="=1+1")
    site.act(site.manager, site.entry(hand, date=NEXT, quantity=-1.5), "approve")
    path = f"/api/v1/labour/export/?operative={hand}&project={site.project}{query}"
    reply = site.manager.send("GET", path, Accept="text/csv")
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/csv")
    rows = rows_of(reply)
    assert [row["date"] for row in rows] == ([NEXT] if query else [NEXT, DAY])
    assert (rows[0]["quantity"], rows[0]["hourly_rate"], rows[0]["project"]) == ("-1.5000", "30.00", code_of(site))
    assert query or rows[1]["note"] == "'=1+1"
    hidden = rows_of(site.foreman.send("GET", path, Accept="text/csv"))
    assert "hourly_rate" not in hidden[0]
    stranger = site.client("operative", "stranger").send("GET", path, Accept="text/csv")
    assert rows_of(stranger) == []


def test_an_export_is_walked_by_its_link_and_has_its_heading_once(site: Site) -> None:
    hand = site.hand()
    for day in range(1, 6):
        site.entry(hand, date=f"2026-06-{day:02d}", hours=1)
    path, text = f"/api/v1/labour/export/?operative={hand}&page_size=2", ""
    while path:
        reply = site.manager.send("GET", path, Accept="text/csv")
        text += reply.text
        path = reply.headers["link"].split(">")[0][1:] if "link" in reply.headers else ""
    assert [row["date"] for row in csv.DictReader(io.StringIO(text))] == [f"2026-06-0{day}" for day in (5, 4, 3, 2, 1)]


def test_an_overnight_entry_survives_the_round_trip(site: Site) -> None:
    """Its date is that of the clock-in, its hours go past midnight."""
    hand = site.hand(external_clock_id="NIGHT")
    device = Client(site.stage.gateway, {"X-Inbound-Secret": site.stage.made["ingest_secret"]})
    punch = {
        "clock_id": "NIGHT",
        "project_code": code_of(site),
        "clock_in": f"{DAY}T20:00:00Z",
        "clock_out": f"{NEXT}T06:30:00Z",
    }
    device.ok("POST", "/clock-events/ingest/", punch)
    exported = site.manager.send("GET", f"/api/v1/labour/export/?operative={hand}", Accept="text/csv").text
    again = bring(site.foreman, exported)
    assert again.body["created"] == 1
    both = site.manager.ok("GET", f"/labour/?operative={hand}")["results"]
    assert [(row["date"], row["hours"]) for row in both] == [(DAY, "10.50"), (DAY, "10.50")]
    assert {row["source"] for row in both} == {"clock", "import"}
