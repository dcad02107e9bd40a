"""Time zones are the names of the database that ships with the service, never the host's own files."""

import zoneinfo
from collections.abc import Iterator
from datetime import datetime

import pytest

from chalicelib import zones
from chalicelib.errors import Invalid
from chalicelib.http.binding import bind
from chalicelib.http.fields import Body, Zone


class Sample(Body, kw_only=True):
    timezone: Zone


@pytest.fixture
def no_zones_of_the_host() -> Iterator[None]:
    zoneinfo.reset_tzpath(to=())
    zones.zone.cache_clear()
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.parametrize(
    "wrong",
    [
        "localtime",
        "posix/Europe/Dublin",
        "right/Europe/Dublin",
        "posixrules",
        "Europe",
        "Europe/Nowhere",
        "../etc/passwd",
        "/etc/localtime",
        "europe/dublin",
        "zone.tab",
        "",
        " UTC",
        5,
        None,
        "Europe/Dublin\0",
        "x" * 100_000,
    ],
)
def test_what_is_no_name_of_the_database_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid) as refused:
        bind(Sample, {"timezone": wrong})
    assert refused.value.errors == {"timezone": ["Must be a time zone such as Europe/Dublin."]}


def test_every_name_is_a_zone_with_the_hosts_files_hidden(no_zones_of_the_host: None) -> None:
    assert {"Europe/Dublin", "UTC", "America/Argentina/Ushuaia"} <= zones.names()
    for name in zones.names():
        assert bind(Sample, {"timezone": name}).timezone == name
        assert datetime(2026, 7, 1, tzinfo=zones.zone(name)).utcoffset() is not None
    assert datetime(2026, 7, 1, tzinfo=zones.zone("Europe/Dublin")).isoformat() == "2026-07-01T00:00:00+01:00"
