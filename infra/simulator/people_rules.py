"""People: their rates, roles and memberships, and whether they may sign in."""

from infra.simulator.facts import Effect, Facts, Operation, Why
from infra.simulator.roles import Token


class PeopleRules(Facts):
    """What is refused and done of people."""

    def _judge_pay(self, operation: Operation) -> Why:
        """A new rate of an operative: by base role, for those who manage operatives and see rates."""
        lacks = self._lacks(operation, "manage operatives") or self._lacks(operation, "see rates")
        return Why(soft={"permission_denied"} if lacks else set())

    def _judge_role(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "write users") else set())

    _judge_active = _judge_role

    def _judge_join(self, operation: Operation) -> Why:
        why = self._of_project(operation, "manage the team")
        if (operation.project, operation.values["user"]) in self.people.memberships:
            why.hard.add("conflict")
        return why

    def _judge_leave(self, operation: Operation) -> Why:
        why = self._of_project(operation, "manage the team")
        if operation.values["user"] == operation.by:
            why.maybe.add("permission_denied")  # by that very membership
        if (operation.project, operation.values["user"]) not in self.people.memberships:
            why.hard.add("not_found")
        return why

    _judge_rejoin = _judge_leave

    def _judge_token(self, operation: Operation) -> Why:
        """A token, by those who manage tokens; whoever stands behind the one in use must be able to make it as well."""
        return self._made_for(operation, "manage tokens")

    def _judge_revoke(self, operation: Operation) -> Why:
        """Once, and not what is over; what ends with somebody's right may do so while the request runs."""
        token = self.people.tokens[operation.values["token"]]
        lacks = self._lacks(operation, "manage tokens") or self.people.is_above(token.user, operation.by)
        why = Why(soft={"permission_denied"} if lacks else set())
        if token.ended_at is not None:
            (why.hard if token.revoked else why.soft).add("not_found")
        return why

    # what is done

    def _do_pay(self, operation: Operation, effect: Effect) -> None:
        self.rates.setdefault(operation.values["operative"], []).append(
            (operation.values["from"], operation.values["rate"])
        )

    def _do_role(self, operation: Operation, effect: Effect) -> None:
        self.people.roles[operation.values["user"]] = operation.values["role"]
        self.people.end_tokens(self.now())

    def _do_active(self, operation: Operation, effect: Effect) -> None:
        change = self.people.inactive.discard if operation.values["active"] else self.people.inactive.add
        change(operation.values["user"])
        self.people.end_tokens(self.now())

    def _do_join(self, operation: Operation, effect: Effect) -> None:
        self.people.memberships[operation.project, operation.values["user"]] = operation.values["role"]

    _do_rejoin = _do_join

    def _do_leave(self, operation: Operation, effect: Effect) -> None:
        del self.people.memberships[operation.project, operation.values["user"]]
        self.people.left.add((operation.project, operation.values["user"]))

    def _do_token(self, operation: Operation, effect: Effect) -> None:
        user = operation.values["user"]
        behind = operation.behind | ({operation.by} if user != operation.by else set())
        self.people.tokens[effect.id] = Token(user, frozenset(behind))

    def _do_revoke(self, operation: Operation, effect: Effect) -> None:
        token = self.people.tokens[operation.values["token"]]
        token.ended_at, token.revoked = self.now(), True
