"""`python -m bench [section …]`: every section in order, or the named ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from bench.batch import batch_section
from bench.burst import burst_section
from bench.cold_start import cold_start_section
from bench.cost import cost_section
from bench.crew import crew_section
from bench.engine import engine_section
from bench.imports import imports_section
from bench.pagination import pagination_section
from bench.parsers import parsers_section
from bench.rollups import rollups_section
from bench.routes import routes_section
from bench.tree import tree_section
from bench.warm_requests import warm_section
from chalicelib.http.telemetry import logger

SECTIONS: Mapping[str, Callable[[], object]] = {
    "routes": routes_section,
    "burst": burst_section,
    "batch": batch_section,
    "crew": crew_section,
    "cost": cost_section,
    "pagination": pagination_section,
    "tree": tree_section,
    "rollups": rollups_section,
    "parsers": parsers_section,
    "imports": imports_section,
    "cold-start": cold_start_section,
    "warm": warm_section,
    "engine": engine_section,
}


def main() -> None:
    """Run the sections."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("section", nargs="*", help=f"any of: {', '.join(SECTIONS)}")
    chosen = parser.parse_args().section or list(SECTIONS)
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}")
    logger.setLevel("CRITICAL")  # the figures are the output; set here alone, as tests run the sections too
    for name in chosen:
        print(f"\n== {name}")
        SECTIONS[name]()


if __name__ == "__main__":
    main()
