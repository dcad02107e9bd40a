"""The user behind a request, and what they may do."""

from datetime import datetime

from msgspec import Struct

from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.access.rows import Access, Company
from chalicelib.errors import Denied
from chalicelib.times import stamp


class Caller(Struct, frozen=True):
    """The user behind a request, in their company, as both are at the moment of the request."""

    company: str
    user: str
    access: Access
    tenant: Company
    now: datetime
    session: str | None = None
    token: str | None = None  # the id of the API token in use
    makers: frozenset[str] = frozenset()  # who stands behind that token, along the chain by which it was made

    @property
    def people(self) -> frozenset[str]:
        """Whose doing this is: the user's, and that of whoever made the token in use for them."""
        return self.makers | {self.user}

    @property
    def role(self) -> Role:
        return Role(self.access.role)

    @property
    def operatives(self) -> frozenset[str]:
        """The operatives this user is."""
        return frozenset(self.access.operatives)

    def permissions(self, project: str | None = None) -> frozenset[Permission]:
        """Base role, and on a project the membership of it that has not ended as well."""
        held = ROLES[self.role]
        membership = self.access.memberships.get(project) if project else None
        if membership and (membership["until"] is None or stamp(self.now) < membership["until"]):
            held = held | ROLES[Role(membership["role"])]
        return held

    def may(self, permission: Permission, project: str | None = None) -> bool:
        """Everywhere in the company, or on the project named."""
        return permission in self.permissions(project)

    def may_somewhere(self, permission: Permission) -> bool:
        """By base role, or by a membership of some project."""
        return self.may(permission) or bool(self.projects_with(permission))

    def projects_with(self, permission: Permission) -> frozenset[str]:
        """The projects on which a membership gives the permission; whoever has it by base role has it on all."""
        return frozenset(project for project in self.access.memberships if self.may(permission, project))

    def require(self, permission: Permission, project: str | None = None) -> None:
        """Raises :class:`Denied` without the permission."""
        if not self.may(permission, project):
            raise Denied(f"This needs the permission {permission.value}.")


def require_all(caller: Caller, role: Role, project: str | None = None) -> None:
    """Nobody grants or takes away a role holding a permission that they lack, on that project if one is named.

    Raises:
        Denied: the role holds one.
    """
    if not ROLES[role] <= caller.permissions(project):
        raise Denied(f"The role {role.value} holds a permission that you lack.")
