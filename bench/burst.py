"""Hours and punches over many operatives at once: what share of the transactions touches one item."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.meter import Meter

if TYPE_CHECKING:
    from infra.demo import Client

OPERATIVES, WRITES = 200, 500


def burst_section() -> None:
    """Send a burst to the application on a local moto, and print what its transactions share."""
    import os

    import boto3

    from infra.local.moto_server import MotoServer

    os.environ |= {
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }  # the figures are the output
    with MotoServer() as moto:
        from app import app
        from bench.application import indexes, prepared
        from chalicelib.storage.store import store
        from infra.demo import Client
        from infra.local.gateway import serve

        _, token, secret = prepared(moto.endpoint_url)
        meter = Meter(boto3.client("dynamodb"), indexes())
        meter.attach(store().client)
        with serve(app, "127.0.0.1", 0).running() as server:
            _burst(Client(server.url.rstrip("/"), token), secret, meter)


def _burst(owner: Client, secret: str, meter: Meter) -> None:
    """Hours and punches over many operatives at once: how many of the transactions touch one item."""
    project = owner.call("POST", "/projects/", {"code": "BURST", "name": "Burst"})["id"]
    hands = [
        owner.call("POST", "/operatives/", {"name": f"Hand {n}", "external_clock_id": f"burst-{n}"})["id"]
        for n in range(OPERATIVES)
    ]
    meter.clear()

    def hours(number: int) -> None:
        body = {"project": project, "operative": hands[number % OPERATIVES], "date": "2026-06-08", "hours": 1}
        owner.call("POST", "/labour/", body)

    def punch(number: int) -> None:
        day = f"2026-06-0{1 + number // OPERATIVES}"
        body = {"clock_id": f"burst-{number % OPERATIVES}", "project_code": "BURST"}
        body |= {"clock_in": f"{day}T06:00:00Z", "clock_out": f"{day}T10:00:00Z"}
        owner.call("POST", "/clock-events/ingest/", body, {"X-Inbound-Secret": secret})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: (hours(number), punch(number)), range(WRITES)))
    shared = meter.most_shared_item()
    assert shared is not None
    print(f"burst of {WRITES} hours and {WRITES} punches over {OPERATIVES} operatives: the most shared item")
    print(f"  ({shared.table} {[value for _, value in shared.key]}) is in {shared.transactions} transactions,")
    print(f"  {float(shared.share):.2%} of all")
