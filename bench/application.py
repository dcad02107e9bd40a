"""The application under measurement: its tables on a local AWS, and a company with fifty projects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

LOCAL = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "WBSYNC_STAGE": "bench",
    "WBSYNC_RATE_LIMITS": "off",
}
PROJECTS = 50


def prepared(endpoint: str) -> tuple[dict[str, str], str, str]:
    """The environment that reaches the prepared tables, and the owner's token, and the ingest secret."""
    environment = LOCAL | {"AWS_ENDPOINT_URL": endpoint}
    os.environ.update(environment)
    from chalicelib.access import keys
    from chalicelib.access.rows import Company
    from chalicelib.settings import settings
    from chalicelib.storage.reading import Reading
    from chalicelib.storage.store import store
    from chalicelib.times import utc_now
    from chalicelib.tree.planting import create_project
    from infra import company, provision

    for cached in (settings, store, keys._provider):
        cached.cache_clear()
    provision.create_tables()
    made = company.create("Bench", "pro", "UTC", "owner@bench.example")
    tenant = store().get(Company, made["company"]["id"], "company")
    assert tenant is not None
    for number in range(PROJECTS):
        values = {"code": f"P{number:03d}", "name": f"Project {number}"}
        store().transact(create_project(Reading(store()), tenant, values, utc_now()).changes)
    return environment, made["token"], made["ingest_secret"]


def indexes() -> Mapping[str, list[dict[str, Any]]]:
    """Every table's lists as the meter takes them."""
    from chalicelib.settings import settings
    from chalicelib.tables import TABLES
    from infra.provision import table_definition

    return {
        settings().table_prefix + table.name: [
            {
                "name": each["IndexName"],
                "keys": [part["AttributeName"] for part in each["KeySchema"]],
                "projection": each["Projection"]["ProjectionType"],
            }
            for each in table_definition(table, "").get("GlobalSecondaryIndexes", [])
        ]
        for table in TABLES
    }
