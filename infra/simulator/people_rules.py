"""People: their rates, roles and memberships, and whether they may sign in."""

from infra.simulator.facts import Facts, Operation, Why


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

    # what is done

    def _do_pay(self, operation: Operation, id: str) -> None:
        self.rates.setdefault(operation.values["operative"], []).append(
            (operation.values["from"], operation.values["rate"])
        )

    def _do_role(self, operation: Operation, id: str) -> None:
        self.people.roles[operation.values["user"]] = operation.values["role"]

    def _do_active(self, operation: Operation, id: str) -> None:
        change = self.people.inactive.discard if operation.values["active"] else self.people.inactive.add
        change(operation.values["user"])

    def _do_join(self, operation: Operation, id: str) -> None:
        self.people.memberships[operation.project, operation.values["user"]] = operation.values["role"]

    def _do_leave(self, operation: Operation, id: str) -> None:
        del self.people.memberships[operation.project, operation.values["user"]]
