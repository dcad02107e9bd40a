"""The company itself: its operatives, users and projects."""

from infra.simulator.facts import Effect, Facts, Operation, Why


class CompanyRules(Facts):
    """What is refused and done of a company's operatives, users and projects."""

    def _judge_hire(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "manage operatives") else set())

    _judge_retrain = _judge_hire

    def _judge_enlist(self, operation: Operation) -> Why:
        """An e-mail is one user's."""
        why = Why(soft={"permission_denied"} if self._lacks(operation, "write users") else set())
        why.hard |= {"conflict"} if operation.values["email"] in self.emails else set()
        return why

    def _judge_found(self, operation: Operation) -> Why:
        """A code is one project's."""
        why = Why(soft={"permission_denied"} if self._lacks(operation, "edit projects") else set())
        why.hard |= {"conflict"} if operation.values["code"] in self.founded else set()
        return why

    # what is done

    def _do_hire(self, operation: Operation, effect: Effect) -> None:
        self.trades[effect.id] = operation.values["trade"]

    def _do_retrain(self, operation: Operation, effect: Effect) -> None:
        self.trades[operation.values["operative"]] = operation.values["trade"]

    def _do_enlist(self, operation: Operation, effect: Effect) -> None:
        self.people.roles[effect.id] = operation.values["role"]
        self.emails.add(operation.values["email"])

    def _do_found(self, operation: Operation, effect: Effect) -> None:
        self.founded.add(operation.values["code"])
