"""The merge template of ``chalice package``: tables, functions' roles and logs, stream sources, alarms.

WBSYNC_STAGE=production python -m infra.template --stage production .build/merge-template.json
"""

import argparse
import json
import sys
from pathlib import Path

from infra.stages import add_stage, require_stage
from infra.template.functions import RUNTIME
from infra.template.gateway import Options
from infra.template.stack import merge_template


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.template", description="Write the merge template.")
    parser.add_argument("file", type=Path)
    add_stage(parser)
    parser.add_argument("--domain", help="a domain of your own, with its certificate")
    parser.add_argument("--certificate", help="the ARN of the domain's certificate, in this region")
    parser.add_argument("--access-log", action="store_true", help="the gateway's own log; the account needs its role")
    chosen = parser.parse_args(arguments)
    if bool(chosen.domain) is not bool(chosen.certificate):
        parser.error("--domain and --certificate belong together")
    require_stage(parser, chosen.stage)
    if (python := f"python{sys.version_info[0]}.{sys.version_info[1]}") != RUNTIME:
        parser.error(f"package with {RUNTIME}, which the functions run; this is {python}")
    options = Options(chosen.domain, chosen.certificate, chosen.access_log)
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    chosen.file.write_text(json.dumps(merge_template(chosen.stage, options), indent=1))


if __name__ == "__main__":
    main()
