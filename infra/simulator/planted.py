"""Small, wrong changes of the product that the simulator must find: each is applied in turn to a copy of the tree.

    python -m infra.simulator.planted [--runs 60] [NAME ...]

Prints after how many histories each was found; ends with 1 when one was not.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Fault:
    """One wrong change: the text that stands once in a module, and what stands there instead."""

    name: str
    module: str
    before: str
    after: str


FAULTS = (
    # the gate of approval
    Fault(
        "an open clash holds nothing back",
        "labour/states.py",
        "case Need.NO_CLASH if facts.clash is not None:",
        "case Need.NO_CLASH if False:",
    ),
    Fault(
        "one's own hours can be approved",
        "labour/states.py",
        "case Need.NOT_OWN if facts.own:",
        "case Need.NOT_OWN if False:",
    ),
    Fault(
        "no cost code is needed",
        "labour/states.py",
        "case Need.COST_CODE if not facts.cost_code:",
        "case Need.COST_CODE if False:",
    ),
    Fault(
        "rejected hours can be approved",
        "labour/states.py",
        "            (State.SUBMITTED,),\n            State.APPROVED,",
        "            (State.SUBMITTED, State.REJECTED),\n            State.APPROVED,",
    ),
    Fault(
        "approved hours can be edited",
        "labour/states.py",
        "_OPEN = (State.DRAFT, State.SUBMITTED, State.REJECTED)",
        "_OPEN = (State.DRAFT, State.SUBMITTED, State.REJECTED, State.APPROVED)",
    ),
    Fault(
        "submitted hours can be reopened",
        "labour/states.py",
        "Transition(Action.REOPEN, (State.APPROVED,),",
        "Transition(Action.REOPEN, (State.APPROVED, State.SUBMITTED),",
    ),
    Fault(
        "whoever changed the hours may approve them",
        "labour/four_eyes.py",
        "(*submitters, *changers.values())",
        "(*submitters,)",
    ),
    Fault(
        "whoever submitted may approve",
        "labour/four_eyes.py",
        "(*submitters, *changers.values())",
        "(*changers.values(),)",
    ),
    Fault(
        "only the last to submit is remembered",
        "labour/entries.py",
        "entry.submitters = kept_hands({*submitters(entry), actor.hand})",
        "entry.submitters = kept_hands({actor.hand})",
    ),
    Fault(
        "an edit is nobody's",
        "labour/entries.py",
        "entry.changers = kept_changers(four_eyes.changers_after(changers(entry), hand_of(caller), changed))",
        "pass",
    ),
    # clashes
    Fault(
        "two submitters are no clash",
        "labour/clash_rules.py",
        "counted(day).values()}) > 1:",
        "counted(day).values()}) > 2:",
    ),
    Fault(
        "the daily cap is no bound",
        "labour/clash_rules.py",
        "if total_hours(day) > daily_cap:",
        "if total_hours(day) > daily_cap * 9:",
    ),
    Fault(
        "hours at the cap clash",
        "labour/clash_rules.py",
        "if total_hours(day) > daily_cap:",
        "if total_hours(day) >= daily_cap:",
    ),
    Fault(
        "rejected hours clash",
        "labour/clash_rules.py",
        'COUNTED = frozenset({"submitted", "approved"})',
        'COUNTED = frozenset({"submitted", "approved", "rejected"})',
    ),
    Fault(
        "approved hours do not clash",
        "labour/clash_rules.py",
        'COUNTED = frozenset({"submitted", "approved"})',
        'COUNTED = frozenset({"submitted"})',
    ),
    Fault(
        "a resolution covers everything that follows", "labour/clash_rules.py", "and covers(clash, day):", "and True:"
    ),
    Fault(
        "a resolution covers changed hours",
        "labour/clash_rules.py",
        "(known.hours, known.submitter) == entry.fact",
        "known.submitter == entry.submitter",
    ),
    Fault("a resolution covers nothing", "labour/clash_rules.py", "and covers(clash, day):", "and False:"),
    Fault(
        "a resolution rejects approved hours",
        "labour/clash_rules.py",
        "if choice.reject_rest and approved:",
        "if False:",
    ),
    Fault(
        "a resolution leaves the rest as it is",
        "labour/clash_rules.py",
        "rejected = rest if choice.reject_rest else ()",
        "rejected = ()",
    ),
    Fault("a deleted entry stays in its day", "labour/days.py", "self.entries.pop(id, None)", "None"),
    # conditions of transactions
    Fault(
        "a day is written whatever it is by now",
        "labour/days.py",
        "Put(row, OperativeDay.version == self.before if self.before else absent(OperativeDay))",
        "Put(row)",
    ),
    Fault(
        "an approval does not write its day",
        "labour/approvals.py",
        "return Decided([*changes, *days.changes()], show(caller, entry, near, day, before))\n\n\ndef approved(",
        "return Decided(changes, show(caller, entry, near, day, before))\n\n\ndef approved(",
    ),
    Fault(
        "a condition that fails is taken for success",
        "storage/store.py",
        "            raise ConditionFailed(failed) from error",
        "            return",
    ),
    # bookings and figures
    Fault(
        "approved hours are not booked",
        "labour/approvals.py",
        "return [*written(entry, before, step, actor, now), Put(booking(entry), absent(Booking))]",
        "return [*written(entry, before, step, actor, now)]",
    ),
    Fault(
        "reopened hours stay booked",
        "labour/approvals.py",
        "return Decided([*changes, gone], show(caller, entry, near, day, before))",
        "return Decided([*changes], show(caller, entry, near, day, before))",
    ),
    Fault(
        "a booking loses its hundredths",
        "labour/approvals.py",
        "        hours=entry.hours,\n        rate=entry.hourly_rate,",
        "        hours=entry.hours.to_integral_value(),\n        rate=entry.hourly_rate,",
    ),
    Fault(
        "a booking is under another date",
        "labour/approvals.py",
        'sk=f"{entry.date}#{entry.id}"',
        'sk=f"{entry.date}#{entry.operative}"',
    ),
    Fault(
        "sums are written whatever the root is by now",
        "rollups/attempt.py",
        "same = Root.version == self.version if self.version else absent(Root)",
        "same = Root.pk.exists() | absent(Root)",
    ),
    Fault(
        "a record that another was first with is done",
        "rollups/attempt.py",
        "            return Outcome(again, self.changed, lost=True)\n        return Outcome(again, self.changed)\n",
        "            return Outcome(Touched(), self.changed)\n        return Outcome(again, self.changed)\n",
    ),
    # idempotency
    Fault(
        "the answer is kept outside of the effect",
        "http/serving.py",
        "return ledger.completion(Kept.of(written, route.status).pack()) if ledger else []",
        "return []",
    ),
    Fault(
        "a retry ignores the lock",
        "http/idempotency.py",
        '"ConditionExpression": "#s = :running AND #run = :run",',
        '"ConditionExpression": "attribute_exists (#s) OR attribute_exists (#run) OR #s = :running OR #run = :run",',
    ),
    Fault(
        "a lock is never asked for",
        "http/idempotency.py",
        '"ConditionExpression": "#s = :running AND #run = :run",',
        '"ConditionExpression": "attribute_exists (#run) OR #s = :running OR #run = :run",',
    ),
    Fault(
        "an answer is made anew for a replay",
        "http/idempotency.py",
        "return (ran[0], False) if ran else (ledger.answer, True)",
        "return (ran[0], False) if ran else (run(ledger), True)",
    ),
    Fault(
        "a key is another's",
        "http/replay.py",
        "[route.method, route.path, *arguments.values(), key]",
        "[route.method, route.path, key[:2]]",
    ),
    # the clock
    Fault(
        "a punch that comes again after a correction undoes it",
        "clock/versions.py",
        "return {str(row.said), *(row.earlier or ())}",
        "return {str(row.said)}",
    ),
    Fault(
        "punches of one clock ID do not see each other",
        "clock/writing.py",
        "condition: Condition = ClockHead.version == before if head else absent(ClockHead)",
        "condition = None",
    ),
    Fault(
        "an unpaid hour is lost",
        "clock/judging.py",
        "seconds = Decimal(int((finish - start).total_seconds())) - 60 * break_minutes",
        "seconds = Decimal(int((finish - start).total_seconds())) - 60 * break_minutes - 3600",
    ),
    # what is shown and kept
    Fault(
        "rates are shown to everybody",
        "handlers/labour.py",
        "row.hourly_rate if caller.may(Permission.VIEW_RATES, row.project) else UNSET",
        "row.hourly_rate",
    ),
    Fault(
        "reopened hours stay approved",
        "labour/approvals.py",
        "booking(entry), moved_on(entry, now, State.SUBMITTED)",
        "booking(entry), moved_on(entry, now)",
    ),
    Fault(
        "an edit hands rejected hours in",
        "labour/entries.py",
        "hand_of(caller), changed))\n    moved_on(entry, now)",
        "hand_of(caller), changed))\n    moved_on(entry, now, State.SUBMITTED)",
    ),
    Fault(
        "an approval forgets its cost code",
        "labour/approvals.py",
        "entry.wbs, entry.approved_by, entry.approved_at = near.wbs, actor.user, stamp(now)",
        "entry.approved_by, entry.approved_at = actor.user, stamp(now)",
    ),
    # work of many steps
    Fault(
        "a step of work is taken twice",
        "work/intents.py",
        "changes = [*(step.changes if step else []), Put(intent, same)]",
        "changes = [*(Put(c.row) if isinstance(c, Put) else c for c in (step.changes if step else ())), Put(intent)]",
    ),
    Fault(
        "a step of work says nothing",
        "work/intents.py",
        "intent.state, intent.done = dict(step.state)",
        "_, intent.done = dict(step.state)",
    ),
    Fault(
        "a review approves what was approved",
        "labour/reviews.py",
        "        if refused is not None:\n            if isinstance",
        "        if refused is not None and refused.code != 'invalid_transition':\n            if isinstance",
    ),
    Fault(
        "a review skips without a word",
        "labour/reviews.py",
        "        if refused is not None:\n            skipped.append",
        "        if refused is not None and refused.code != 'own_entry':\n            skipped.append",
    ),
    Fault(
        "a review writes no days",
        "labour/reviews.py",
        "return [*self._changes, *self._days.changes()]",
        "return [*self._changes]",
    ),
    Fault(
        "a sheet leaves a row out",
        "labour/crew_sheets.py",
        "    for entry in rows:\n        days.accept",
        "    for entry in rows[:5]:\n        days.accept",
    ),
    # periods
    Fault(
        "the last day of a period is open",
        "labour/states.py",
        "case Need.OPEN_PERIOD if facts.closed_to and facts.date <= facts.closed_to:",
        "case Need.OPEN_PERIOD if facts.closed_to and facts.date < facts.closed_to:",
    ),
    Fault(
        "a period is closed at once",
        "labour/periods.py",
        "REQUEST_TIME = timedelta(seconds=40)",
        "REQUEST_TIME = timedelta(seconds=0)",
    ),
    Fault(
        "a period does not wait for sheets",
        "labour/periods.py",
        "return any(row.kind in WRITING for row in reading.each(unfinished))",
        "return False",
    ),
    Fault(
        "a period is closed over what slipped in",
        "labour/periods.py",
        "    if found or slipped:",
        "    if False:",
    ),
    Fault(
        "a forced closing rejects nothing",
        "labour/periods.py",
        "if period.forced and found:",
        "if period.forced and not found and False:",
    ),
    Fault(
        "measurements of closed days are taken",
        "tree/progress.py",
        "if closed_to is not None and day <= closed_to:",
        "if closed_to is not None and day < closed_to:",
    ),
    Fault(
        "a resolution rejects in a closed period",
        "labour/clashes.py",
        "if project is not None and project.closed_to and day.date <= project.closed_to:",
        "if project is not None and project.closed_to and day.date < project.closed_to:",
    ),
    # plans and their figures
    Fault(
        "a moved activity stays in its old sums",
        "rollups/steps.py",
        "if left and was:\n        found.append(Addition(generation, left.parent, above, was, -1))",
        "if left and was and False:\n        found.append(Addition(generation, left.parent, above, was, -1))",
    ),
    Fault(
        "the remainder of a budget is lost",
        "rollups/accounts.py",
        'yield last, "lump", rest',
        'yield last, "lump", 0',
    ),
    Fault(
        "a holiday is worked",
        "evm/calendar.py",
        "if d.isoweekday() - 1 in week}))",
        "if d.isoweekday() - 1 in week and False}))",
    ),
    Fault(
        "the first of two measurements of a day holds",
        "evm/earning.py",
        "percent=percents[-1] if percents else progress.percent,",
        "percent=percents[0] if percents else progress.percent,",
    ),
    Fault(
        "a measured total is added",
        "evm/earning.py",
        "total=totals[-1] if totals else progress.total,",
        "total=progress.total + totals[-1] if totals else progress.total,",
    ),
    Fault(
        "quantities below nothing count",
        "evm/earning.py",
        "if not quantity or installed <= 0:",
        "if not quantity or installed == 0:",
    ),
    Fault(
        "today's rate is kept",
        "labour/approvals.py",
        "rate_on(near.operative, entry.date)",
        "rate_on(near.operative, '2026-06-30')",
    ),
    Fault(
        "reopened hours keep their rate",
        "labour/approvals.py",
        "entry.approved_by = entry.approved_at = entry.hourly_rate = None",
        "entry.approved_by = entry.approved_at = None",
    ),
    Fault(
        "a baseline takes the plan of its end",
        "tree/baselines.py",
        "Outline.freezing.set(number))",
        "Outline.freezing.set(number + 1))",
    ),
    Fault(
        "idle days are a delay",
        "evm/earned_schedule.py",
        "return Fraction(min(max(at, reached), left - 1))",
        "return Fraction(reached)",
    ),
    Fault(
        "the baseline ends with what ends first",
        "rollups/kpis.py",
        'finish=sums.last(column(name, "discrete", "finishes")),',
        'finish=sums.first(column(name, "discrete", "finishes")),',
    ),
    Fault(
        "a forecast begins at nothing",
        "evm/s_curve.py",
        "return self.spent + (self.eac - self.spent) * part",
        "return self.eac * part",
    ),
    Fault(
        "a baseline has the working days of every week",
        "tree/baselines.py",
        "working_days=list(ground.project.working_days)",
        "working_days=[1, 2, 3, 4, 5]",
    ),
    # people and companies
    Fault(
        "people sign in with the e-mail of before",
        "people/users.py",
        "Put(directory.listing(row.pk, row.id, row.email), absent(Directory)),",
        "Put(directory.listing(row.pk, row.id, row.email + '.'), absent(Directory)),",
    ),
    Fault(
        "everybody may approve",
        "labour/surroundings.py",
        "may_approve=caller.may(P.APPROVE, entry.project)",
        "may_approve=True",
    ),
    Fault(
        "everybody logs for the crew",
        "labour/surroundings.py",
        "return P.LOG_CREW in held or (P.LOG_OWN in held and operative in caller.operatives)",
        "return P.LOG_CREW in held or P.LOG_OWN in held",
    ),
    Fault(
        "everybody sees all labour",
        "labour/surroundings.py",
        "return caller.may(P.READ_ALL_LABOUR, entry.project) or entry.operative in caller.operatives",
        "return True",
    ),
    Fault(
        "a worker approves their own hours",
        "labour/surroundings.py",
        "workers = {operative.user, *(operative.former_users or {})}",
        "workers = {*(operative.former_users or {})}",
    ),
    Fault(
        "a membership counts on every project",
        "access/callers.py",
        "membership = self.access.memberships.get(project) if project else None",
        "membership = next(iter(self.access.memberships.values()), None)",
    ),
    Fault(
        "an ended membership counts",
        "people/memberships.py",
        "Update(Access, access, (Access.memberships[project].remove(),)),",
        "",
    ),
    Fault(
        "inactive users go on",
        "access/authentication.py",
        "if not (kept and access.active and credential",
        "if not (kept and credential",
    ),
    Fault(
        "keys leave the company out",
        "storage/rows.py",
        'return "#".join(parts)',
        'return "#".join(("all", *parts[1:]) if len(parts) > 1 else parts)',
    ),
    Fault(
        "a rejection leaves no trace of who",
        "labour/audit.py",
        "        by=actor.user,\n        token=actor.token,",
        '        by=None if step.action == "reject" else actor.user,\n        token=actor.token,',
    ),
    # tokens
    Fault(
        "whoever made a token is another person",
        "labour/four_eyes.py",
        "return self.user == other.user or self.user in other.makers or other.user in self.makers",
        "return self.user == other.user",
    ),
    Fault(
        "a token outlives the right of its maker",
        "access/makers.py",
        "return all(standing.get(maker, {}).get(role) == since for maker, since in marks.items())",
        "return True",
    ),
    Fault(
        "a revoked token goes on",
        "access/tokens.py",
        "Update(Access, (access.pk, access.sk), removed([id]), Access.version == access.version),",
        "",
    ),
    # settings, and what takes hours
    Fault(
        "two changes of a project at once are one",
        "projects/projects.py",
        "return Decided([Put(row, Project.version == before.version), *changes], row)",
        "return Decided([Put(row), *changes], row)",
    ),
    Fault(
        "an operative who is not active punches on",
        "clock/judging.py",
        "if not worker.active:",
        "if False:",
    ),
    Fault(
        "hours of an archived project are approved",
        "labour/states.py",
        'case Need.NOT_ARCHIVED if facts.project_status == "archived":',
        "case Need.NOT_ARCHIVED if False:",
    ),
    # one-time links
    Fault(
        "a link works again",
        "access/invitations.py",
        "return Decided([used, invited.backed, ",
        "return Decided([invited.backed, ",
    ),
    Fault(
        "a link outlives the right of its maker",
        "access/invitations.py",
        "if not makers.holds(standing, row.by, access.role):",
        "if False:",
    ),
    # ingest secrets
    Fault(
        "an old secret works a minute longer",
        "access/ingest_secrets.py",
        "stamp(now + timedelta(seconds=overlap_seconds))",
        "stamp(now + timedelta(seconds=overlap_seconds + 60))",
    ),
    Fault(
        "everybody sets the ingest secret",
        "handlers/integrations.py",
        "permission=Permission.MANAGE_TOKENS",
        "permission=Permission.READ_PROJECTS",
    ),
    Fault(
        "a secret that has ended is shown again",
        "http/replay.py",
        "if not replayed or authentication.lives(",
        "if kind == 'wbsi' or not replayed or authentication.lives(",
    ),
    # trees and kept punches
    Fault(
        "hours do not keep their activity",
        "tree/deletion.py",
        "    if has_hours(reading, company, activities):",
        "    if False:",
    ),
    Fault(
        "a deleted code is never free again",
        "tree/deletion.py",
        "*released(company, node, claims.values()),",
        "",
    ),
    Fault(
        "a dismissed punch waits on",
        "clock/decisions.py",
        'row.closed, row.closed_at = "dismissed", decided_at(row, now)',
        "pass",
    ),
    Fault(
        "a kept punch of an operative stays kept",
        "handlers/clock_streams.py",
        "for cause in waiting.causes(table, old, new):",
        "for cause in ():",
    ),
    Fault(
        "no mirror hears of deleted hours",
        "labour/entries.py",
        '        Put(DeletedEntry.of(entry, "deleted", stamp(now))),\n',
        "",
    ),
    # large changes of a tree
    Fault(
        "an import shows before it is whole",
        "tree/import_steps.py",
        'if number == intent.arguments["pieces"]:\n        return _shown',
        'if number == min(1, intent.arguments["pieces"]):\n        return _shown',
    ),
    Fault(
        "what is staged is there at once",
        "tree/lists.py",
        'return ("<=", "since", number), (">", "until", number)',
        'return ((">", "until", number),)',
    ),
    Fault(
        "the tree is free while it is staged",
        "tree/editions.py",
        "if outline.staged is not None and outline.staged > outline.edition:",
        "if False:",
    ),
    Fault(
        "hours come to what is staged",
        "labour/surroundings.py",
        "case [NodeClaim() as claim, Outline() as outline] if (claim.since or 0) <= outline.edition:",
        "case [NodeClaim() as claim, Outline()]:",
    ),
    Fault(
        "what comes back does not wait for a large change",
        "labour/slipped_in.py",
        "    except InUse:",
        "    except ZeroDivisionError:",
    ),
    Fault(
        "an import takes a name that somebody has",
        "tree/import_staging.py",
        "if row is not None and row.holder != id:",
        "if False:",
    ),
    Fault(
        "an import that fails leaves what it has staged",
        "tree/clearing.py",
        "return [Delete(Node, key, same), *_release(pair, node, _claims(pair, node, edition))]",
        "return []",
    ),
    Fault(
        "an import fails without a word",
        "tree/import_steps.py",
        'raise Conflict(state["detail"], errors=state["errors"])',
        'return Step([], state, 0, finished=Finished(intent.arguments["report"]))',
    ),
    Fault(
        "names that change hands are lost",
        "tree/import_steps.py",
        "written = {entry.handed: entry.name} if entry.handed else {}",
        "written = {}",
    ),
    Fault(
        "an import changes budgets for everybody",
        "tree/imports.py",
        "caller.require(Permission.EDIT_BUDGETS, project)",
        "pass",
    ),
    Fault(
        "hours of a sheet are as old as the sheet",
        "labour/crew_sheets.py",
        "changed = intents.changed_at(at, now)",
        "changed = at",
    ),
    # kept punches
    Fault(
        "an unknown clock ID always makes an operative",
        "clock/ingest.py",
        "if line.owner is None and line.tenant.auto_add_operatives:",
        "if line.owner is None:",
    ),
    Fault(
        "an unknown clock ID makes no operative",
        "clock/ingest.py",
        "if line.owner is None and line.tenant.auto_add_operatives:",
        "if False:",
    ),
    Fault(
        "whoever fixes a punch may approve its hours",
        "clock/timeline.py",
        "self.books.correct(entry, outcome.shift, event.name, _doers(event))",
        "self.books.correct(entry, outcome.shift, event.name, {})",
    ),
    Fault(
        "a break that somebody has fixed is not subtracted",
        "clock/values.py",
        "return event.break_minutes if given is None else given",
        "return event.break_minutes",
    ),
    Fault(
        "hours stay with the operative of before",
        "clock/booking.py",
        'said = ("operative", "project", "date", "hours")',
        'said = ("project", "date", "hours")',
    ),
    # earning rules
    Fault(
        "half is not earned with the first hour",
        "evm/earning.py",
        "return _HALF if progress.begun and rule is Rule.FIFTY_FIFTY else _NOTHING",
        "return _NOTHING",
    ),
    Fault(
        "level of effort is in the figures of time",
        "rollups/accounts.py",
        'return "effort" if basis.rule is Rule.LEVEL_OF_EFFORT else "discrete"',
        'return "discrete"',
    ),
    Fault(
        "one milestone is all of them",
        "evm/earning.py",
        "return _share(sum((step.weight for step in milestones if step.name in reached), Decimal(0)))",
        "return _share(sum((step.weight for step in milestones if reached), Decimal(0)))",
    ),
    # people at a browser
    Fault(
        "a session outlives another password",
        "access/invitations.py",
        "sessions.end(access, sessions.live(access.tokens)),",
        "sessions.end(access, []),",
    ),
    # reports
    Fault(
        "a pace is of all days",
        "evm/look_ahead.py",
        "days = calendar.working_days(first_averaged_day(as_of), as_of)",
        "days = AVERAGED_DAYS",
    ),
    Fault(
        "drafts are not missing",
        "labour/missing_hours.py",
        'PRESENT = ("submitted", "approved")',
        'PRESENT = ("submitted", "approved", "draft")',
    ),
    Fault(
        "units are counted to the end",
        "rollups/outlooks.py",
        "installed = account.installed(as_of)",
        "installed = account.installed(date.max)",
    ),
    Fault(
        "a measurement leaves a closed day",
        "tree/progress.py",
        "    require_open(was.activity, before.date)\n",
        "",
    ),
    # lists and companies
    Fault(
        "no entry is found again",
        "labour/entries.py",
        '    return Entry, key(company, id), "entry"',
        '    return Entry, key(company, id), "entries"',
    ),
    Fault(
        "a page repeats a row",
        "http/pagination/walk.py",
        "more, rows = more or len(encoded) < len(rows), rows[kept]",
        "more, rows = more or len(encoded) < len(rows), rows[kept][:-1] or rows[kept]",
    ),
)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator.planted", description=__doc__)
    parser.add_argument("name", nargs="*", help="parts of names; by default all")
    parser.add_argument("--runs", type=int, default=200)
    asked = parser.parse_args()
    chosen = [each for each in FAULTS if not asked.name or any(name in each.name for name in asked.name)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".*", "__pycache__", "tests", "docs")
        )
        found = [_told(copy, each, asked.runs) for each in chosen]
    print(f"{sum(found)} of {len(found)} found within {asked.runs} histories each")
    return int(not all(found))


def _told(copy: Path, fault: Fault, runs: int) -> bool:
    after = _runs(copy, fault, runs)
    print(f"{after or 'not':>4}  {fault.name}", flush=True)
    return bool(after)


def _runs(copy: Path, fault: Fault, runs: int) -> int:
    """After how many histories a fault is found; 0 when it is not."""
    path = copy / "chalicelib" / fault.module
    source = path.read_text()
    assert source.count(fault.before) == 1, fault.name
    path.write_text(source.replace(fault.before, fault.after))
    command = [sys.executable, "-m", "infra.simulator", "--runs", str(runs), "--no-shrink"]
    plain = {name: value for name, value in os.environ.items() if name not in ("RUNS", "SEED", "STEPS", "WITHOUT")}
    environment = {**plain, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(source)
    told = re.search(r"seed (\d+), commit", done.stdout)
    if done.returncode and not told:
        raise RuntimeError(f"{fault.name}: the simulator itself failed:\n{done.stderr[-2000:]}")
    return int(told[1]) if told else 0


if __name__ == "__main__":
    sys.exit(main())
