"""How many examples the slower property tests draw: a few in `make test`, EXAMPLES times as many in `make proofs`."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("EXAMPLES", "1"))


def slow(few: int) -> settings:
    """Settings of a property test whose examples take a while each, for example whole histories of a project."""
    return settings(max_examples=few * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
