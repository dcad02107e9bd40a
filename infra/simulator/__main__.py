"""``make simulate``: histories drawn from seeds, each compared with the model; a failing one says how to repeat it."""

import argparse
import logging
import os
import re
import subprocess
import sys
import time

from infra.gates import saying
from infra.simulator.clients import KINDS
from infra.simulator.effects import Wrong
from infra.simulator.stage import standing
from infra.simulator.world import FAULTS, history, left_out_of

PROGRESS = 30.0  # seconds after which it is said how far it is
LINES = 12  # of a failing history that are printed


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when a history went wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator", description=__doc__)
    parser.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", "60")))
    parser.add_argument(
        "--seed", type=int, default=int(os.environ.get("SEED", "1")), help="of the first; each next is one more"
    )
    parser.add_argument("--steps", type=int, default=int(os.environ.get("STEPS", "200")))
    parser.add_argument("--lines", type=int, default=LINES, help="how many of a failing history are printed")
    parser.add_argument("--no-shrink", action="store_true", help="do not look for a shorter history")
    parser.add_argument(
        "--without", default=os.environ.get("WITHOUT", ""), help="kinds of requests and faults that do not happen"
    )
    asked = parser.parse_args(arguments)
    without = frozenset(filter(None, asked.without.split(",")))
    if unknown := without - {*KINDS, *FAULTS}:
        parser.error(f"there is no {', '.join(sorted(unknown))} among {', '.join((*KINDS, *FAULTS))}")
    say = saying("simulator")
    began, taken = time.monotonic(), 0
    told = began
    with standing() as app:
        logging.disable(logging.CRITICAL)
        for seed in range(asked.seed, asked.seed + asked.runs):
            if (wrong := failure(app, seed, asked.steps, without)) is not None:
                least = asked.steps, without
                if not asked.no_shrink:
                    say(f"seed {seed} goes wrong; looking for a shorter history (--no-shrink: not)")
                    least = shortest(app, seed, *least)
                wrong = failure(app, seed, *least, asked.lines) or wrong
                say(f"seed {seed}, commit {_commit()}, of {least[0]} steps: {wrong}")
                say(f"again: {_again(seed, *least)}")
                return 1
            taken += asked.steps
            if time.monotonic() - told > PROGRESS:
                told = time.monotonic()
                say(f"{taken // asked.steps} of {asked.runs} histories, nothing wrong so far")
    seconds = time.monotonic() - began
    say(f"{asked.runs} histories of {asked.steps} steps, nothing wrong: {taken / seconds:.0f} steps a second")
    return 0


def failure(
    app: object, seed: int, steps: int, without: frozenset[str] = frozenset(), lines: int = LINES
) -> str | None:
    """What goes wrong in a history, if anything does."""
    with history(app, seed, steps, without) as world:
        try:
            world.run()
        except Wrong as wrong:
            return "\n  ".join([str(wrong), *_lines(world.log, str(wrong), lines)])
    return None


def _lines(log: list[str], wrong: str, count: int) -> list[str]:
    """The last lines of a history, and before them the last ones that name an id of what is wrong."""
    named = set(re.findall(r"[a-z2-7]{12,}", wrong))
    earlier = [line for line in log[:-count] if any(id in line for id in named)]
    return [*earlier[-count:], *log[-count:]]


def shortest(app: object, seed: int, steps: int, without: frozenset[str]) -> tuple[int, frozenset[str]]:
    """Fewer steps, and kinds of requests and faults, with which the seed still goes wrong, until none can be left out.

    Leaving a kind out changes what else happens, so this is a short history, and not always the shortest.
    """
    before = None
    while before != (steps, without):
        before = steps, without
        steps = _least(app, seed, steps, without)
        for kind in (each for each in (*KINDS, *FAULTS) if each not in without):
            fewer = without | {kind}
            if KINDS.keys() - fewer - left_out_of(seed) and failure(app, seed, steps, fewer) is not None:
                without = fewer
    return steps, without


def _least(app: object, seed: int, steps: int, without: frozenset[str]) -> int:
    """The least number of steps with which it goes wrong, as far as more steps go wrong as well."""
    low, high = 0, steps
    while low < high:
        middle = (low + high) // 2
        if failure(app, seed, middle, without) is None:
            low = middle + 1
        else:
            high = middle
    return high


def _again(seed: int, steps: int, without: frozenset[str]) -> str:
    left_out = f' WITHOUT="{",".join(sorted(without))}"' if without else ""
    return f"RUNS=1 SEED={seed} STEPS={steps}{left_out} OPTIONS=--no-shrink make simulate"


def _commit() -> str:
    head, changes = (
        subprocess.run(["git", *asked], capture_output=True, text=True, check=False).stdout.strip()
        for asked in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{head or 'unknown'}{' with changes' if changes else ''}"


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a history
        os.execve(
            sys.executable,
            [sys.executable, "-m", "infra.simulator", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
