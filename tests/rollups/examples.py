"""How many histories the tests draw: a few in `make test`, as many as ROLLUP_HISTORIES says in a longer run."""

import os

from hypothesis import HealthCheck, settings

HISTORIES = int(os.environ.get("ROLLUP_HISTORIES", "4"))
slow = settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
