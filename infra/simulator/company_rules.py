"""The company itself: its operatives, users and projects."""

from infra.simulator.facts import Effect, Facts, Operation, Why


class CompanyRules(Facts):
    """What is refused and done of a company's operatives, users and projects."""

    def _judge_hire(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "manage operatives") else set())

    _judge_retrain = _judge_hand = _judge_hire

    def _judge_settings(self, operation: Operation) -> Why:
        return Why(soft={"permission_denied"} if self._lacks(operation, "manage the company") else set())

    def _judge_status(self, operation: Operation) -> Why:
        """The name, status, working days and time zone of a project, by those who may edit it."""
        return self._of_project(operation, "edit projects")

    def _judge_enlist(self, operation: Operation) -> Why:
        """An e-mail is one user's."""
        why = Why(soft={"permission_denied"} if self._lacks(operation, "write users") else set())
        why.hard |= {"conflict"} if operation.values["email"] in self.emails.values() else set()
        return why

    def _judge_mail(self, operation: Operation) -> Why:
        """An e-mail is one user's, and nobody changes those of people who may more."""
        user, why = operation.values["user"], Why()
        above = self.people.is_above(user, operation.by)
        why.soft |= {"permission_denied"} if above or self._lacks(operation, "write users") else set()
        others = {email for id, email in self.emails.items() if id != user}
        why.hard |= {"conflict"} if operation.values["email"] in others else set()
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
        self.emails[effect.id] = operation.values["email"]

    def _do_mail(self, operation: Operation, effect: Effect) -> None:
        """What was sent to the e-mail of before works no more."""
        user, email = operation.values["user"], operation.values["email"]
        if self.emails.get(user) != email:
            self.people.end_links(user, self.now())
        self.emails[user] = email

    def _do_found(self, operation: Operation, effect: Effect) -> None:
        taken_over = {name: self.lately(name, effect.began) for name in ("currency", "timezone")}
        self.founded[operation.values["code"]] = taken_over

    def _do_settings(self, operation: Operation, effect: Effect) -> None:
        """What is not named stays as it is, also where two change different settings at once."""
        for name, value in operation.values.items():
            self.settings[name].append((self.now(), value))

    def _do_hand(self, operation: Operation, effect: Effect) -> None:
        hand, values = operation.values["operative"], operation.values
        if "name" in values:
            self.names[hand] = values["name"]
        if values.get("active") is False:
            self.idle.setdefault(hand, self.now())
        elif values.get("active"):
            self.idle.pop(hand, None)
            self.freed = self.now()

    def _do_status(self, operation: Operation, effect: Effect) -> None:
        site, values = self.sites[operation.project], operation.values
        took, site.name = site.takes_hours, values.get("name", site.name)
        site.status = values.get("status", site.status)
        site.zone_changed |= values.get("timezone", site.zone) != site.zone
        site.week, site.zone = tuple(values.get("working_days", site.week)), values.get("timezone", site.zone)
        site.dates |= {name: values[name] for name in ("start_date", "finish_date") if name in values}
        site.stopped = self.now() if took and not site.takes_hours else site.stopped
        self.freed = self.now() if site.takes_hours and not took else self.freed
