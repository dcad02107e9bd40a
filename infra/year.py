"""``make year``: a year of a building site through the API, and every figure at its end from scratch.

    python -m infra.year [--days 250] [--hands 60] [--activities 500] [--seed 1] [--rehearsal]

Sixty operatives work on five hundred activities. A crew sheet is sent and approved every working day. Meanwhile plans
are edited, subtrees move, progress is measured, approved hours are reopened and corrected, quantities are taken back,
rates rise, two baselines are frozen and the site shuts down for two weeks. What was done is noted here, in a model that
knows nothing of the service. At the end every node's key figures by three plans must be those that the engine gives for
the notes, and a rebuild must find nothing wrong. By default on the local runtime, with ``--rehearsal`` on the
deployment that ``make rehearse`` makes.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Rule, default_rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity, Booking, every_node, rebased
from chalicelib.tree.export import CSV, as_csv
from infra.company import create
from infra.demo import Client
from infra.gates import Say, saying, unwind_when_stopped
from infra.local.service import service
from infra.real import Figures, compared, figures_of

START = date(2025, 10, 6)
WEEK = {1, 2, 3, 4, 5}
RATE = Decimal(40)
PATIENCE = 900.0


@dataclass(frozen=True)
class Frozen:
    """A baseline: plans by activity, and the calendar that they were made for."""

    plans: Mapping[str, Plan]
    calendar: WorkCalendar


@dataclass
class Notes:
    """What was done, as whoever did it would remember it."""

    activities: dict[str, Activity] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    booked: dict[str, tuple[str, Booking]] = field(default_factory=dict)
    holidays: set[date] = field(default_factory=set)
    baselines: dict[str, Frozen] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def calendar(self) -> WorkCalendar:
        return WorkCalendar(WEEK, self.holidays)

    def count(self, what: str) -> None:
        """One more of it."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def plan(self, id: str, **values: object) -> None:
        """An activity's plan with some of it changed."""
        activity = self.activities[id]
        self.activities[id] = replace(activity, plan=replace(activity.plan, **values))  # type: ignore[arg-type]

    def expected(self, baseline: str | None, as_of: date) -> dict[str, Figures]:
        """The key figures of every node by a plan, from scratch."""
        work: dict[str, list[Booking]] = {}
        for activity, booking in self.booked.values():
            work.setdefault(activity, []).append(booking)
        frozen = self.baselines[baseline] if baseline else None
        found = [
            replace(each, ancestors=self._above(each.id), work=tuple(work.get(each.id, ())))
            for each in self.activities.values()
        ]
        if frozen is not None:
            found = [rebased(each, frozen.plans) for each in found]
        calendar = frozen.calendar if frozen else self.calendar
        nodes = every_node(found, calendar, as_of, RATE)
        return {name: figures_of(node) for name, node in nodes.items()}

    def _above(self, activity: str) -> tuple[str, ...]:
        chain, node = list[str](), self.parents.get(activity)
        while node is not None:
            chain.insert(0, node)
            node = self.parents.get(node)
        return tuple(chain)


