"""The deployment: the API's route sets and the event functions. It composes and does nothing else."""

import gc

gc.disable()  # what is loaded below stays for good: looking for garbage in it is a tenth of a cold start

from chalicelib.handlers import (
    account,
    activity_reports,
    approvals_page,
    baselines,
    clashes,
    clock_events,
    clock_page,
    company,
    documentation,
    health,
    holidays,
    integrations,
    invitations,
    jobs,
    labour,
    labour_bulk,
    labour_files,
    memberships,
    missing_hours,
    operatives,
    people_page,
    periods,
    progress,
    projects,
    projects_page,
    report_pages,
    reports,
    s_curves,
    settings_page,
    sign_in,
    users,
    wbs,
    wbs_files,
    wbs_lists,
)
from chalicelib.http.api import build
from chalicelib.http.events import register

app = build(
    account.routes,
    company.routes,
    users.routes,
    memberships.routes,
    projects.routes,
    holidays.routes,
    baselines.routes,
    wbs.routes,
    wbs_lists.routes,
    wbs_files.routes,
    progress.routes,
    operatives.routes,
    labour.routes,
    labour_bulk.routes,
    labour_files.routes,
    clashes.routes,
    periods.routes,
    reports.routes,
    missing_hours.routes,
    report_pages.routes,
    s_curves.routes,
    activity_reports.routes,
    clock_events.routes,
    health.routes,
    integrations.routes,
    invitations.routes,
    jobs.routes,
    sign_in.routes,
    projects_page.routes,
    approvals_page.routes,
    clock_page.routes,
    people_page.routes,
    settings_page.routes,
    documentation.routes,
)

globals().update(register(app))  # Lambda finds each event function under its name in this module

gc.freeze()
gc.enable()
