"""This project's application: imported from the repository root, asked for its first page."""

from bench.cold.stopwatch import stop  # first: starts the clock

# isort: split
import importlib
import os


def prepare(endpoint: str) -> dict[str, str]:
    """The environment of the measured process, with BENCH_TOKEN, for a company with fifty projects."""
    from bench.application import prepared

    environment, token, _ = prepared(endpoint)
    return {**environment, "BENCH_TOKEN": token}


if __name__ == "__main__":
    # By name: the application is found in the process's directory, not imported by the bench.
    app = importlib.import_module("app").app

    from bench.cold.gateway import LambdaContext, list_projects

    answer = app(list_projects(os.environ["BENCH_TOKEN"]), LambdaContext())
    stop(answer["statusCode"], answer["body"])
