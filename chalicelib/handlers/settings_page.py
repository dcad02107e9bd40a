"""Settings → API & integrations: a page over the JSON API, for those who manage tokens."""

import html

from chalicelib.access.permissions import API_PLANS, Permission
from chalicelib.handlers.sign_in import AnyAnswer, navigation
from chalicelib.http.call import Call
from chalicelib.http.guards import csrf_token
from chalicelib.http.pages import Page, alert, asset, base, page, to_sign_in
from chalicelib.http.routes import Guard, RouteSet

routes = RouteSet("Pages", __name__, pages=True)
TITLE = "API & integrations"
TOKENS = """
<section aria-labelledby="tokens-heading"><h2 id="tokens-heading">API tokens</h2>
<form id="generate"><label for="label">Label</label>
<input id="label" name="label" required maxlength="64" autocomplete="off">
<label for="user">For</label><select id="user" name="user"><option value="">Myself</option></select>
<label for="expires">Last day, in UTC (optional)</label><input id="expires" name="expires_at" type="date">
<button disabled>Generate token</button></form>
<div class="shown" id="token-shown" hidden><p>Copy the token now. It is shown only this once.</p>
<p><code id="token"></code> <button type="button" data-copy="token">Copy token</button></p></div>
<table><thead><tr><th scope="col">Label</th><th scope="col">Begins with</th><th scope="col">For</th>
<th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col">Action</th></tr></thead>
<tbody id="tokens"></tbody></table></section>
"""
INGEST = """
<section aria-labelledby="ingest-heading"><h2 id="ingest-heading">Clock devices</h2>
<p>Devices send this secret in the header <code>X-Inbound-Secret</code>. A new one replaces it.</p>
<form id="rotate"><label for="overlap">Seconds that the present secret goes on working</label>
<input id="overlap" name="overlap_seconds" type="number" min="0" max="2592000" step="1" value="0" required>
<button disabled>Set a new ingest secret</button></form>
<div class="shown" id="secret-shown" hidden><p>Copy the secret now. It is shown only this once.</p>
<p><code id="secret"></code> <button type="button" data-copy="secret">Copy secret</button></p></div></section>
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
        return page(call, TITLE, alert("Only owners and admins manage tokens and secrets."), 403, links=links)
    plan = call.user.tenant.plan
    if plan not in API_PLANS:
        text = f"The plan {html.escape(plan)} has no API. It comes with pro, business and enterprise."
        return page(call, TITLE, f"<p>{text}</p>", links=links)
    script = f'<script src="{asset(call, "settings.js")}" defer></script>'
    data = {"base": base(call), "csrf": csrf_token(session)}
    return page(call, TITLE, STATUS + TOKENS + INGEST, links=links, head=script, data=data)
