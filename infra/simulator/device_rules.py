"""What clock devices sign in with: the company's ingest secret, set anew by those who manage tokens."""

from collections.abc import Iterator

from infra.simulator.facts import CLOCK, CLOCKS, Effect, Facts, Operation, Secret, Why

MOST_OVERLAPPING = 10
REFUSED = "not_authenticated"


class DeviceRules(Facts):
    """What is refused and done of ingest secrets."""

    def _judge_rotate(self, operation: Operation) -> Why:
        """By those who manage tokens; as many earlier ones may go on beside the new one as there may be."""
        why = Why(soft={"permission_denied"} if self._lacks(operation, "manage tokens") else set())
        if not operation.values["overlap"]:
            return why  # all earlier ones end
        if len([*self._working(sure=True)]) > MOST_OVERLAPPING:
            why.hard.add("conflict")
        elif len([*self._working(sure=False)]) > MOST_OVERLAPPING:
            why.maybe.add("conflict")
        return why

    def _working(self, *, sure: bool) -> Iterator[Secret]:
        return (each for each in self.secrets if (each.works(self.now()) if sure else not each.is_over(self.now())))

    def let_in(self, operation: Operation, why: Why) -> Why:
        """Reasons against a device's request, of which one is that its secret has ended."""
        if operation.by != CLOCK:
            return why
        secret = self.secrets[operation.secret]
        if secret.is_over(self.now()):
            return Why(soft={REFUSED})
        why.maybe |= set() if secret.works(self.now()) else {REFUSED}
        return why

    # what is done

    def _do_rotate(self, operation: Operation, effect: Effect) -> None:
        """The earlier ones end with the overlap, or earlier where they would have anyway; without one at once."""
        overlap, now = operation.values["overlap"] or 0, self.now()
        end = (effect.began + overlap - CLOCKS, effect.began + overlap + CLOCKS) if overlap else (now, now)
        for each in self.secrets:
            each.end_by(end)
        operation.values["secret"] = len(self.secrets)
        self.secrets.append(Secret())
