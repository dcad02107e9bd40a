"""Devices tell what the service has time for: both ends of nearly every shift that they begin."""

import threading
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from infra.demo import Client
from infra.soak import devices
from infra.soak.site import Site

DAY = date(2026, 1, 5)


class Service(Client):
    """Answers each punch after a while; refuses the first ``refused`` of them."""

    def __init__(self, seconds: float, refused: int = 0, stopped_by: int = -1) -> None:
        super().__init__("http://nowhere.example", "")
        self.seconds, self.refused, self.stopped_by = seconds, refused, stopped_by
        self.told, self.lock = list[dict[str, Any]](), threading.Lock()

    def call(self, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        time.sleep(self.seconds)
        with self.lock:
            if self.refused:
                self.refused -= 1
                raise RuntimeError("503")
            self.told.append(body)
            if len(self.told) == self.stopped_by:
                raise SystemExit
        return {"id": "x"}


def site(service: Service, number: int) -> Site:
    return Site(service, service, "company", "project", "node", "secret", number, {}, first=DAY)


def test_everybody_is_in_and_out_and_a_third_says_so_twice() -> None:
    service = Service(0)
    here = site(service, 30)
    assert devices.wave(here, DAY, "clock_in", range(30), time.monotonic() + 60) == set(range(30))
    times = Counter(body["clock_id"] for body in service.told)
    assert len(times) == 30 and sorted(times.values()) == [1] * 20 + [2] * 10
    assert {body["clock_in"] for body in service.told} == {"2026-01-05T07:00:00Z"}


def test_a_wave_is_as_large_as_the_service_answers_in_the_time_and_all_of_it_goes_home() -> None:
    here = site(Service(0.01), 10_000)
    begun = devices.shifts(here, 1.5)
    assert 20 < begun[0] < 400
    assert here.worked.keys() == here.arrived and len(here.arrived) == sum(begun)


def test_outs_that_the_service_does_not_answer_are_given_up() -> None:
    here = site(Service(0, refused=10**9), 4)
    assert devices.wave(here, DAY, "clock_out", range(4), time.monotonic() + 0.2) == set()


def test_with_time_left_there_is_another_shift_on_the_next_day() -> None:
    here = site(Service(0.001), 4)
    begun = devices.shifts(here, 0.3)
    assert len(begun) > 2 and {day for _, day in here.worked} > {"2026-01-05", "2026-01-06"}


def test_a_punch_is_sent_again_until_it_is_kept() -> None:
    here = site(Service(0, refused=1), 1)
    assert devices.wave(here, DAY, "clock_out", [0], time.monotonic() + 60) == {0}
    assert here.told == {("device", 0): 1, ("device", 200): 1}


def test_a_soak_that_is_stopped_does_not_go_through_its_wave() -> None:
    service = Service(0.001, stopped_by=5)
    here = site(service, 5000)
    with pytest.raises(SystemExit):
        devices.shifts(here, 60)
    assert here.over.is_set() and len(service.told) < 5000


@pytest.mark.parametrize(("number", "out", "hours"), [(0, "15:00", "8"), (1, "15:01", "8.02"), (59, "15:59", "8.98")])
def test_an_entry_has_the_hours_between_what_its_device_tells(number: int, out: str, hours: str) -> None:
    assert devices.instant(number, "clock_out", DAY) == f"2026-01-05T{out}:00Z"
    assert devices.hours_of(number) == devices.hours_of(number + 60) == Decimal(hours)
