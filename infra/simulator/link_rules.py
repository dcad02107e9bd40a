"""One-time links by which people set their passwords."""

from infra.simulator.facts import CLOCKS, NOBODY, Effect, Facts, Operation, Why
from infra.simulator.roles import Link, Session

WEEK = 7 * 86_400.0  # for which a link works
HALF_A_DAY = 12 * 3_600.0  # for which a session lasts
LET_IN, LEFT_OUT = 303, 401  # of sign-ins


class LinkRules(Facts):
    """What is refused and done of links."""

    def _judge_invite(self, operation: Operation) -> Why:
        """By those who write users, for whom they could give their role; so could whoever stands behind their token."""
        return self._made_for(operation, "write users")

    def _judge_use(self, operation: Operation) -> Why:
        """A link works once, and none but the newest of a user."""
        link = self.people.links[operation.values["link"]]
        if link.ended_at is not None:
            return Why(hard={"not_found"})
        over, works = link.is_over(self.now()), link.works(self.now())
        return Why(soft={"not_found"} if over else set(), maybe=set() if works else {"not_found"})

    # people at a browser

    def opens(self, user: str, email: str, password: str) -> int:
        """What a sign-in is answered now: the password that was set last opens, by the e-mail of now."""
        right = password == self.passwords[user][-1] and self.emails.get(user, email) == email
        return LET_IN if right and user not in self.people.inactive else LEFT_OUT

    def lasts(self, session: Session) -> set[int]:
        """What a session may be answered now. Another password ends it, signing out, and half a day."""
        if (
            session.ended
            or self.replaced(session)
            or session.user in self.people.inactive
            or self.now() > session.opened + HALF_A_DAY + 60
        ):
            return {401}
        old = self.now() > session.opened + HALF_A_DAY - CLOCKS or session.ended is None
        return {200, 401} if old else {200}

    def replaced(self, session: Session) -> bool:
        """Whether its user has set another password since."""
        return session.password < len(self.passwords[session.user]) - 1

    # what is done

    def _do_invite(self, operation: Operation, effect: Effect) -> None:
        user = operation.values["user"]
        behind = operation.behind | ({operation.by} if user != operation.by else set())
        self.people.end_links(user, self.now())
        until = effect.began + WEEK
        operation.values["link"] = len(self.people.links)
        self.people.links.append(Link(user, frozenset(behind), ends=(until - CLOCKS, until + CLOCKS)))

    def _do_use(self, operation: Operation, effect: Effect) -> None:
        assert operation.by == NOBODY, operation
        user = self.people.links[operation.values["link"]].user
        self.people.end_links(user, self.now())
        self.passwords.setdefault(user, []).append(operation.values["password"])
