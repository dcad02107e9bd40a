"""This project's application: imported from the repository root, asked for its first page."""

from bench.cold.stopwatch import stop  # first: starts the clock

# isort: split
import importlib
import os


def prepare(endpoint: str) -> dict[str, str]:
    """The environment of the measured process, with BENCH_TOKEN, for tables at `endpoint`.

    Read from the JSON file that BENCH_RUN names (.bench/wbsync.json by default):
    {"environment": {"NAME": "value"}, "token": "wbs_…"}. Whoever makes the tables writes it.
    """
    import json
    from pathlib import Path

    path = Path(os.environ.get("BENCH_RUN", ".bench/wbsync.json"))
    if not path.exists():
        raise LookupError(f"{path}: no tables are prepared at {endpoint}")
    run = json.loads(path.read_text())
    return {**run["environment"], "AWS_ENDPOINT_URL": endpoint, "BENCH_TOKEN": run["token"]}


if __name__ == "__main__":
    # By name: the application is found in the process's directory, not imported by the bench.
    app = importlib.import_module("app").app

    from bench.cold.gateway import LambdaContext, list_projects

    answer = app(list_projects(os.environ["BENCH_TOKEN"]), LambdaContext())
    stop(answer["statusCode"], answer["body"])
