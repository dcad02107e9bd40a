"""The deployment: the API's route sets and the event functions. It composes and does nothing else."""

import gc

gc.disable()  # what is loaded below stays for good: looking for garbage in it is a tenth of a cold start

from typing import Any

from chalice.app import CloudWatchEvent, DynamoDBEvent

from chalicelib.handlers import (
    account,
    clock_events,
    company,
    documentation,
    health,
    integrations,
    invitations,
    labour,
    memberships,
    operatives,
    projects,
    reports,
    settings_page,
    sign_in,
    users,
    wbs,
)
from chalicelib.http.api import build

app = build(
    account.routes,
    company.routes,
    users.routes,
    memberships.routes,
    projects.routes,
    wbs.routes,
    operatives.routes,
    labour.routes,
    reports.routes,
    clock_events.routes,
    health.routes,
    integrations.routes,
    invitations.routes,
    sign_in.routes,
    settings_page.routes,
    documentation.routes,
)


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:eu-west-1:000000000000:table/labour/stream/set-by-template", name="labour_rollup"
)
def labour_rollup(event: DynamoDBEvent) -> Any:
    """Approved and reopened hours reach the key figures."""
    from chalicelib.handlers.streams import roll_up  # here: requests need not load it at a cold start

    return roll_up("labour_rollup", event.to_dict(), event.context)


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:eu-west-1:000000000000:table/projects/stream/set-by-template", name="plan_rollup"
)
def plan_rollup(event: DynamoDBEvent) -> Any:
    """Budgets, plans and moves reach the key figures."""
    from chalicelib.handlers.streams import roll_up  # here: requests need not load it at a cold start

    return roll_up("plan_rollup", event.to_dict(), event.context)


@app.schedule("rate(1 minute)", name="repair_rollups")
def repair_rollups(event: CloudWatchEvent) -> int:
    """Do what stream functions had to leave, and check projects that are due, in slices."""
    from chalicelib.handlers.streams import roll_forward  # here: requests need not load it at a cold start

    return roll_forward("repair_rollups", event.context)


gc.freeze()
gc.enable()
