"""What pages with forms share: an action and what came of it, and the names behind ids."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from chalicelib.access.permissions import API_PLANS, Permission
from chalicelib.errors import Invalid, NotAuthenticated, RateLimited, WbsyncError
from chalicelib.handlers.projects import ProjectAnswer, list_projects
from chalicelib.http.call import Call
from chalicelib.http.forms import form
from chalicelib.http.own_api import read
from chalicelib.http.pagination import Listed
from chalicelib.operatives import operatives
from chalicelib.people import users
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading

Fields = Mapping[str, str]


class Left(Struct, frozen=True):
    """Something that was left as it is, and why."""

    name: str
    why: str


class Outcome(Struct, frozen=True):
    """What came of a form: good news and perhaps a link to copy, or what was wrong with which field of which row."""

    said: str = ""
    wrong: str = ""
    errors: Mapping[str, Sequence[str]] = {}
    left: Sequence[Left] = ()
    link: str = ""
    fields: Fields = {}
    status: int = 200

    @property
    def row(self) -> str:
        """The row whose form it was."""
        return self.fields.get("row", "") if self.wrong else ""

    def filled(self, row: str, name: str) -> str:
        """What was filled in there and refused; a form is not to be filled in twice."""
        return self.fields.get(name, "") if row == self.row else ""

    def errors_of(self, row: str) -> Mapping[str, Sequence[str]]:
        """What is wrong with the fields of a row's form."""
        return self.errors if row == self.row else {}


Act = Callable[[Call, Fields], Outcome]


def acted(call: Call, acts: Mapping[str, Act]) -> Outcome:
    """Do what the pressed button says (``do``); what the API refuses is said in its words.

    Raises:
        NotAuthenticated, RateLimited: the page as a whole is refused.
    """
    fields = form(call)
    act = acts.get(fields.get("do", ""))
    if act is None or not fields.get("key"):
        raise Invalid(errors={"do": ["This page does not know this action. Open it again."]})
    try:
        return act(call, fields)
    except (NotAuthenticated, RateLimited):
        raise
    except WbsyncError as error:
        if error.status >= 500:
            raise
        errors = {} if error.errors is None else dict(error.errors)
        return Outcome("", error.detail, errors, fields=fields, status=error.status)


def new_key() -> str:
    """The idempotency key of a page's forms: pressed twice, each of them acts once."""
    return uuid.uuid4().hex


def writes(call: Call) -> bool:
    """Whether the company's plan lets people write."""
    return call.user.tenant.plan in API_PLANS


def chosen_project(call: Call, code: str) -> str:
    """The id of the project that has a code.

    Raises:
        Invalid: none has that the person may read.
    """
    query = {"code": code.strip()} if code.strip() else {}
    found = read(call, list_projects, Listed[ProjectAnswer], **query, page_size=1).results if query else []
    if not found:
        raise Invalid(errors={"project": ["There is no project with this code."]})
    return found[0].id


def operative_names(call: Call, ids: Iterable[str | None]) -> dict[str, str]:
    """The names of operatives by id, for whoever may read operatives somewhere."""
    if not call.user.may_somewhere(Permission.READ_OPERATIVES):
        return {}
    wanted = sorted({id for id in ids if id})
    rows = Reading(call.store).rows(*(operatives.place(call.company, id) for id in wanted))
    return {row.id: row.name for row in rows if row}


def project_names(call: Call, ids: Iterable[str | None]) -> dict[str, str]:
    """Code and name of those projects that the person may read, by id."""
    wanted = sorted({id for id in ids if id and call.user.may(Permission.READ_PROJECTS, id)})
    rows = Reading(call.store).rows(*(projects.place(call.company, id) for id in wanted))
    return {row.id: f"{row.code} {row.name}" for row in rows if row}


def user_names(call: Call, ids: Iterable[str | None]) -> dict[str, str]:
    """The names of users by id: oneself as "you", others for whoever may read users."""
    wanted = sorted({id for id in ids if id}) if call.user.may(Permission.READ_USERS) else []
    rows = Reading(call.store).rows(*(users.place(call.company, id) for id in wanted))
    return {row.id: row.name for row in rows if row} | {call.user.user: "you"}
