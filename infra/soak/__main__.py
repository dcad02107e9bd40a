"""``make soak``: mixed load on the local runtime, and what must be true after it.

    python -m infra.soak [--minutes 20] [--devices 2000]

Starts a service of its own (``infra.run`` on a free port). Devices punch in and out, shift after shift; people
approve, reopen, correct, reject and delete hours, log some by hand, resolve clashes, change the plan, read figures and
lists; a mirror follows every list that can be read by ``updated_since``. What must hold afterwards is in
:mod:`infra.soak.judging`; besides, nobody was answered what they should not have been, no connection broke, the service
had nothing to complain of, and its memory has stopped growing.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.gates import Say, saying, unwind_when_stopped
from infra.soak import devices, judging, memory, people, site

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300.0  # seconds for the service to begin
SHOWN = 20_000  # characters of the service's complaints


def main() -> int:
    """The command line; 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m infra.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "20")))
    parser.add_argument("--devices", type=int, default=int(os.environ.get("DEVICES", "2000")))
    asked = parser.parse_args()
    say = saying("soak")
    unwind_when_stopped()
    with _served(say) as (process, told, log):
        os.environ.update(told["env"])
        wrong = _soaked(site.founded(told["base_url"], asked.devices), asked.minutes * 60, process.pid, say)
        if text := complaints(log.read_text()):
            wrong.append(f"the service complained: {text[:SHOWN]}")
    for each in wrong[:50]:
        say(f"WRONG: {each}")
    say("nothing wrong" if not wrong else f"{len(wrong)} things are wrong")
    return int(bool(wrong))


def _soaked(here: site.Site, seconds: float, pid: int, say: Say) -> list[str]:
    """The load, and what is wrong after it."""
    watch = memory.Watch(pid)
    watch.start()
    say(f"{here.devices} devices, {seconds / 60:g} minutes, load {os.getloadavg()[0]:.1f}")
    with people.at_work(here):
        begun = devices.shifts(here, seconds)
    samples = watch.end()
    say(f"shifts of {begun} devices, {len(here.worked)} told to both ends; load {os.getloadavg()[2]:.1f}")
    say(f"{here.told.total()} requests: { {f'{who} {status}': n for (who, status), n in sorted(here.told.items())} }")
    say(f"memory {samples[0]:.0f} MB at the beginning, {max(samples):.0f} at most, {samples[-1]:.0f} at the end")
    wrong = [f"answered {count} times: {what}" for what, count in here.told.failures.items()]
    wrong += [f"{who} was never answered well" for who in here.told.silent]
    if len(samples) >= 8 and not memory.is_flat(samples):
        wrong.append(f"memory goes on growing: {[round(each) for each in samples[:: len(samples) // 8]]} MB")
    try:
        return wrong + judging.judged(here, say)
    except (RuntimeError, OSError) as error:  # what went wrong before is to be said all the same
        return [*wrong, f"the end could not be judged: {error}"]


def complaints(log: str) -> str:
    """What a service said beside its own steps: warnings, errors and failures."""
    return "".join(line for line in log.splitlines(keepends=True) if not line.startswith("[wbsync "))


@contextmanager
def _served(say: Say) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any], Path]]:
    """A service of its own in a folder of its own, and the file of what it says; only what was started is stopped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "RATE_LIMITS": "off", "PYTHONPATH": str(ROOT)}
        environment.pop("KEEP", None)
        say(f"starting a service on port {port}")
        log, command = Path(folder, "log"), [sys.executable, "-m", "infra.run"]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        until, file = time.monotonic() + PATIENCE, Path(folder, ".run", "demo.json")
        try:
            while not file.exists() or not file.read_text():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the service has not begun: {log.read_text()}")
                time.sleep(0.5)
            time.sleep(0.5)
            yield process, json.loads(file.read_text()), log
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    sys.exit(main())