class Site:
    """The company, its people and its project, and the hand that does each thing and notes it."""

    def __init__(self, owner: Client, drawn: random.Random, hands: int, activities: int) -> None:
        self.owner, self.drawn, self.notes = owner, drawn, Notes()
        self.supervisor = owner.person("Sam", "sam@year.example", "supervisor", "year")
        self.foreman = owner.person("Fay", "fay@year.example", "foreman", "year")
        body = {"code": "YEAR", "name": "A year", "planned_rate": int(RATE), "timezone": "UTC"}
        self.project = str(owner.call("POST", "/projects/", body)["id"])
        self.rates = {self._hand(n): [(START - timedelta(days=1), Decimal(30 + n % 20))] for n in range(hands)}
        self._plant(activities)

    def _hand(self, n: int) -> str:
        return str(self.owner.call("POST", "/operatives/", {"name": f"Hand {n}", "hourly_rate": 30 + n % 20})["id"])

    def _plant(self, count: int) -> None:
        """The work breakdown by one import, and earning rules of every kind."""
        file = as_csv(_row(n, count) for n in range(count))
        self._patiently("POST", f"/projects/{self.project}/wbs/import/", file.encode(), CSV)
        for node in self.owner.every(f"/projects/{self.project}/wbs/?page_size=200"):
            if node["parent"]:
                self.notes.parents[node["id"]] = node["parent"]
            if node["level"] == 4:
                self._note_activity(node)

    def _note_activity(self, node: Mapping[str, Any]) -> None:
        n, id = int(node["cost_code"][2:]), node["id"]
        quantity = None if node["quantity"] is None else Decimal(str(node["quantity"]))
        start, finish = (date.fromisoformat(node[name]) for name in ("baseline_start", "baseline_finish"))
        plan = Plan(micro_hours(Decimal(str(node["budget_hours"]))), start, finish)
        rule = default_rule(quantity)
        if quantity is None and n % 7 in {3, 4, 5}:
            rule = {3: Rule.ZERO_HUNDRED, 4: Rule.FIFTY_FIFTY, 5: Rule.LEVEL_OF_EFFORT}[n % 7]
            self.owner.call("PATCH", f"/wbs/{id}/", {"earning_rule": rule.value})
        self.notes.activities[id] = Activity(id, (), plan, rule, quantity)
        self.notes.codes[id] = node["cost_code"]

    def _patiently(self, method: str, path: str, body: Any, kind: str = "application/json") -> Any:
        return self.owner.patiently(method, path, body, PATIENCE, kind)

    # -- what is done

    def work(self, day: date) -> None:
        """A crew sheet of everybody, approved at once by somebody else."""
        some = self.drawn.sample(sorted(self.notes.activities), min(25, len(self.notes.activities)))
        sheet = [self._row(hand, day, self.drawn.choice(some)) for hand in self.rates]
        sent = [{name: value for name, value in row.items() if name != "activity"} for row in sheet]
        written = self.supervisor.once("POST", "/labour/bulk/", {"entries": sent})
        answer = self.foreman.once("POST", "/labour/bulk-approve/", {"project": self.project, "date": day.isoformat()})
        assert isinstance(written, dict) and isinstance(answer, dict)
        if len(answer["approved"]) != len(sheet):
            raise RuntimeError(f"approved {len(answer['approved'])} of {len(sheet)}: {answer['skipped'][:3]}")
        for row, entry in zip(sheet, written["entries"], strict=True):
            self.notes.booked[entry["id"]] = (row["activity"], self._booking(row, day))
            self.notes.count("hours approved")

    def _row(self, hand: str, day: date, activity: str) -> dict[str, Any]:
        body: dict[str, Any] = {"project": self.project, "operative": hand, "date": day.isoformat()}
        body |= {"hours": self.drawn.randint(24, 40) / 4, "cost_code": self.notes.codes[activity]}
        if self.notes.activities[activity].rule is Rule.UNITS:
            body["quantity"] = self.drawn.choice([0.5, 1, 1.25, 2, -0.5])
        return body | {"activity": activity}

    def _booking(self, row: Mapping[str, Any], day: date) -> Booking:
        rate = [rate for since, rate in self.rates[row["operative"]] if since <= day][-1]
        quantity = Decimal(str(row["quantity"])) if "quantity" in row else None
        return Booking(day, micro_hours(Decimal(str(row["hours"]))), rate, quantity)

    def reopen(self, again: bool) -> None:
        """Approved hours are reopened; mostly they are corrected and approved again."""
        if not self.notes.booked:
            return
        entry = self.drawn.choice(sorted(self.notes.booked))
        activity, booking = self.notes.booked.pop(entry)
        self.foreman.once("POST", f"/labour/{entry}/reopen/", {"reason": "wrong hours"})
        self.notes.count("reopened")
        if again:
            hours = Decimal(self.drawn.randint(4, 40)) / 4
            self.supervisor.once("PATCH", f"/labour/{entry}/", {"hours": float(hours)})
            self.foreman.once("POST", f"/labour/{entry}/approve/", {})
            self.notes.booked[entry] = (activity, replace(booking, hours=micro_hours(hours)))
            self.notes.count("corrected and approved again")

    def edit(self) -> None:
        """Another budget, or other dates."""
        id = self.drawn.choice(sorted(self.notes.activities))
        if self.drawn.random() < 0.5:
            budget = Decimal(self.drawn.randint(20, 400)) / 2
            self.owner.once("PATCH", f"/wbs/{id}/", {"budget_hours": float(budget)})
            self.notes.plan(id, budget=micro_hours(budget))
        else:
            start = START + timedelta(days=self.drawn.randint(0, 300))
            finish = start + timedelta(days=self.drawn.randint(0, 60))
            body = {"baseline_start": start.isoformat(), "baseline_finish": finish.isoformat()}
            self.owner.once("PATCH", f"/wbs/{id}/", body)
            self.notes.plan(id, start=start, finish=finish)
        self.notes.count("plans edited")

    def move(self) -> None:
        """A discipline with everything below goes elsewhere."""
        activity = self.drawn.choice(sorted(self.notes.activities))
        discipline = self.notes.parents[activity]
        homes = {self.notes.parents[self.notes.parents[each]] for each in self.notes.activities}
        home = self.drawn.choice(sorted(homes))
        self._patiently("PATCH", f"/wbs/{discipline}/", {"parent": home})
        self.notes.parents[discipline] = home
        self.notes.count("subtrees moved")

    def measure(self, day: date) -> None:
        """Somebody measures what has been done."""
        measured = (Rule.PERCENT, Rule.ZERO_HUNDRED, Rule.FIFTY_FIFTY)
        found = [each for each in self.notes.activities.values() if each.rule in measured]
        activity = self.drawn.choice(sorted(found, key=lambda each: each.id))
        if any(each.day == day for each in activity.measurements):
            return
        percent = Decimal(self.drawn.randint(0, 100)) / 100
        body = {"date": day.isoformat(), "percent_complete": float(percent)}
        self.owner.once("POST", f"/wbs/{activity.id}/progress/", body)
        row = Measurement(day, percent_complete=percent)
        self.notes.activities[activity.id] = replace(activity, measurements=(*activity.measurements, row))
        self.notes.count("measured")

    def freeze(self) -> None:
        """The plan of today becomes the next baseline."""
        answer = self._patiently(
            "POST", f"/projects/{self.project}/baselines/", {"name": f"B{len(self.notes.baselines)}"}
        )
        plans = {each.id: each.plan for each in self.notes.activities.values()}
        self.notes.baselines[str(answer["number"])] = Frozen(plans, self.notes.calendar)
        self.notes.count("baselines frozen")

    def shut_down(self, first: date, days: int) -> None:
        """Nobody works for so many days from a date on."""
        for day in (first + timedelta(days=n) for n in range(days)):
            if day.isoweekday() in WEEK:
                self._patiently("POST", f"/projects/{self.project}/holidays/", {"date": day.isoformat()})
                self.notes.holidays.add(day)
                self.notes.count("days of shutdown")

    def raise_rates(self, day: date) -> None:
        """Half of the hands earn more from a day on."""
        for hand in sorted(self.rates)[::2]:
            rate = self.rates[hand][-1][1] + Decimal("1.50")
            body = {"valid_from": day.isoformat(), "hourly_rate": float(rate)}
            self.owner.once("POST", f"/operatives/{hand}/rates/", body)
            self.rates[hand].append((day, rate))
            self.notes.count("rates raised")


