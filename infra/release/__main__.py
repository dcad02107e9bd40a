"""The release gate: compares this code's template with that of the last release, which is kept beside it.

python -m infra.release check     whether an update from the last release is one that AWS takes
python -m infra.release keep      after a release: keep its template for the next
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.version import VERSION
from infra.release.compare import findings
from infra.release.shape import shape_of_now

RELEASED = Path(__file__).parent / "released.json"


def check(released: dict[str, Any]) -> int:
    """The exit code is 1 when something was found; each is printed."""
    found = findings(released["resources"], shape_of_now())
    for each in found:
        print(each)
    print(f"compared with {released['version']}: {len(found)} changes that AWS would refuse, or that lose rows")
    return int(bool(found))


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.release", description="The release gate.")
    parser.add_argument("command", choices=("check", "keep"))
    if parser.parse_args(arguments).command == "keep":
        RELEASED.write_text(json.dumps({"version": VERSION, "resources": shape_of_now()}, indent=1) + "\n")
        return 0
    if not RELEASED.exists():
        print("nothing has been released yet: every change is free")
        return 0
    return check(json.loads(RELEASED.read_text()))


if __name__ == "__main__":
    sys.exit(main())
