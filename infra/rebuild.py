"""Recompute a project's rollups from its source rows and say how many rows were wrong (0 is right).

python -m infra.rebuild COMPANY PROJECT
"""

import argparse
import sys

from chalicelib.rollups.recompute import rebuild
from chalicelib.storage.store import store


def main() -> int:
    """The exit code is 1 when something was wrong, so that a schedule of one's own can tell."""
    parser = argparse.ArgumentParser(prog="python -m infra.rebuild", description="Recompute a project's rollups.")
    parser.add_argument("company")
    parser.add_argument("project")
    asked = parser.parse_args()
    drifted = rebuild(store(), asked.company, asked.project)
    print(f"{drifted} rows were wrong{' and are mended' if drifted else ''}")
    return int(drifted > 0)


if __name__ == "__main__":
    sys.exit(main())
