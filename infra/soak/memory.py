"""How much memory a process holds, and whether that has stopped growing."""

import subprocess
import threading
from statistics import median

EVERY = 5.0  # seconds between two looks
GROWTH, ROOM = 1.05, 8.0  # of the last quarter over the third: at most 5 %, or 8 MB


def megabytes(pid: int) -> float:
    """The resident memory of a process."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024


def is_flat(samples: list[float]) -> bool:
    """Whether the last quarter of the samples holds no more than the third; four samples at least."""
    quarter = len(samples) // 4
    third, last = median(samples[2 * quarter : 3 * quarter]), median(samples[3 * quarter :])
    return last <= max(third * GROWTH, third + ROOM)


class Watch(threading.Thread):
    """Looks at a process until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.samples, self._stop_it = pid, list[float](), threading.Event()

    def run(self) -> None:
        while not self._stop_it.wait(EVERY):
            self.samples.append(megabytes(self.pid))

    def end(self) -> list[float]:
        """The samples; nothing is looked at any more."""
        self._stop_it.set()
        self.join()
        return self.samples
