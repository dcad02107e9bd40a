"""``make simulate``: histories drawn from seeds, each compared with the model; a failing one says how to repeat it."""

import argparse
import logging
import os
import subprocess
import sys
import time

from infra.gates import saying
from infra.simulator.judging import Wrong
from infra.simulator.stage import standing
from infra.simulator.world import history


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when a history went wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator", description=__doc__)
    parser.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", "60")))
    parser.add_argument(
        "--seed", type=int, default=int(os.environ.get("SEED", "1")), help="of the first; each next is one more"
    )
    parser.add_argument("--steps", type=int, default=int(os.environ.get("STEPS", "200")))
    parser.add_argument("--no-shrink", action="store_true", help="do not look for the least number of steps")
    asked = parser.parse_args(arguments)
    say = saying("simulator")
    began, taken = time.monotonic(), 0
    with standing() as app:
        logging.disable(logging.CRITICAL)
        for seed in range(asked.seed, asked.seed + asked.runs):
            if (wrong := failure(app, seed, asked.steps)) is not None:
                steps = asked.steps if asked.no_shrink else shortest(app, seed, asked.steps)
                say(f"seed {seed}, commit {_commit()}, after {steps} steps: {wrong}")
                say(f"again: RUNS=1 SEED={seed} STEPS={steps} make simulate")
                return 1
            taken += asked.steps
    seconds = time.monotonic() - began
    say(f"{asked.runs} histories of {asked.steps} steps, nothing wrong: {taken / seconds:.0f} steps a second")
    return 0


def failure(app: object, seed: int, steps: int) -> str | None:
    """What goes wrong in a history, if anything does."""
    with history(app, seed, steps) as world:
        try:
            world.run()
        except Wrong as wrong:
            return "\n  ".join([str(wrong), *world.log[-8:]])
    return None


def shortest(app: object, seed: int, steps: int) -> int:
    """The least number of steps after which the history of a seed goes wrong."""
    low, high = 0, steps
    while low < high:
        middle = (low + high) // 2
        if failure(app, seed, middle) is None:
            low = middle + 1
        else:
            high = middle
    return high


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a history
        os.execve(
            sys.executable,
            [sys.executable, "-m", "infra.simulator", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
