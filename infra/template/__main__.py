"""The merge template of ``chalice package``: tables, functions' roles and logs, stream sources, alarms.

WBSYNC_STAGE=production python -m infra.template --stage production .build/merge-template.json
"""

import argparse
import json
import sys
from pathlib import Path

from chalicelib.settings import settings
from infra.template.functions import RUNTIME
from infra.template.stack import merge_template


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.template", description="Write the merge template.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--stage", required=True, help="the stage that is deployed, as WBSYNC_STAGE names it")
    chosen = parser.parse_args(arguments)
    if chosen.stage != settings().stage:
        parser.error(f"WBSYNC_STAGE is {settings().stage!r}, not {chosen.stage!r}: tables are named by it")
    if (python := f"python{sys.version_info[0]}.{sys.version_info[1]}") != RUNTIME:
        parser.error(f"package with {RUNTIME}, which the functions run; this is {python}")
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    chosen.file.write_text(json.dumps(merge_template(chosen.stage), indent=1))


if __name__ == "__main__":
    main()
