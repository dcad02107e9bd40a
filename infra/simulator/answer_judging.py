"""Judges answers: each refusal was right at some moment of its request, and each success has had its effect."""

from collections.abc import Sequence
from typing import Any

from infra.simulator.docket import Docket
from infra.simulator.effects import Wrong, whole
from infra.simulator.facts import CLOCK, Secret
from infra.simulator.requests import Request
from infra.simulator.roles import Link
from infra.simulator.site import LEVELS, RUNS
from infra.simulator.tree_files import missing

ACCEPTED = ("sheet", "review")  # what is carried out by work and takes effect row by row
SHOWN_AGAIN = {"rotate": "secret", "invite": "link"}  # what a replay shows while it works
AGAIN = ("idempotency_in_progress", "rate_limited")


class AnswerJudge(Docket):
    """What clients are told."""

    def answered(self, request: Request, status: int, answer: Any) -> bool:
        """Hold a whole answer against the model; False when the client has to ask again."""
        operation = request.operation
        code = answer.get("code") if isinstance(answer, dict) and status >= 400 else None
        if status == 500:
            raise Wrong(f"500: {answer} to {operation}")
        if status in (0, 429, 503, 504) or code in AGAIN:
            return False
        if status < 400 and operation.verb in SHOWN_AGAIN:
            answer = self._shown_while_it_works(request, answer)
        if request.key and status < 400:
            if operation.verb == "token":
                answer = self._shown_once(request, answer)
            if request.answer not in (None, (status, answer)):
                raise Wrong(f"answered {request.answer} first, and then {(status, answer)}: {operation}")
            request.answer = status, answer
        if status < 400 and operation.verb == "stray":
            model = request.tenant.model
            model.strays[operation.values["date"]].event = answer["id"]
            if not model.owner and model.lately("auto_add_operatives", request.sent) == {True}:
                raise Wrong(f"a clock ID that nobody has makes no operative: {operation}")
        if status < 400 and operation.by == CLOCK and operation.new:
            day = operation.new.day
            self.kept.setdefault(day, set()).add(operation.values["told"])
            if whole(self.kept[day]) and day not in self.stopped | request.tenant.model.punched:
                raise Wrong(f"both ends of {day} are kept, and they are no hours: {operation}")
        if status == 200 and operation.verb == "import" and not request.key and not request.done:
            self._all_is_there(request)
        if status < 400 and operation.by == CLOCK and not request.let_in:
            raise Wrong(f"answered {status} although the secret has ended: {operation}")
        if status < 400 and not request.done and operation.by != CLOCK:
            raise Wrong(f"answered {status} without an effect: {operation}")
        if status < 400 and operation.verb in ACCEPTED:
            self._results(request, answer)
        if status == 202:
            self.jobs[answer["id"]] = request
        if status == 200 and operation.verb == "import":
            self._counts(request, answer)
        if status < 400:
            return True
        right = any(code in allowed for allowed in request.allowed)
        if request.failed and operation.verb == "import" and code == "conflict":
            return True
        if request.done and not (code == "not_authenticated" and right):
            raise Wrong(f"answered {status} {code} after its effect: {operation} {answer}")
        if not right:
            raise Wrong(f"answered {status} {code}, allowed {request.allowed}: {operation} {answer}")
        return True

    @staticmethod
    def _shown_once(request: Request, answer: Any) -> Any:
        """The answer without the token, which is shown again to whoever repeats the request until it is revoked."""
        made, known = request.tenant.made, request.tenant.model.people.tokens[answer["id"]]
        text, ended = answer.get("token"), known.ended_at
        if text is None and ended is None:
            raise Wrong(f"the token is not shown again: {request.operation}")
        if text is not None and known.revoked and ended is not None and ended < request.sent:
            raise Wrong(f"a token is shown that has been revoked: {request.operation}")
        if text is not None and made.setdefault(answer["id"], text) != text:
            raise Wrong(f"another token is shown: {request.operation}")
        return {name: value for name, value in answer.items() if name != "token"}

    def _shown_while_it_works(self, request: Request, answer: Any) -> Any:
        """The answer without a secret or link, which is shown again to whoever repeats the request while it works."""
        tenant, name = request.tenant, SHOWN_AGAIN[request.operation.verb]
        number, text = request.operation.values.get(name), answer.get(name)
        if number is None:
            return answer
        made: Sequence[Secret | Link] = tenant.model.secrets
        known = tenant.secrets
        if name == "link":
            made, known = tenant.model.people.links, tenant.links
            text = text and f"/password/{text.partition('/password/')[2]}"
        if text is None and made[number].works(self.now()):
            raise Wrong(f"the {name} is not shown again: {request.operation}")
        if text is not None and made[number].is_over(request.sent):
            raise Wrong(f"a {name} is shown that has ended: {request.operation}")
        if text is not None and known.setdefault(number, text) != text:
            raise Wrong(f"another {name} is shown: {request.operation}")
        return {field: value for field, value in answer.items() if field != name}

    def _all_is_there(self, request: Request) -> None:
        """A file that says what is there already has nothing to write where there is no key to complete."""
        operation, now = request.operation, self.now()
        site = request.tenant.model.sites[operation.project]
        if wrong := [*missing(site, operation.values["rows"], now - RUNS)]:
            raise Wrong(f"{wrong}, and nothing was done: {operation}")
        request.done, request.accepted = True, now

    @staticmethod
    def _counts(request: Request, answer: Any) -> None:
        """What an import says that it did."""
        operation, shown = request.operation, request.staged.shown(request.operation.project).values()
        rows, created = len(operation.values["rows"]), sum(each.level == LEVELS for each in shown)
        updated = sum(each.level is None for each in shown)
        wanted = (rows, created, updated, rows - created - updated)
        found = tuple(answer[name] for name in ("rows", "created", "updated", "unchanged"))
        if found != wanted or answer["parents_created"] != len(shown) - created - updated:
            raise Wrong(f"{answer} is answered instead of {wanted}: {operation}")

    @staticmethod
    def _results(request: Request, answer: Any) -> None:
        operation = request.operation
        if operation.verb == "sheet":
            shown = [row if isinstance(row, str) else row["id"] for row in answer["entries"]]
            if not set(shown) <= set(request.made) or len(request.made) != len(operation.rows):
                raise Wrong(f"{shown} is answered, {list(request.made)} was made: {operation}")
            return
        done = answer["approved" if operation.values["step"] == "approve" else "rejected"]
        skipped = {row["id"]: row["code"] for row in answer["skipped"]}
        if sorted(done) != sorted(request.made) or sorted([*done, *skipped]) != sorted(operation.ids):
            raise Wrong(f"{answer} is answered, {request.made} was done: {operation}")
        for id, code in skipped.items():
            if code not in request.reasons[id]:
                raise Wrong(f"{id} is skipped as {code}, right was {request.reasons[id]}: {operation}")
