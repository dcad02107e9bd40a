"""Times as devices write them."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import zones
from chalicelib.clock import moments
from chalicelib.clock.moments import Moment

SAME = datetime(2026, 6, 8, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-08T07:00:00Z",
        "2026-06-08T07:00:00z",
        "2026-06-08t07:00:00z",
        "2026-06-08 07:00:00Z",
        "2026-06-08 07:00Z",
        " 2026-06-08T07:00:00.999999Z ",
        "2026-06-08T08:00:00+01:00",
        "2026-06-08T08:00:00+0100",
        "2026-06-08T08:00:00 +01",
        "2026-06-08T06:59:60Z",
        "2026-06-07T22:00:00-09:00",
        "2026-06-08T08:00:00",
        "20260608T070000Z",
        "2026-06-08T07:00:00,5Z",
    ],
)
def test_a_date_with_a_time_is_an_instant_in_each_way_of_writing_it(text: str) -> None:
    moment = moments.parse(text)
    assert moment is not None
    assert moment.instants("Europe/Dublin") == (SAME,)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-08",
        "2026-06-08T",
        "07:00:00Z",
        "2026-13-08T07:00:00Z",
        "2026-06-31T07:00:00Z",
        "null",
        "0000-00-00 00:00:00",
        "2026-06-08T24:00:01Z",
        "2026-06-08T25:00:00Z",
        "2026-06-08T07:60:00Z",
        "2026-06-08T07:00:61Z",
        "2026-06-08T07",
        "2026-06-08T07:00:00+24:00",
        "2026-06-08T07:00:00+01:60",
        "2026-06-08T07:00:00 Dublin",
        "1765000000",
        "9999-12-31T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "\uff12026-06-08T07:00:00Z",
        "2026-06-08T07:00:00Z" + "0" * 60,
        "tomorrow",
    ],
)
def test_what_no_calendar_and_clock_have_is_no_instant(text: str) -> None:
    assert moments.parse(text) is None


def test_midnight_at_the_end_of_a_day_is_the_next_days() -> None:
    assert moments.parse("2026-06-08T24:00:00Z") == moments.parse("2026-06-09T00:00:00Z")
    assert moments.parse("2026-12-31 24:00") == moments.parse("2027-01-01T00:00:00")
    assert moments.parse("2026-12-31T23:59:60Z") == moments.parse("2027-01-01T00:00:00Z")


def test_a_time_without_an_offset_is_kept_as_sent_and_its_instant_depends_on_the_zone() -> None:
    moment = moments.parse("2026-06-08 07:00")
    assert moment is not None and moment.text == "2026-06-08T07:00:00"
    assert moment.instants("America/New_York") == (SAME + timedelta(hours=4),)
    assert moment.instants("Pacific/Kiritimati") == (SAME - timedelta(hours=14),)


@pytest.mark.parametrize(
    ("zone", "text", "between"),
    [
        ("Europe/Dublin", "2026-10-25T01:30:00", timedelta(hours=1)),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", timedelta(minutes=30)),
        ("Europe/Dublin", "2026-03-29T01:30:00", None),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", None),
        ("Europe/Dublin", "2026-10-25T02:00:00", None),
    ],
)
def test_a_local_time_that_comes_twice_is_two_instants_and_one_that_never_comes_is_one(
    zone: str, text: str, between: timedelta | None
) -> None:
    moment = moments.parse(text)
    assert moment is not None
    first, *second = moment.instants(zone)
    assert [each - first for each in second] == ([between] if between else [])
    assert moment.instant(zone, first) == (second[0] if second else first)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), st.booleans())
def test_the_text_of_a_moment_is_read_again_and_sorts_by_time(time: datetime, fixed: bool) -> None:
    moment = Moment(time.replace(microsecond=0), fixed)
    assert moments.stored(moment.text) == moment
    assert moments.parse(moment.text) == moment
    later = Moment(moment.time + timedelta(seconds=1), fixed)
    assert later.text > moment.text


@given(st.text(max_size=80))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    found = moments.parse(text)
    assert found is None or moments.stored(found.text) == found


@pytest.mark.parametrize(
    "name", ["localtime", "posix/Europe/Dublin", "right/UTC", "../../etc/passwd", "", "europe/dublin", "Nowhere"]
)
def test_a_name_that_the_database_does_not_have_is_no_zone(name: str) -> None:
    with pytest.raises(KeyError):
        zones.zone(name)


HIDDEN = """
import zoneinfo
zoneinfo.reset_tzpath(to=())
from chalicelib.clock.moments import parse
from chalicelib.zones import names
assert len(names()) > 400
print(parse("2026-06-08T08:00:00").instants("Europe/Dublin")[0].isoformat())
"""


def test_zones_come_from_the_package_when_the_host_has_none() -> None:
    found = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "2026-06-08T07:00:00+00:00"
