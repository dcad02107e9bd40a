"""Recompute key figures from their source rows: of one project, or of every project of the stage, one after the other.

python -m infra.rebuild --stage S COMPANY PROJECT
python -m infra.rebuild --stage S --all [--seconds 600] [--after COMPANY/PROJECT]
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import NotFound, WbsyncError
from chalicelib.projects import projects
from chalicelib.projects.rows import LISTED, Project
from chalicelib.rollups.repairs import rebuild
from chalicelib.rollups.sources import Place
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Store, store
from infra.stages import add_stage, company_ids, require_deployed


def places_of_the_stage(here: Store, after: str = "") -> Iterator[Place]:
    """Every project of every company, in an order that does not change; ``after`` is the last that was done."""
    for company in company_ids():
        listed = Query(model=Project, hash=company, list=LISTED, attributes=("id",))
        for project in sorted(item["id"]["S"] for item in here.items(listed)):
            if f"{company}/{project}" > after:
                yield Place(company, project)


def rebuild_all(here: Store, places: Iterable[Place], more: Callable[[], bool]) -> tuple[int, str | None]:
    """Rebuild project after project while ``more`` says so: how much was wrong, and after which to go on, if any."""
    wrong, done = 0, ""
    for place in places:
        if done and not more():
            return wrong, done
        drift = rebuild(here, place)
        wrong, done = wrong + drift, f"{place.company}/{place.project}"
        print(f"{done}: {drift} rows were wrong{' and are mended' if drift else ''}", flush=True)
    return wrong, None


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when all was right, 1 when something was wrong and is mended, 2 when it could not be done.

    With 3 there is more to do: the last line says how to go on.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if bool(chosen.all) is bool(chosen.project):
        parser.error("name a company and a project, or --all")
    require_deployed(parser, chosen.stage)
    try:
        return _all(chosen) if chosen.all else _one(chosen.company, chosen.project)
    except NotFound:
        print("rebuild failed: there is no such project", file=sys.stderr)
    except (WbsyncError, ClientError, BotoCoreError) as error:
        print(f"rebuild failed: {error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.rebuild", description="Rebuild key figures.")
    add_stage(parser)
    parser.add_argument("company", nargs="?", help="the company's id")
    parser.add_argument("project", nargs="?", help="the project's id")
    parser.add_argument("--all", action="store_true", help="every project of the stage")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no project after so many seconds")
    parser.add_argument("--after", default="", metavar="COMPANY/PROJECT", help="go on after this project")
    return parser


def _one(company: str, project: str) -> int:
    projects.find(Reading(store()), company, project)
    drift = rebuild(store(), Place(company, project))
    print(f"{drift} rows were wrong{' and are mended' if drift else ''}")
    return int(drift > 0)


def _all(chosen: argparse.Namespace) -> int:
    until = time.monotonic() + chosen.seconds
    wrong, after = rebuild_all(store(), places_of_the_stage(store(), chosen.after), lambda: time.monotonic() < until)
    if after:
        print(f"go on with: python -m infra.rebuild --stage {chosen.stage} --all --after {after}")
        return 3
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
