"""People in all the roles, and projects for them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chalicelib.access.rows import Access
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Update
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from infra.simulator.stage import own_token
from tests.stage import Client


@dataclass
class People:
    """Makes users of one company and keeps their clients and ids."""

    owner: Client
    count: int = field(default_factory=lambda: uuid4().int % 10**12)

    def make(self, role: str) -> tuple[Client, str]:
        """A new user of a role: a client with their token, and their id."""
        self.count += 1
        body = {"name": f"{role} {self.count}", "email": f"p{self.count}.{role}@people.example", "role": role}
        user = self.owner.ok("POST", "/users/", body)["id"]
        return self.owner.token(own_token(self.owner.ok("GET", "/me/")["company"]["id"], user)), user

    def member(self, base: str, project: str, role: str, **more: Any) -> tuple[Client, str]:
        """A new user of a base role with a membership of a project."""
        client, user = self.make(base)
        self.owner.ok("POST", f"/projects/{project}/memberships/", {"user": user, "role": role, **more})
        return client, user

    def once_member(self, base: str, project: str, role: str) -> tuple[Client, str]:
        """A new user whose membership has ended."""
        client, user = self.member(base, project, role, expires_on="2099-01-01")
        end_membership(project, user, self.owner.ok("GET", "/me/")["company"]["id"])
        return client, user


def end_membership(project: str, user: str, tenant: str) -> None:
    """The membership's last valid day is over, as time would have it."""
    place = (key(tenant, user), "access")
    kept = store().get(Access, *place)
    assert kept is not None
    ended = document_value(kept.memberships[project] | {"until": "2000-01-02T00:00:00.000000Z"})
    store().transact([Update(Access, place, (Access.memberships[project].set(ended),))])


def project(owner: Client, **values: Any) -> str:
    """A new project's id."""
    code = uuid4().hex[:12]
    return str(owner.ok("POST", "/projects/", {"code": code, "name": f"Project {code}", **values})["id"])


def refused(reply: Any, status: int, code: str) -> bool:
    """Whether an answer is that problem."""
    return (reply.status, reply.body["code"]) == (status, code)
