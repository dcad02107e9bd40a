"""The Chalice application: our request context around Chalice's routing, our problems for its errors."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice, Response

from chalicelib.errors import MethodNotAllowed, NotFound, WbsyncError
from chalicelib.http.call import CURRENT, Call
from chalicelib.http.guards import limit_address
from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES, RouteSet
from chalicelib.http.serving import refused, serve
from chalicelib.http.telemetry import observed
from chalicelib.storage.calls import function_time
from chalicelib.storage.store import store
from chalicelib.times import utc_now

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
FALLBACK = "/{proxy+}"


class Api(Chalice):
    """One per deployment. A request's context travels in a context variable, so that the local
    gateway may serve many at once; ``app.current_request`` is shared and not used."""

    def __call__(self, event: object, context: object) -> Any:
        return self.answer(event, context, utc_now())

    def answer(self, event: Any, context: Any, now: datetime) -> object:
        """Answer an event as at a moment."""
        call = Call(event, context, store(), now)
        token = CURRENT.set(call)
        resource = event["requestContext"].get("resourcePath") or FALLBACK
        try:
            with function_time(context), observed(call.request_id, call.method, resource) as seen:
                answer = self._route(call, event, context)
                seen["status"] = answer["statusCode"]
            return answer
        finally:
            CURRENT.reset(token)

    def _route(self, call: Call, event: Any, context: object) -> Any:
        resource = event["requestContext"].get("resourcePath")
        methods = self.routes.get(resource, {})
        if resource == FALLBACK or call.method not in methods:
            return self._unrouted(call).to_dict()
        answer = super().__call__(_accepting(event), context)
        if answer["statusCode"] == 500 and "x-request-id" not in {name.lower() for name in answer["headers"]}:
            return refused(call, WbsyncError()).to_dict()
        return answer

    def _unrouted(self, call: Call) -> Response:
        """What no route is declared for: HEAD is answered as GET is; else 404, or 405 with what the path allows.

        Guessing paths counts for the address.
        """
        if call.method == "HEAD" and (found := _reading(call.resource)):
            route, arguments = found
            return serve(route, call, arguments)
        try:
            limit_address(call)
        except WbsyncError as error:
            return refused(call, error)
        allowed = sorted(self._methods_of(call.resource))
        if not allowed or call.method in allowed:
            return refused(call, NotFound("There is nothing at this path."))
        names = ", ".join(allowed)
        return refused(call, MethodNotAllowed(f"This path allows {names}.", headers={"Allow": names}))

    def _methods_of(self, path: str) -> set[str]:
        """The methods of a path; a name goes before a variable, as at the gateway."""
        parts = path.split("/")
        fitting = [each for each in self.routes if each != FALLBACK and _matches(each.split("/"), parts)]
        return set(self.routes[min(fitting, key=_variables)]) if fitting else set()


def _accepting(event: Any) -> Any:
    """The event with an Accept header: Chalice gives no binary answer to a request without one."""
    headers = event.get("headers") or {}
    named = any(name.lower() == "accept" for name in headers)
    return event if named else {**event, "headers": {**headers, "accept": "*/*"}}


def _reading(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route that reads a path, and the path's variables."""
    parts = path.split("/")
    fitting = [route for route in ROUTES if _matches(route.path.split("/"), parts)]
    nearest = min((_variables(route.path) for route in fitting), default=None)
    for route in fitting:
        if route.method == "GET" and _variables(route.path) == nearest:
            pairs = zip(route.path.split("/"), parts, strict=True)
            return route, {name[1:-1]: unquote(part) for name, part in pairs if name.startswith("{")}
    return None


def _variables(template: str) -> list[bool]:
    """Which parts of a path are variables: the least of these is the most literal."""
    return [part.startswith("{") for part in template.split("/")]


def _matches(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        expected == part or (expected.startswith("{") and part) for expected, part in zip(template, parts, strict=True)
    )


def build(*groups: RouteSet) -> Api:
    """The application with the given route sets and the catch-all for everything else."""
    app = Api("wbsync", configure_logs=False)  # its logger is the service's, which Powertools has set up
    app.api.binary_types[:] = ["*/*"]  # or the gateway would spoil workbooks on their way, whatever Accept says
    for group in groups:
        app.register_blueprint(group.blueprint)

    @app.route(FALLBACK, methods=list(METHODS), content_types=["*/*"], name="unrouted")
    def unrouted(proxy: str) -> Response:
        raise AssertionError("answered before routing")

    return app
