"""A shift start on the deployed stage: many devices behind one address punch in and out, half of the punches twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra.company import create
from infra.demo import Client, TryAgain
from infra.main_job import Mismatch

CODE = "GATE"
DAY = "2026-06-08"
AT_ONCE = 8
LONGEST_WAIT = 5.0


def run(base_url: str, say: Callable[[str], None], host: str | None, devices: int = 40) -> None:
    """Every punch is sent until it is kept; then there is one entry for each device, and nothing waits."""
    company = create("Shift start", "pro", "Europe/Dublin", f"gate-{time.time_ns()}@rehearsal.example")
    owner = Client(base_url, company["token"], host)
    owner.call("POST", "/projects/", {"code": CODE, "name": "Gate"})
    for number in range(devices):
        owner.call("POST", "/operatives/", {"name": f"Hand {number}", "external_clock_id": f"gate-{number}"})
    site = _Site(owner, company["ingest_secret"])
    began = time.monotonic()
    for field, hour in (("clock_in", 7), ("clock_out", 15)):
        site.everybody(field, hour, devices)
    took = time.monotonic() - began
    totals = owner.call("GET", "/clock-events/?totals=true&page_size=1")["totals"]
    labour = owner.call("GET", "/labour/?totals=true&page_size=200")
    found = {"events": totals["matched"], "all events": sum(totals.values()), "entries": labour["count"]}
    wanted = {"events": 2 * devices, "all events": 2 * devices, "entries": devices}
    if found != wanted or {row["hours"] for row in labour["results"]} != {8}:
        raise Mismatch(f"{found} where {wanted} of 8 hours were to be")
    say(f"shift start: {devices} devices, {site.told.total()} requests in {took:.0f} s, {dict(site.told)}")


class _Site:
    """Devices behind one address."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self.headers = client, {"X-Inbound-Secret": secret}
        self.told: Counter[str] = Counter()
        self._lock = threading.Lock()

    def everybody(self, field: str, hour: int, devices: int) -> None:
        """One punch of each device within a minute, half of them twice, in any order."""
        numbers = [*range(devices), *range(0, devices, 2)]
        random.Random(hour).shuffle(numbers)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for kept in [pool.submit(self._send, number, field, hour) for number in numbers]:
                kept.result()

    def _send(self, number: int, field: str, hour: int) -> None:
        punch = {"clock_id": f"gate-{number}", "project_code": CODE, field: f"{DAY}T{hour:02}:00:{number % 60:02}Z"}
        for attempt in range(8):
            try:
                event = self.client.call("POST", "/clock-events/ingest/", punch, self.headers)
                self._count("repeat" if event["duplicate"] else "kept")
                return
            except (TryAgain, OSError) as error:  # 429 or 503, or no answer: as the vendors' page says
                self._count(type(error).__name__)
                time.sleep(min(LONGEST_WAIT, 2**attempt) * (0.5 + random.random()))
        raise Mismatch(f"a punch was not kept in 8 attempts: {punch}")

    def _count(self, answer: str) -> None:
        with self._lock:
            self.told[answer] += 1
