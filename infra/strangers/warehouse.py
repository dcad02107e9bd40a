"""A warehouse: dlt reads lists by its own REST source and keeps them in DuckDB. Knows nothing of ours but the address.

It runs in an environment of its own. ``warehouse.py BASE_URL TOKEN DATABASE`` loads what is new and prints, as JSON,
what the warehouse holds then.
"""

import json
import sys

import dlt
import duckdb
from dlt.sources.rest_api import rest_api_source

NAMES = ("projects", "operatives", "labour")


def source(base_url: str, token: str) -> object:
    """Each list from where the last load ended; a deleted row goes from the warehouse too."""
    return rest_api_source(
        {
            "client": {
                "base_url": f"{base_url}/api/v1/",
                "auth": {"type": "bearer", "token": token},
                "paginator": {"type": "json_link", "next_url_path": "next"},
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": {"deleted_at": {"data_type": "timestamp", "hard_delete": True}},
                "endpoint": {
                    "data_selector": "results",
                    "params": {"include_deleted": "true", "page_size": 200},
                    "incremental": {
                        "cursor_path": "updated_at",
                        "start_param": "updated_since",
                        "initial_value": "2020-01-01T00:00:00Z",
                        "lag": 120,  # seconds; what was on its way at the last load comes now
                        "on_cursor_value_missing": "include",  # a deleted row is only id and deleted_at
                    },
                },
            },
            "resources": [{"name": name, "endpoint": {"path": f"{name}/"}} for name in NAMES],
        }
    )


def main(base_url: str, token: str, database: str) -> None:
    """One load, and what the warehouse holds after it."""
    pipeline = dlt.pipeline("wbsync", destination=dlt.destinations.duckdb(database), dataset_name="site")
    pipeline.run(source(base_url, token)).raise_on_failed_jobs()
    with duckdb.connect(database) as warehouse:
        counts = {name: warehouse.sql(f"select count(*) from site.{name}").fetchall()[0][0] for name in NAMES}
        [[hours]] = warehouse.sql("select sum(hours)::double from site.labour").fetchall()
    print(json.dumps({"counts": counts, "hours": hours}))


if __name__ == "__main__":
    main(*sys.argv[1:])
