"""How routes are declared: each states its path, guard, permission, query, body and answer once.

Validation, permission check, idempotency, the schema and the tests all read that declaration.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Permission
from chalicelib.http.answers import JSON
from chalicelib.http.call import CURRENT
from chalicelib.http.route import BASE, Guard, NoQuery, Route
from chalicelib.http.serving import serve
from chalicelib.storage.store import Wanted

__all__ = ["BASE", "ROUTES", "Guard", "RouteSet"]

ROUTES: list[Route] = []
Handler = Callable[..., Any]


class RouteSet:
    """The routes of one resource group; ``blueprint`` is what the Chalice app registers."""

    def __init__(self, tag: str, module: str, *, pages: bool = False) -> None:
        self.tag = tag
        self.pages = pages
        self.blueprint = Blueprint(module)

    def route(
        self,
        method: str,
        path: str,
        *,
        guard: Guard = Guard.PERSON,
        permission: Permission | None = None,
        query: type[msgspec.Struct] = NoQuery,
        body: type[msgspec.Struct] | None = None,
        answer: object = None,
        batch_answer: object = None,
        job_answer: object = None,
        status: int = 200,
        content_types: tuple[str, ...] = (JSON,),
        produces: tuple[str, ...] = (JSON,),
        every_plan: bool = False,
        ahead: Callable[..., Sequence[Wanted]] | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a route.

        Without a ``body`` a write takes none but an empty object; one of ``content_types`` that is not JSON comes
        to the handler as bytes. ``batch_answer`` is the 200 to a body of many, ``job_answer`` the 202 to what
        takes long. ``produces`` are the media types
        that ``Accept`` may choose from, the usual one first.
        """

        def declare(handler: Handler) -> Handler:
            declared = Route(
                method=method,
                path=path,
                handler=handler,
                guard=guard,
                permission=permission,
                query=query,
                body=body,
                content_types=content_types,
                answer=answer,
                batch_answer=batch_answer,
                job_answer=job_answer,
                produces=produces,
                status=status,
                page=self.pages and (guard is Guard.ANYBODY or guard.leads_to_sign_in),
                every_plan=every_plan,
                ahead=ahead,
                tag=self.tag,
                summary=(handler.__doc__ or handler.__name__).strip().splitlines()[0],
            )
            ROUTES.append(declared)
            self._register(declared)
            return handler

        return declare

    def _register(self, route: Route) -> None:
        def view(**arguments: str) -> Response:
            return serve(route, CURRENT.get(), arguments)

        name = f"{route.handler.__module__}.{route.handler.__name__}"
        # every content type: a read ignores it, and a write refuses it with a problem of ours
        self.blueprint.route(route.path, methods=[route.method], name=name, content_types=["*/*"])(view)
