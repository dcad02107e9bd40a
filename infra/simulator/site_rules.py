"""Projects: their plans, trees, measurements, baselines, holidays and closed days."""

from infra.simulator.facts import MOST_BASELINES, Facts, Operation, Why
from infra.simulator.site import Activity, Measured, Plan


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

    def _judge_budget(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets")

    def _judge_dates(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets", "edit the WBS")

    def _judge_node_rate(self, operation: Operation) -> Why:
        return self._of_project(operation, "edit budgets")

    def _judge_move(self, operation: Operation) -> Why:
        why = self._of_project(operation, "edit the WBS")
        why.maybe |= {"in_use"} if self.sites[operation.project].busy else set()
        return why

    def _judge_freeze(self, operation: Operation) -> Why:
        why, site = self._of_project(operation, "edit budgets"), self.sites[operation.project]
        why.maybe |= {"in_use"} if site.busy else set()
        why.hard |= {"in_use"} if len(site.baselines) >= MOST_BASELINES else set()
        return why

    def _judge_measure(self, operation: Operation) -> Why:
        return self._closed(self._of_project(operation, "measure"), operation.project, operation.values["date"])

    def _judge_unmeasure(self, operation: Operation) -> Why:
        why = self._of_project(operation, "measure")
        known = self.sites[operation.project].activities[operation.node].measured.get(operation.values["id"])
        if known is None:
            why.hard.add("not_found")
            return why
        return self._closed(why, operation.project, known.date)

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

    def _do_close(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].closed_to = operation.values["closed_to"]

    def _do_open(self, operation: Operation, id: str) -> None:
        site = self.sites[operation.project]
        site.closed_to = site.closed_for_good = ""

    def _activity(self, operation: Operation) -> Activity:
        return self.sites[operation.project].activities[operation.node]

    def _do_budget(self, operation: Operation, id: str) -> None:
        self._activity(operation).plan.budget = operation.values["budget"]

    def _do_dates(self, operation: Operation, id: str) -> None:
        plan: Plan = self._activity(operation).plan
        plan.start, plan.finish = operation.values["start"], operation.values["finish"]

    def _do_node_rate(self, operation: Operation, id: str) -> None:
        self._activity(operation).rate = operation.values["rate"]

    def _do_move(self, operation: Operation, id: str) -> None:
        site, parent = self.sites[operation.project], operation.values["parent"]
        if operation.node in site.activities:
            site.activities[operation.node].parent = parent
        else:
            site.nodes[operation.node] = parent

    def _do_freeze(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].freeze()

    def _do_measure(self, operation: Operation, id: str) -> None:
        values = operation.values
        measured = Measured(values["date"], values.get("percent"), values.get("installed"))
        self._activity(operation).measured[id] = measured

    def _do_unmeasure(self, operation: Operation, id: str) -> None:
        del self._activity(operation).measured[operation.values["id"]]

    def _do_holiday(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].holidays.add(operation.values["date"])

    def _do_workday(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].holidays.remove(operation.values["date"])

    def _do_project_rate(self, operation: Operation, id: str) -> None:
        self.sites[operation.project].rate = operation.values["rate"]
