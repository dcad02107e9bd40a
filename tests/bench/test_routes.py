"""The bench measures every route, because it takes them from the declarations."""

from bench.routes import promised, requests
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
