"""The gate holds under any interleaving: no entry passes to approved while a clash over it is open, none twice.

One machine draws who does what to an operative's days, and at which storage call of it somebody else does something
entirely; the other test lets real threads do all of it at once.
"""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chalicelib.labour import clash_rules, reviews
from chalicelib.labour.days import Days
from chalicelib.labour.states import Action
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.work import intents
from tests.examples import slow
from tests.faults.harness import sleeps, storage
from tests.labour.conftest import DAY, NEXT, Site
from tests.labour.racing import Verb, _judged, act, caller_of, check_day, create, done, edit, entries_of, resolve

DATES = (DAY, NEXT)
ACTIONS = ("submit", "approve", "reject", "reopen", "delete")
people = st.sampled_from(["foreman", "project_manager", "supervisor"])
hours = st.sampled_from([3, 6, 9])


class Hand:
    """An operative on the site, and what people do to its entries."""

    def __init__(self, site: Site) -> None:
        self.site, self.company = site, site.company
        self.id = site.hand()
        self.callers = {
            role: caller_of(site.company, site.user(role)) for role in ("foreman", "project_manager", "supervisor")
        }

    def entries(self) -> list[str]:
        return sorted(entries_of(self.company, self.id))

    def values(self, date: str, count: int, **more: Any) -> dict[str, Any]:
        return {
            "project": self.site.project,
            "operative": self.id,
            "date": date,
            "hours": count,
            "cost_code": "C-1",
            **more,
        }

    def does(self, role: str, verb: Verb) -> str:
        return done(self.callers[role], verb)

    def approves_all(self, role: str, ids: list[str]) -> None:
        """As bulk approve does it, by a request of its own."""
        caller, now = self.callers[role], datetime.now(UTC)
        intent = reviews.by_ids(Reading(store()), caller, Action.APPROVE, ids, None, now)
        store().transact([intents.put(intent)])
        intents.forward(store(), self.company, intent.id, waited_for=True)

    def draw(self, chance: Any) -> tuple[str, Verb]:
        """Somebody, and something that they might do; ``chance`` picks from a list."""
        role, date, ids = chance(sorted(self.callers)), chance(DATES), self.entries()
        what = chance(["create", "edit", "act", "act", "act", "resolve"]) if ids else "create"
        if what == "create":
            return role, create(self.values(date, chance([3, 6, 9]), status=chance(["submitted", "draft"])))
        if what == "resolve":
            day = Days(Reading(store()), _judged(self.company)).of(self.id, date)
            keep = frozenset(id for id in clash_rules.counted(day.entries) if chance([True, False]))
            return role, resolve(self.id, date, keep, chance([True, False]))
        id = chance(ids)
        change = chance([{"hours": 3}, {"hours": 9}, {"date": DAY}, {"date": NEXT}, {"note": "x"}])
        return role, edit(id, change) if what == "edit" else act(id, chance(list(ACTIONS)))

    def check(self) -> None:
        for date in DATES:
            check_day(self.company, self.id, date)


class Watch:
    """Looks at every transaction that approves: the clash over the entry must not be open as it commits."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.approved: list[str] = []

    def look(self, items: list[dict[str, Any]]) -> None:
        rows = [item["Put"]["Item"] for item in items if "Put" in item]
        days = [row for row in rows if row["sk"]["S"] == "day"]
        for row in rows:
            if row["sk"]["S"] == "entry" and row["status"]["S"] == "approved":
                [day] = [each for each in days if row["id"]["S"] in each["entries"]["M"]]
                clash = day.get("clash", {"M": {"status": {"S": "none"}}})["M"]
                assert clash["status"]["S"] != "open", "an approval passed an open clash"
                self.approved.append(row["id"]["S"])


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Every transaction inside that went through is looked at."""
    sound = store().client

    class Client:
        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

        def transact_write_items(self, **parameters: Any) -> Any:
            answer = sound.transact_write_items(**parameters)
            watch.look(parameters["TransactItems"])
            return answer

    store().client = Client()
    try:
        yield
    finally:
        store().client = sound


def test_no_interleaving_of_two_passes_the_gate(site: Site) -> None:
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.hand = Hand(site)
            self.watch = Watch(self.hand)

        @rule(data=st.data())
        def somebody_does_something(self, data: st.DataObject) -> None:
            role, verb = self.hand.draw(lambda few: data.draw(st.sampled_from(list(few))))
            with watched(self.watch):
                self.hand.does(role, verb)

        @rule(data=st.data(), at=st.integers(0, 3))
        def somebody_does_something_while_another_does(self, data: st.DataObject, at: int) -> None:
            """The other one comes between two storage calls of the first, reads and commits included."""
            chance = lambda few: data.draw(st.sampled_from(list(few)))  # noqa: E731 - a name for the drawing
            (role, verb), (other, meanwhile) = self.hand.draw(chance), self.hand.draw(chance)
            with watched(self.watch), storage(sleeps(at, lambda: self.hand.does(other, meanwhile))):
                self.hand.does(role, verb)

        @rule(role=people, data=st.data(), at=st.integers(0, 6))
        def a_crew_day_is_approved_while_another_does_something(self, role: str, data: st.DataObject, at: int) -> None:
            chance = lambda few: data.draw(st.sampled_from(list(few)))  # noqa: E731 - as above
            ids = self.hand.entries()
            if not ids:
                return
            other, meanwhile = self.hand.draw(chance)
            with watched(self.watch), storage(sleeps(at, lambda: self.hand.does(other, meanwhile))):
                self.hand.approves_all(role, ids)

        @invariant()
        def everything_adds_up(self) -> None:
            self.hand.check()

    run_state_machine_as_test(Machine, settings=settings(slow(8), stateful_step_count=14))


@pytest.mark.parametrize("seed", range(2))
def test_real_threads_that_do_everything_at_once_pass_no_gate_and_lose_nothing(site: Site, seed: int) -> None:
    hand = Hand(site)
    for date in DATES:
        for role in ("foreman", "supervisor"):
            hand.does(role, create(hand.values(date, 6)))
    watch = Watch(hand)

    def busy(number: int) -> None:
        chance = random.Random(f"{seed} {number}").choice
        for turn in range(6):
            if turn == 3:
                hand.approves_all(chance(sorted(hand.callers)), hand.entries())
            else:
                hand.does(*hand.draw(lambda few: chance(list(few))))

    with watched(watch), ThreadPoolExecutor(6) as pool:
        list(pool.map(busy, range(6)))
    hand.check()
