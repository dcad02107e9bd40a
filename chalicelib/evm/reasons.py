"""Why a figure is null: the stable codes of ``reasons``, and two that stand beside a figure."""

NO_PLANNED_VALUE = "no_planned_value"
NOTHING_EARNED = "nothing_earned"
NOTHING_SPENT = "nothing_spent"
NO_BUDGET = "no_budget"
BUDGET_SPENT = "budget_spent"
NO_PLANNED_RATE = "no_planned_rate"
NO_BASELINE = "no_baseline"
NO_WORKING_DAYS = "no_working_days"
NOT_STARTED = "baseline_not_started"
TOO_LATE = "over_three_durations_late"
NO_RECENT_HOURS = "no_recent_hours"
BEYOND_DATES = "beyond_the_last_date"
NO_QUANTITY = "no_quantity"
NOTHING_INSTALLED = "nothing_installed"

FINISHED = "finished"
"""Beside a forecast finish: it is the day on which EV reached BAC."""

UNRATED_HOURS = "unrated_hours"
"""Beside a cost CPI: some approved hours have no rate, so AC is too low and CPI too high."""

IN_WORDS = {
    NO_PLANNED_VALUE: "nothing is planned by then (PV is 0)",
    NOTHING_EARNED: "nothing is earned yet (EV is 0)",
    NOTHING_SPENT: "no hours are approved yet (AC is 0)",
    NO_BUDGET: "there is no budget (BAC is 0)",
    BUDGET_SPENT: "the budget is spent (AC equals BAC)",
    NO_PLANNED_RATE: "an activity with a budget has no planned rate, and the project has none",
    NO_BASELINE: "no activity other than level of effort has both baseline dates",
    NO_WORKING_DAYS: "no working day lies between the baseline start and finish",
    NOT_STARTED: "the first working day of the baseline is not over",
    TOO_LATE: "at this pace it would finish over three durations after the baseline finish",
    NO_RECENT_HOURS: "no hours of the last fourteen days are approved",
    BEYOND_DATES: "at this pace it would finish after the last date there is",
    NO_QUANTITY: "the cost code has no quantity",
    NOTHING_INSTALLED: "nothing is installed yet",
    FINISHED: "all dated work is done; this is the day on which it was",
    UNRATED_HOURS: "some approved hours have no rate: the cost is higher than shown",
}
