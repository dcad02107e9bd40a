"""People at a browser: they sign in with a password that they have set, look who they are, and sign out."""

from typing import TYPE_CHECKING, Any

from infra.simulator.effects import Wrong
from infra.simulator.facts import NOBODY, Operation
from infra.simulator.requests import SAME_ORIGIN, Fields, Request, Tenant
from infra.simulator.roles import Session

if TYPE_CHECKING:
    from infra.simulator.world import World

NEWEST = 6  # sessions that come back; of ten that a user may have, so that none of them has made room for another


class Browsers:
    """The sessions of all companies' people."""

    def __init__(self) -> None:
        self.sessions: list[tuple[Tenant, Session]] = []

    def visit(self, world: "World") -> None:
        """Somebody signs in, or comes back.

        Raises:
            Wrong: they are let in though at no moment of the request they might be, or not though at each they were.
        """
        if self.sessions and world.luck.random() < 0.6:
            newest = self.sessions[-NEWEST:]
            over = [(tenant, each) for tenant, each in newest if tenant.model.replaced(each)]
            self._come_back(world, *world.luck.choice(over if over and world.luck.random() < 0.5 else newest))
        elif known := [tenant for tenant in world.tenants if tenant.model.passwords]:
            self._sign_in(world, world.luck.choice(known))

    def _sign_in(self, world: "World", tenant: Tenant) -> None:
        model, luck = tenant.model, world.luck
        user = luck.choice(list(model.passwords))
        password = luck.choice([model.passwords[user][-1], luck.choice(model.passwords[user])])
        email = model.emails.get(user, tenant.emails[user])
        values = {"user": user, "password": password, "email": email}
        fields = Fields(email=email, password=password)
        request = Request(tenant, Operation("read sign-in", NOBODY, values=values), "POST", "/login/", fields, "")
        status, headers, _ = self._asked(world, request, SAME_ORIGIN)
        if status in (0, 429, 503):
            return
        if status not in set().union(*request.seen):
            raise Wrong(f"{user} signs in with {password}: {status}, right was {request.seen}")
        if status == 303:
            cookie = headers["set-cookie"].partition(";")[0]
            nth = model.passwords[user].index(password)
            self.sessions.append((tenant, Session(user, cookie, nth, request.sent)))

    def _come_back(self, world: "World", tenant: Tenant, session: Session) -> None:
        operation = Operation("read session", session.user, values={"session": session})
        request = Request(tenant, operation, "GET", "/me/", None, "")
        status, _, answer = self._asked(world, request, {"Cookie": session.cookie})
        if status in (0, 429, 503):
            return
        if status not in set().union(*request.seen):
            raise Wrong(f"the session of {session.user} is answered {status}, right was {request.seen}")
        if status == 200 and answer["user"]["id"] != session.user:
            raise Wrong(f"the session of {session.user} is shown {answer}")
        if status == 200 and world.luck.random() < 0.2:
            self._sign_out(world, request, session, answer["csrf_token"])

    def _sign_out(self, world: "World", seen: Request, session: Session, token: str) -> None:
        session.ended = None
        request = Request(seen.tenant, seen.operation, "POST", "/logout/", Fields(csrf_token=token), "")
        status, _, answer = self._asked(world, request, {**SAME_ORIGIN, "Cookie": session.cookie})
        if status == 200:
            session.ended = True
        elif status not in (0, 429, 503):
            raise Wrong(f"signing out is answered {status} {answer}")

    @staticmethod
    def _asked(world: "World", request: Request, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        world.judge.begin(request)
        found = world.exchange(request, request.method, request.path, request.body, headers)
        world.judge.end(request)
        return found
