"""People by hand: added, invited, given a role on a project, deactivated."""

import re
from uuid import uuid4

from infra import company
from tests.pages.browser import Browser, form_of, forms
from tests.pages.conftest import PASSWORD, path_of, somebody
from tests.stage import Reply, Stage
from tests.users import project


def page_of(browser: Browser, user: str) -> tuple[str, Reply]:
    """The page of the list that shows a user."""
    path = "/people/"
    while True:
        page = browser.open(path)
        assert page.status == 200
        if f'id="u{user}"' in page.text:
            return path, page
        path = "/people/" + re.findall(r'<a href="([^"]+)" rel="next"', page.text)[0].replace("&amp;", "&")


def test_somebody_is_added_with_a_link_that_sets_their_password(stage: Stage, owner: Browser) -> None:
    name = f"Nora {uuid4().hex[:6]}"
    sent = form_of(owner.open("/people/"), "add") | {"name": name, "email": "no mail", "role": "foreman"}
    refused = owner.submit("/people/", sent)
    assert refused.status == 400 and 'id="email-wrong"' in refused.text and f'value="{name}"' in refused.text
    email = f"{uuid4().hex[:8]}@people.example"
    done = owner.submit("/people/", sent | {"email": email})
    again = owner.submit("/people/", sent | {"email": email})
    links = [re.findall(r"<code>(\S+/password/\S+)</code>", page.text) for page in (done, again)]
    assert links[0] == links[1] and len(links[0]) == 1, "pressed twice it is one person and one link"
    newcomer = Browser(stage.gateway)
    assert newcomer.submit(path_of(links[0][0]), {"password": PASSWORD}).status == 200
    assert newcomer.sign_in(email, PASSWORD).status == 303


def test_who_is_deactivated_is_out_at_once_and_can_come_back(stage: Stage, owner: Browser) -> None:
    id, theirs = somebody(stage, "foreman")
    path, page = page_of(owner, id)
    done = owner.submit(path, form_of(page, "deactivate", id))
    assert "is deactivated" in done.text and theirs.open("/people/").status == 303
    done = owner.submit(path, form_of(done, "activate", id))
    assert "is active again" in done.text and stage.owner.ok("GET", f"/users/{id}/")["active"]


def test_a_role_is_changed_and_one_on_a_project_given_and_ended(stage: Stage, owner: Browser) -> None:
    id, _ = somebody(stage, "operative")
    site = project(stage.owner)
    code = stage.owner.ok("GET", f"/projects/{site}/")["code"]
    path, page = page_of(owner, id)
    done = owner.submit(path, form_of(page, "role", id) | {"role": "foreman"})
    assert "is foreman now" in done.text and stage.owner.ok("GET", f"/users/{id}/")["role"] == "foreman"
    sent = form_of(done, "join", id) | {"role": "supervisor"}
    refused = owner.submit(path, sent | {"project": "NO-SUCH"})
    assert refused.status == 400 and "There is no project with this code." in refused.text
    done = owner.submit(path, sent | {"project": code, "expires_on": "2099-01-01"})
    [told] = stage.owner.ok("GET", f"/memberships/?user={id}")["results"]
    assert (told["project"], told["role"], told["expires_on"]) == (site, "supervisor", "2099-01-01")
    assert f"supervisor on {code}" in done.text
    done = owner.submit(path, form_of(done, "leave", id))
    assert "no role of their own" in done.text and not stage.owner.ok("GET", f"/memberships/?user={id}")["results"]


def test_what_is_not_allowed_is_said_and_not_done(stage: Stage, owner: Browser) -> None:
    """An admin makes nobody owner; the last owner stays active."""
    me = stage.made["owner"]["id"]
    _, admin = somebody(stage, "admin")
    id, _ = somebody(stage, "foreman")
    path, page = page_of(admin, id)
    assert '<option value="owner"' not in page.text
    refused = admin.submit(path, form_of(page, "role", id) | {"role": "owner"})
    assert refused.status == 403 and 'role="alert"' in refused.text
    sent = form_of(page, "deactivate", id) | {"row": me}
    assert owner.submit(path, sent).status == 403, "the form is another session's"
    [csrf] = {form.fields["csrf_token"] for form in forms(owner.open("/people/"))}
    assert owner.submit("/people/", sent | {"csrf_token": csrf}).status in (400, 409)
    assert stage.owner.ok("GET", f"/users/{me}/")["active"]


def test_a_manager_reads_the_list_and_gives_roles_on_projects_alone(stage: Stage) -> None:
    project(stage.owner)
    id, manager = somebody(stage, "project_manager")
    _, page = page_of(manager, id)
    buttons = {button for form in forms(page) for button in form.buttons}
    assert "join" in buttons and not {"add", "invite", "role", "deactivate"} & buttons


def test_others_are_told_what_they_may_not(stage: Stage) -> None:
    _, foreman = somebody(stage, "foreman")
    page = foreman.open("/people/")
    assert page.status == 403 and "read_users" in page.text and "To the first page" in page.text


def test_on_a_plan_without_the_api_people_are_invited_and_deactivated(stage: Stage, owner: Browser) -> None:
    id, _ = somebody(stage, "foreman")
    tenant = stage.made["company"]["id"]
    company.change(tenant, {"plan": "team"})
    try:
        path, page = page_of(owner, id)
        assert not {"add", "role", "join"} & {button for form in forms(page) for button in form.buttons}
        assert "/password/" in owner.submit(path, form_of(page, "invite", id)).text
        assert "is deactivated" in owner.submit(path, form_of(page, "deactivate", id)).text
    finally:
        company.change(tenant, {"plan": "pro"})


def test_another_companys_people_are_neither_shown_nor_changed(stage: Stage, owner: Browser) -> None:
    made = company.create("Elsewhere", "pro", "UTC", f"o@{uuid4().hex[:8]}.example")
    other = made["owner"]["id"]
    page = owner.open("/people/")
    assert other not in page.text
    sent = form_of(page, "add") | {"row": other}
    for do in ("invite", "deactivate", "activate", "role", "join", "leave"):
        assert owner.submit("/people/", sent | {"do": do, "role": "foreman"}).status in (400, 404), do