def _row(n: int, count: int) -> tuple[str | Decimal | date | None, ...]:
    """An activity of so many as a line of an import; every third has a quantity."""
    start, quantity = START + timedelta(days=n * 300 // count), Decimal(100 + n % 50) if n % 3 == 0 else None
    above = (f"Location {n % 4}", f"Level {n % 12}", f"Discipline {n % 60}")
    figures = (Decimal(40 + n % 160), "m" if quantity else None, quantity)
    return (*above, f"Activity {n}", f"C-{n}", *figures, start, start + timedelta(days=20 + n % 40))


def live(site: Site, days: int, say: Say) -> date:
    """The year, day by day; the last day that was worked."""
    day, worked = START, 0
    while worked < days:
        day += timedelta(days=1)
        if day.isoweekday() not in WEEK or day in site.notes.holidays:
            continue
        worked += 1
        site.work(day)
        for _ in range(site.drawn.randint(0, 2)):
            things: list[Callable[[], None]] = [site.edit, site.edit]
            things += [partial(site.measure, day), partial(site.reopen, True)]
            site.drawn.choice(things)()
        if worked % 9 == 0:
            site.move()
        if worked % 13 == 0:
            site.reopen(False)
        if worked in {5, days * 3 // 5}:
            site.freeze()
        if worked == days * 2 // 5:
            site.shut_down(day + timedelta(days=14), 14)
        if worked == days // 2:
            site.raise_rates(day + timedelta(days=3))
        if worked % 25 == 0:
            say(f"{day}: {len(site.notes.booked):,} entries approved")
    return day


def all_differences(site: Site, last: date, say: Say) -> int:
    """How many figures of how many nodes differ, by three plans and at two dates."""
    differences = 0
    for as_of in (last, START + (last - START) / 2):
        for baseline in (None, *site.notes.baselines):
            wanted = site.notes.expected(baseline, as_of)
            query = f"?as_of={as_of}&baseline={baseline or 'current'}"
            wanted[site.project] = wanted.pop(PROJECT)
            found = compared(site.owner, site.project, query, wanted, PATIENCE)
            for text in found[:10]:
                say(text)
            say(f"{query}: {len(wanted)} nodes, {len(found)} differences")
            differences += len(found)
    return differences


def _drift(company: str, project: str) -> int:
    """How many rows of sums a rebuild finds wrong."""
    from chalicelib.rollups.repairs import rebuild  # after the environment says what is logged
    from chalicelib.rollups.sources import Place
    from chalicelib.storage.store import store

    return rebuild(store(), Place(company, project))


@contextmanager
def runtime(rehearsal: bool, say: Say) -> Iterator[tuple[str, str | None]]:
    """Where the API is: its base URL, and the host name where it needs one."""
    if rehearsal:
        from infra.rehearsal.running import deployed  # it loads the service, whose log's level is the runtime's to say

        with deployed(say) as (base_url, host):
            yield base_url, host
    else:
        with service(0, "off", say) as (base_url, _, _):
            yield base_url, None


def main() -> int:
    """The command line; 1 when a figure differs or a rebuild finds something wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.year", description=__doc__)
    for name, value in (("days", 250), ("hands", 60), ("activities", 500), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rehearsal", action="store_true", help="on the deployment, not on the local runtime")
    chosen = parser.parse_args()
    say = saying("year")
    unwind_when_stopped()
    with runtime(chosen.rehearsal, say) as (base_url, host):
        company = create("A year", "enterprise", "UTC", "owner@year.example")
        owner = Client(base_url, company["token"], host)
        site = Site(owner, random.Random(chosen.seed), chosen.hands, chosen.activities)
        last = live(site, chosen.days, say)
        say(", ".join(f"{count:,} {what}" for what, count in site.notes.counts.items()))
        differences = all_differences(site, last, say)
        drift = _drift(company["company"]["id"], site.project)
        say(f"{differences} differences; a rebuild found {drift} rows wrong")
    return 1 if differences or drift else 0


if __name__ == "__main__":
    sys.exit(main())
