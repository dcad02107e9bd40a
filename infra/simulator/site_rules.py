"""Projects: their plans, trees, measurements, baselines, holidays and closed days."""

from dataclasses import replace

from infra.simulator.facts import MOST_BASELINES, Effect, Facts, Operation, Why
from infra.simulator.site import LEVEL_OF_EFFORT, Activity, Measured, Plan

LAG = 4.0  # seconds by which a list may be behind, and a little


class SiteRules(Facts):
    """What is refused and done of projects."""

    def _judge_close(self, operation: Operation) -> Why:
        site, why = self.sites[operation.project], Why(maybe={"in_use"})
        if self._lacks(operation, "close periods", project=operation.project):
            why.soft.add("permission_denied")
        if site.closed_to != site.closed_for_good:
            why.hard |= {"in_use"}
            why.maybe |= {"conflict"}
        elif operation.values["closed_to"] <= site.closed_to:
            why.hard.add("conflict")
        return why

    def _judge_open(self, operation: Operation) -> Why:
        site, why = self.sites[operation.project], Why()
        if self._lacks(operation, "close periods", project=operation.project):
            why.soft.add("permission_denied")
        if not site.closed_to or site.closed_to != site.closed_for_good:
            why.hard.add("invalid_transition")
        return why

    def _of_tree(self, operation: Operation, *either: str) -> Why:
        """A write of a node, which a large change of the tree may hold up."""
        why = self._of_project(operation, *either)
        why.maybe |= {"in_use"} if self.sites[operation.project].busy else set()
        return why

    def _of_structure(self, operation: Operation) -> Why:
        """A change of what stands where, which nobody begins while a large one is on its way."""
        why = self._of_tree(operation, "edit the WBS")
        why.soft |= {"in_use"} if self.sites[operation.project].staging else set()
        return why

    def _judge_budget(self, operation: Operation) -> Why:
        return self._of_tree(operation, "edit budgets")

    def _judge_dates(self, operation: Operation) -> Why:
        return self._of_tree(operation, "edit budgets", "edit the WBS")

    def _judge_rule(self, operation: Operation) -> Why:
        """By which rule an activity earns: by units only with a quantity, by the calendar only with dates."""
        why = self._of_tree(operation, "edit budgets", "edit the WBS")
        there, rule = self.sites[operation.project].activities.get(operation.node), operation.values["rule"]
        without_units = there is not None and rule == "units" and there.quantity is None
        without_dates = there is not None and rule == LEVEL_OF_EFFORT and there.plan.start is None
        why.hard |= {"validation_error"} if without_units or without_dates else set()
        return why

    def _judge_node_rate(self, operation: Operation) -> Why:
        return self._of_tree(operation, "edit budgets")

    def _judge_move(self, operation: Operation) -> Why:
        site, parent = self.sites[operation.project], operation.values["parent"]
        if site.has(operation.node) and site.above(operation.node)[1:2] == [parent]:
            return self._of_tree(operation, "edit the WBS")  # it stays where it is
        why = self._of_structure(operation)
        why.hard |= set() if site.has(parent) else {"validation_error"}
        taken = site.has(operation.node) and site.names[operation.node] in site.siblings(parent)
        why.hard |= {"conflict"} if taken else set()
        return why

    def _judge_import(self, operation: Operation) -> Why:
        """A file: all of its rows, or none. What is wrong with it, it is told of; changed budgets need a permission."""
        why, site = self._of_structure(operation), self.sites[operation.project]
        codes = site.codes()
        rows = operation.values["rows"]
        why.hard |= (
            {"validation_error"} if operation.values["bad"] or len({row.path for row in rows}) < len(rows) else set()
        )
        named = {row.code for row in rows}
        for row in rows:
            there = site.activities[codes[row.code]] if row.code in codes else None
            if row.budget != (there.plan.budget if there else 0):
                why.soft |= self._of_project(operation, "edit budgets").soft
            if there is not None and there.rule == "units" and row.quantity is None:
                why.soft.add("validation_error")
            if there is not None and there.rule == LEVEL_OF_EFFORT and row.start is None:
                why.soft.add("validation_error")
            if any(site.path(id) == row.path for code, id in codes.items() if code not in named):
                why.soft.add("validation_error")
        return why

    def _judge_grow(self, operation: Operation) -> Why:
        """A new activity, whose code nobody has."""
        why, site = self._of_structure(operation), self.sites[operation.project]
        why.soft |= self._of_project(operation, "edit budgets").soft if operation.values["budget"] else set()
        why.maybe |= {"conflict"} if site.busy else set()  # an import under way has the code already
        why.hard |= set() if site.has(operation.values["parent"]) else {"validation_error", "not_found"}
        why.hard |= {"conflict"} if operation.values["code"] in site.codes() else set()
        return why

    def _judge_recode(self, operation: Operation) -> Why:
        why, site = self._of_tree(operation, "edit the WBS"), self.sites[operation.project]
        why.maybe |= {"conflict"} if site.busy else set()  # an import under way has the code already
        why.hard |= (
            {"conflict"} if site.codes().get(operation.values["code"], operation.node) != operation.node else set()
        )
        return why

    def _judge_rename(self, operation: Operation) -> Why:
        """A name that nothing else below its parent has."""
        why, site = self._of_tree(operation, "edit the WBS"), self.sites[operation.project]
        why.maybe |= {"conflict"} if site.busy else set()  # an import under way has the name already
        name = operation.values["name"]
        if operation.node in site.activities and site.names[operation.node] != name:
            why.hard |= {"conflict"} if name in site.siblings(site.activities[operation.node].parent) else set()
        return why

    def _judge_cut(self, operation: Operation) -> Why:
        """Hours below keep a node. They are read from a list, which lags, and looked for again later."""
        why, site = self._of_structure(operation), self.sites[operation.project]
        below = site.below(operation.node)
        if any(each.node in below and each.born < self.now() - LAG for each in self.entries.values()):
            why.soft.add("in_use")
        elif any(each.node in below for each in (*self.entries.values(), *self.gone.values())) or any(
            self.left.get(id, -LAG) >= self.now() - LAG for id in below
        ):
            why.maybe.add("in_use")
        return why

    def _judge_freeze(self, operation: Operation) -> Why:
        why, site = self._of_tree(operation, "edit budgets"), self.sites[operation.project]
        why.hard |= {"in_use"} if len(site.baselines) >= MOST_BASELINES else set()
        return why

    def _judge_measure(self, operation: Operation) -> Why:
        return self._closed(self._measuring(operation), operation.project, operation.values["date"])

    def _measuring(self, operation: Operation) -> Why:
        """In whatever measure. Measurements do not touch the row of their activity, which may go meanwhile."""
        why, name = self._of_project(operation, "measure"), operation.values.get("milestone")
        there = self.sites[operation.project].activities.get(operation.node)
        unknown = name is not None and there is not None and name not in there.milestones
        return Why(why.soft | why.hard | ({"validation_error"} if unknown else set()))

    def _judge_unmeasure(self, operation: Operation) -> Why:
        why, known = self._measuring(operation), self._activity(operation).measured.get(operation.values["id"])
        if known is None:
            why.hard.add("not_found")
            return why
        return self._closed(why, operation.project, known.date)

    def _judge_remeasure(self, operation: Operation) -> Why:
        why, known = self._measuring(operation), self._activity(operation).measured.get(operation.values["id"])
        if known is None:
            why.hard.add("not_found")
            return why
        return self._closed(why, operation.project, known.date, operation.values.get("date", known.date))

    def _judge_holiday(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit projects")
        if operation.values["date"] in self.sites[operation.project].holidays:
            why.hard.add("conflict")
        return why

    def _judge_workday(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit projects")
        if operation.values["date"] not in self.sites[operation.project].holidays:
            why.hard.add("not_found")
        return why

    def _judge_project_rate(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit projects")

    # what is done

    def _do_close(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].closed_to = operation.values["closed_to"]

    def _do_open(self, operation: Operation, effect: Effect) -> None:
        site = self.sites[operation.project]
        site.closed_to = site.closed_for_good = ""
        self.freed = self.now()

    def _activity(self, operation: Operation) -> Activity:
        site = self.sites[operation.project]
        found = site.activities.get(operation.node) or site.gone[operation.node][1]
        assert found is not None, "what is measured and planned is an activity"
        return found

    def _do_budget(self, operation: Operation, effect: Effect) -> None:
        self._activity(operation).plan.budget = operation.values["budget"]
        self._planned(operation, effect, "budget")

    def _edited(self, operation: Operation, *fields: str) -> None:
        edited = self.sites[operation.project].edited
        edited |= dict.fromkeys(((operation.node, field) for field in fields), self.now())

    def _planned(self, operation: Operation, effect: Effect, *fields: str) -> None:
        site, plan = self.sites[operation.project], self._activity(operation).plan
        self._edited(operation, *fields)
        site.planned.setdefault(operation.node, []).append((effect.began, replace(plan)))

    def _do_dates(self, operation: Operation, effect: Effect) -> None:
        plan: Plan = self._activity(operation).plan
        plan.start, plan.finish = operation.values["start"], operation.values["finish"]
        self._planned(operation, effect, "start", "finish")

    def _do_rule(self, operation: Operation, effect: Effect) -> None:
        activity = self._activity(operation)
        activity.rule = operation.values["rule"]
        activity.milestones = operation.values.get("milestones", activity.milestones)
        self._edited(operation, "rule")

    def _do_node_rate(self, operation: Operation, effect: Effect) -> None:
        self._activity(operation).rate = operation.values["rate"]

    def _do_move(self, operation: Operation, effect: Effect) -> None:
        site, parent = self.sites[operation.project], operation.values["parent"]
        if operation.node in site.activities:
            site.activities[operation.node].parent = parent
        else:
            site.nodes[operation.node] = parent

    def _do_grow(self, operation: Operation, effect: Effect) -> None:
        values, site = operation.values, self.sites[operation.project]
        plan = Plan(values["budget"], values["start"], values["finish"])
        site.activities[effect.id] = Activity(values["parent"], values["code"], plan)
        site.names[effect.id], site.renamed, site.born[effect.id] = values["name"], self.now(), self.now()
        site.edited[effect.id, "code"] = self.now()

    def _do_import(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].show(effect.shown)

    def _do_recode(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].renamed = self.now()
        self._activity(operation).code = operation.values["code"]
        self._edited(operation, "code")

    def _do_rename(self, operation: Operation, effect: Effect) -> None:
        site = self.sites[operation.project]
        site.renamed, site.names[operation.node] = self.now(), operation.values["name"]
        self._edited(operation, "path")

    def _do_cut(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].cut(operation.node)

    def _do_freeze(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].freeze(self.now())

    def _do_measure(self, operation: Operation, effect: Effect) -> None:
        values = operation.values
        measured = Measured(values["date"], values.get("percent"), values.get("installed"), values.get("milestone"))
        activity = self._activity(operation)
        activity.measured[effect.id], activity.measured_at = measured, self.now()

    def _do_remeasure(self, operation: Operation, effect: Effect) -> None:
        """It keeps its place among those of its date."""
        activity, values = self._activity(operation), operation.values
        known = activity.measured[values["id"]]
        known.date = values.get("date", known.date)
        known.percent, known.installed = values.get("percent", known.percent), values.get("installed", known.installed)
        activity.measured_at = self.now()

    def _do_unmeasure(self, operation: Operation, effect: Effect) -> None:
        activity = self._activity(operation)
        del activity.measured[operation.values["id"]]
        activity.measured_at = self.now()

    def _do_holiday(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].holidays.add(operation.values["date"])

    def _do_workday(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].holidays.remove(operation.values["date"])

    def _do_project_rate(self, operation: Operation, effect: Effect) -> None:
        self.sites[operation.project].rate = operation.values["rate"]
