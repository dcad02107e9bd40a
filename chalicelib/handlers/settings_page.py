"""Settings → API & integrations: a page over the JSON API, for those who manage tokens."""

import html

from chalicelib.access import ingest_secrets
from chalicelib.access.permissions import API_PLANS, Permission
from chalicelib.handlers.sign_in import AnyAnswer, navigation
from chalicelib.http.call import Call
from chalicelib.http.guards import csrf_token
from chalicelib.http.pages import Page, alert, asset, base, origin, page, to_sign_in
from chalicelib.http.routes import Guard, RouteSet
from chalicelib.storage.reading import Reading

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


def _table(rows: str, *last: str) -> str:
    """A table of tokens, its rows made by the script."""
    names = ("Label", "Begins with", "For", "Made", "Last used", *last)
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<table><thead><tr>{head}</tr></thead><tbody id="{rows}"></tbody></table>'


TOKENS = f"""
<section aria-labelledby="tokens-heading"><h2 id="tokens-heading">API tokens</h2>
<form id="generate"><label for="label">Label</label>
<input id="label" name="label" required maxlength="64" autocomplete="off">
<label for="user">For</label><select id="user" name="user"><option value="">Myself</option></select>
<label for="expires">Last day, in UTC (optional)</label><input id="expires" name="expires_at" type="date">
<button disabled>Generate token</button></form>
<div class="shown" id="token-shown" hidden><p>Copy the token now. It is shown only this once.</p>
<p><code id="token"></code> <button type="button" data-copy="token">Copy token</button></p></div>
{_table("tokens", "Ends", "Action")}
<details id="ended-tokens" hidden><summary>Revoked and expired tokens</summary>{_table("ended", "Ended")}</details>
</section>
"""
INGEST = """
<section aria-labelledby="ingest-heading"><h2 id="ingest-heading">Clock devices</h2>
<p>Devices post to <code>{url}</code> with the secret in the header <code>X-Inbound-Secret</code>. {age}</p>
<form id="rotate"><label for="overlap">The present secret goes on working for</label>
<select id="overlap" name="overlap_seconds"><option value="86400">1 day</option><option value="604800">7 days</option>
<option value="3600">1 hour</option><option value="0">no time: all clocks stop now</option></select>
<button disabled>Set a new ingest secret</button></form>
<div class="shown" id="secret-shown" hidden><p>Copy the secret now. It is shown only this once.</p>
<p><code id="secret"></code> <button type="button" data-copy="secret">Copy secret</button></p>
<p>Try it: this punch is kept like any other.</p>
<p><code id="curl" data-url="{url}"></code> <button type="button" data-copy="curl">Copy curl</button></p></div>
</section>
"""
STATUS = """
<p class="notes" id="message" role="status"></p><p class="notes" id="alert" role="alert"></p>
<noscript><p role="alert">This page needs JavaScript.</p></noscript>
"""


@routes.route("GET", "/settings/api", answer=AnyAnswer, guard=Guard.VISITOR)
def read_settings(call: Call) -> Page:
    """Generate, list and revoke tokens, and rotate the ingest secret; owners and admins, signed in."""
    session = call.user.session
    if session is None:
        return to_sign_in(call)
    links = navigation(call, session, "/api/docs/", "API documentation")
    if not call.user.may(Permission.MANAGE_TOKENS):
        return page(
            call, TITLE, alert("Only owners and admins manage tokens and secrets.") + _may(call), 403, links=links
        )
    plan = call.user.tenant.plan
    if plan not in API_PLANS:
        text = f"The plan {html.escape(plan)} has no API. It comes with pro, business and enterprise."
        return page(call, TITLE, f"<p>{text}</p>", links=links)
    script = f'<script src="{asset(call, "settings.js")}" defer></script>'
    data = {"base": base(call), "csrf": csrf_token(session)}
    return page(call, TITLE, STATUS + TOKENS + _ingest(call), links=links, head=script, data=data)


def _may(call: Call) -> str:
    """What somebody may do who may not do this, and whom to ask."""
    may = "".join(f"<li>{words}</li>" for each, words in WORDS.items() if call.user.may(each))
    role = html.escape(call.user.role.value.replace("_", " "))
    return (
        "<p>Ask one of them for a token of your own. It can do what you can do.</p>"
        f"<p>Your role is {role}. On every project you may:</p><ul>{may}</ul>"
    )


def _ingest(call: Call) -> str:
    made = ingest_secrets.made_at(Reading(call.store), call.user.company)
    age = f"The present one was set on {made[:10]}." if made else ""
    url = html.escape(f"{origin(call)}{base(call)}/api/v1/clock-events/ingest/")
    return INGEST.format(url=url, age=age)
