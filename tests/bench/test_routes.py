"""The bench measures every route, because it takes them from the declarations."""

import pytest

from bench.routes import BY_SIZE, costs, promised, requests
from chalicelib.http.routes import ROUTES
from tests.faults.scenarios import Site
from tests.stage import Stage


def test_every_route_of_the_api_is_measured(stage: Stage) -> None:
    measured = {f"{route.method} {route.path}" for _, route, _ in requests(Site(stage))}
    assert measured == {f"{route.method} {route.path}" for route in ROUTES if not route.page}


def test_every_read_and_change_of_the_api_has_a_promise() -> None:
    for route in ROUTES:
        if route.path.startswith("/api/v1") and route.method in {"GET", "PATCH"} and "health" not in route.path:
            assert promised(route) is not None, route.path


@pytest.mark.proof
def test_every_route_costs_at_most_the_sequential_calls_that_are_promised(stage: Stage) -> None:
    beyond = {
        name: cost.sequential_calls
        for name, route, cost in costs(stage)
        if name not in BY_SIZE and cost.sequential_calls > (promised(route) or cost.sequential_calls)
    }
    assert beyond == {}
