"""Settings → API & integrations: a page over the JSON API, for those who manage tokens."""

from chalicelib.access import ingest_secrets
from chalicelib.access.permissions import API_PLANS, Permission
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.http.call import Call
from chalicelib.http.pages import Page, base, origin, page
from chalicelib.http.routes import Guard, RouteSet

routes = RouteSet("Pages", __name__, pages=True)
TITLE = "API & integrations"
WORDS: dict[Permission, str] = {
    Permission.READ_COMPANY: "read the company's plan and settings",
    Permission.READ_PROJECTS: "read projects, work breakdown, cost codes and key figures in hours",
    Permission.CREATE_PROJECTS: "create projects",
    Permission.EDIT_PROJECTS: "change projects",
    Permission.EDIT_WBS: "change the work breakdown",
    Permission.EDIT_BUDGETS: "change budgets",
    Permission.MEASURE: "measure progress",
    Permission.READ_ALL_LABOUR: "read everybody's hours",
    Permission.LOG_OWN: "log your own hours",
    Permission.LOG_CREW: "log hours for the crew",
    Permission.APPROVE: "approve and reject hours, resolve clashes and settle punches",
    Permission.READ_OPERATIVES: "read operatives",
    Permission.MANAGE_OPERATIVES: "change operatives",
    Permission.MANAGE_TEAM: "choose who works on a project",
    Permission.CLOSE_PERIODS: "close and reopen periods",
    Permission.VIEW_RATES: "see hourly rates",
    Permission.VIEW_COMMERCIAL: "see money",
    Permission.READ_USERS: "read users",
    Permission.WRITE_USERS: "invite and change users",
    Permission.MANAGE_TOKENS: "manage tokens and secrets",
    Permission.MANAGE_COMPANY: "change the company's settings",
    Permission.MANAGE_OWNERS: "manage owners",
    Permission.BILLING: "manage billing",
    Permission.DELETE_COMPANY: "delete the company",
}


@routes.route("GET", "/settings/api", answer=AnyAnswer, guard=Guard.SIGNED_IN)
def read_settings(call: Call) -> Page:
    """Generate, list and revoke tokens, and rotate the ingest secret; owners and admins, signed in."""
    if not call.user.may(Permission.MANAGE_TOKENS):
        may = [words for each, words in WORDS.items() if call.user.may(each)]
        return page(call, TITLE, "not_yours.html", 403, role=call.user.role.value, may=may)
    plan = call.user.tenant.plan
    if plan not in API_PLANS:
        text = f"The plan {plan} has no API. It comes with pro, business and enterprise."
        return page(call, TITLE, "note.html", text=text, sign_in=False)
    url = f"{origin(call)}{base(call)}/api/v1/clock-events/ingest/"
    made = ingest_secrets.made_at(call.decision, call.user.company)
    return page(call, TITLE, "settings.html", url=url, made=made)
