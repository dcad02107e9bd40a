"""``make soak``: mixed load on the local runtime, and what must be true after it.

    python -m infra.soak [--minutes 20] [--devices 2000]

Starts a service of its own (``infra.run`` on a free port). Devices punch in and out, shift after shift; people
approve, reopen, reject and delete hours, read figures and lists; a mirror follows by ``updated_since``. Afterwards no
answer was a 5xx, each shift whose both ends were kept is one entry or was deleted, the mirror equals its source, no sum
is wrong, the approved hours are the actual hours, and the service's memory has stopped growing.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.gates import Say, saying, unwind_when_stopped
from infra.soak import memory, site

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300.0  # seconds for the service to begin, and for the figures to settle


def main() -> int:
    """The command line; 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m infra.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "20")))
    parser.add_argument("--devices", type=int, default=int(os.environ.get("DEVICES", "2000")))
    asked = parser.parse_args()
    say = saying("soak")
    unwind_when_stopped()
    with _served(say) as (process, told):
        os.environ.update(told["env"])
        here = site.founded(told["base_url"], asked.devices)
        watch = memory.Watch(process.pid)
        watch.start()
        say(f"{asked.devices} devices, {asked.minutes:g} minutes")
        shifts = site.load(here, asked.minutes * 60)
        samples = watch.end()
        say(f"{shifts} shifts begun, {here.told.total()} requests: {dict(sorted(here.told.items()))}")
        wrong = judged(here, say)
        if here.told.failures:
            wrong.append(f"answers that say that the service failed: {here.told.failures}")
        if len(samples) >= 8 and not memory.is_flat(samples):
            wrong.append(f"memory goes on growing: {[round(each) for each in samples[:: len(samples) // 8]]} MB")
        say(f"memory {samples[0]:.0f} MB at the beginning, {max(samples):.0f} at most, {samples[-1]:.0f} at the end")
    for each in wrong:
        say(f"WRONG: {each}")
    say("nothing wrong" if not wrong else f"{len(wrong)} things are wrong")
    return int(bool(wrong))


@contextmanager
def _served(say: Say) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """A service of its own, in a folder of its own; stopped by the process that was started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "RATE_LIMITS": "off", "PYTHONPATH": str(ROOT)}
        environment.pop("KEEP", None)
        say(f"starting a service on port {port}")
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.run"], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            until, file = time.monotonic() + PATIENCE, Path(folder, ".run", "demo.json")
            while not file.exists() or not file.read_text():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the service has not begun")
                time.sleep(0.5)
            time.sleep(0.5)
            yield process, json.loads(file.read_text())
        finally:
            process.terminate()
            process.wait(60)


def judged(here: site.Site, say: Say) -> list[str]:
    """What is not as it must be, once everything has settled."""
    rows = list(here.owner.every(f"/labour/?project={here.project}&page_size=200"))
    hands = {
        row["id"]: int(row["external_clock_id"].partition("-")[2])
        for row in here.owner.every("/operatives/?page_size=200")
    }
    say(f"{len(rows)} entries, {len(hands)} operatives")
    wrong = counted(site.entries_of(iter(rows), hands), here.punched, _deleted(here, hands))
    here.mirror.look(here.owner)
    say(f"the mirror looked {here.mirror.looks} times and has {len(here.mirror.rows)} rows")
    wrong += here.mirror.differences(here.owner.every("/labour/?page_size=200"))
    approved = sum((Decimal(str(row["hours"])) for row in rows if row["status"] == "approved"), Decimal(0))
    wrong += _figures(here, approved, say)
    return wrong


def counted(found: Counter[tuple[int, str]], punched: set[tuple[int, str]], deleted: set[tuple[int, str]]) -> list[str]:
    """Each shift whose both ends were kept is one entry, or one that a person deleted; none is two."""
    lost = sorted(punched - found.keys() - deleted)
    doubled = sorted(each for each, number in found.items() if number > 1)
    return [f"lost: {lost[:5]} of {len(lost)}"] * bool(lost) + [f"doubled: {doubled[:5]}"] * bool(doubled)


def _deleted(here: site.Site, hands: dict[str, int]) -> set[tuple[int, str]]:
    """The shifts whose entry somebody deleted: their punches say so."""
    rows = here.owner.every("/clock-events/?page_size=200")
    return {
        (hands[row["operative"]], row["clock_in"][:10])
        for row in rows
        if row["operative"] and row["clock_in"] and row["labour_entry"] is None and row["reason"] == "entry_deleted"
    }


def _figures(here: site.Site, approved: Decimal, say: Say) -> list[str]:
    from chalicelib.rollups.repairs import rebuild
    from chalicelib.rollups.sources import Place
    from chalicelib.storage.store import store

    until = time.monotonic() + PATIENCE
    while (ac := here.owner.call("GET", f"/projects/{here.project}/kpis/")["ac"]) != float(approved):
        if time.monotonic() > until:
            return [f"{approved} hours are approved, and AC is {ac}"]
        time.sleep(1)
    drift = rebuild(store(), Place(here.company, here.project))
    say(f"AC is {ac}, {drift} sums were wrong")
    return [f"{drift} sums were wrong"] if drift else []


if __name__ == "__main__":
    sys.exit(main())
