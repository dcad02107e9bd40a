"""Recompute a project's key figures from its source rows, against whatever account the environment names.

python -m infra.rebuild COMPANY PROJECT
"""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import NotFound, WbsyncError
from chalicelib.projects import projects
from chalicelib.rollups.repairs import rebuild
from chalicelib.rollups.sources import Place
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when all was right, 1 when something was wrong and is mended, 2 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m infra.rebuild", description="Rebuild a project's key figures.")
    parser.add_argument("company", help="the company's id")
    parser.add_argument("project", help="the project's id")
    given = parser.parse_args(arguments)
    try:
        projects.find(Reading(store()), given.company, given.project)
        drift = rebuild(store(), Place(given.company, given.project))
    except NotFound:
        print("rebuild failed: there is no such project", file=sys.stderr)
        return 2
    except (WbsyncError, ClientError, BotoCoreError) as error:
        print(f"rebuild failed: {error}", file=sys.stderr)
        return 2
    print(f"{drift} rows were wrong{' and are mended' if drift else ''}")
    return int(drift > 0)


if __name__ == "__main__":
    sys.exit(main())
