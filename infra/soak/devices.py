"""Devices: a shift start, everybody in, then everybody out, as far as the service answers within the time."""

import random
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from infra.soak.site import CODE, Site

AT_ONCE = 4
SHARE = 0.4  # of the time that is left goes to the ins: the outs, which make the hours, take longer
LEAST = 0.1  # of the whole time must be left for another shift
MORE = 0.5  # of the whole time may be added until those who are in are out
START, MINUTES = 7, 8 * 60


def shifts(site: Site, seconds: float) -> list[int]:
    """Shift after shift for so long, the last one until its end; how many were in at each."""
    end, begun = time.monotonic() + seconds, list[int]()
    while (left := end - time.monotonic()) > LEAST * seconds and not site.over.is_set():
        day = site.first + timedelta(days=len(begun))
        arrived = wave(site, day, "clock_in", range(site.devices), end - (1 - SHARE) * left)
        site.arrived |= {(number, day.isoformat()) for number in arrived}
        begun.append(len(arrived))
        gone = wave(site, day, "clock_out", arrived, end + MORE * seconds)
        site.worked |= {(number, day.isoformat()): hours_of(number) for number in gone}
    return begun


def wave(site: Site, day: date, name: str, numbers: Iterable[int], until: float) -> set[int]:
    """A punch of each device until then, a third of them twice, in any order; whose was kept.

    Few send at once and each waits for its answer, so that nothing piles up however slow the service is.
    """
    luck, each = random.Random(f"{day} {name}"), sorted(numbers)
    waiting = [*each, *luck.sample(each, len(each) // 3)]
    luck.shuffle(waiting)
    queue, lock = iter(waiting), threading.Lock()

    def send() -> set[int]:
        kept = set()
        while time.monotonic() < until and not site.over.is_set():
            with lock:
                number = next(queue, None)
            if number is None:
                break
            if _punch(site, number, name, day, until):
                kept.add(number)
        return kept

    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(send) for _ in range(AT_ONCE)]
        try:
            done, _ = wait(jobs, return_when=FIRST_EXCEPTION)
            return set[int]().union(*(job.result() for job in done))
        except BaseException:
            site.over.set()  # something broke, or somebody has stopped us: all end after the request that they are in
            raise


def minutes_of(number: int) -> int:
    """How long the shifts of a device are: not all alike, so that hours of another are noticed."""
    return MINUTES + number % 60


def hours_of(number: int) -> Decimal:
    """The same in hours, as an entry has them."""
    return (Decimal(minutes_of(number)) / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)


def instant(number: int, name: str, day: date) -> str:
    """When a device says that it was."""
    minutes = START * 60 + (minutes_of(number) if name == "clock_out" else 0)
    return f"{day}T{minutes // 60:02}:{minutes % 60:02}:00Z"


def _punch(site: Site, number: int, name: str, day: date, until: float) -> bool:
    """Sent until it is kept, or until the time is over."""
    body = {"clock_id": f"gate-{number}", "project_code": CODE, name: instant(number, name, day)}
    secret = {"X-Inbound-Secret": site.secret}
    while not site.send("device", site.owner, "POST", "/clock-events/ingest/", body, **secret):
        if time.monotonic() > until or site.over.wait(0.5):
            return False
    return True
