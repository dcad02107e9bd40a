"""What a caller may make for a user, and who then stands behind it."""

from collections.abc import Iterable

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.access import makers
from chalicelib.access.callers import Caller, require_all
from chalicelib.access.makers import Standing
from chalicelib.access.permissions import Role
from chalicelib.access.rows import Access, Makers
from chalicelib.errors import Inactive, NotAuthenticated
from chalicelib.storage.changes import Change, Check
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key


class Holder(Struct, frozen=True):
    """For whom a credential is made, by whom, and who may hand out what, as all are now."""

    access: Access
    own: Access
    makers: Makers | None

    @property
    def standing(self) -> Standing:
        return makers.standing_of(self.makers)


def holder(reading: Reading, caller: Caller, id: str) -> Holder | None:
    """The rows that making a credential for a user rests on; None when there is no such user."""
    access, own, row = reading.rows(
        (Access, key(caller.company, id), "access"),
        (Access, key(caller.company, caller.user), "access"),
        makers.place(caller.company),
    )
    return Holder(access, own, row) if access is not None else None


def backed(caller: Caller, rows: Holder) -> tuple[dict[str, int], list[Change]]:
    """The marks of a credential that the caller makes for a user, and what must hold with it.

    Behind it stand those behind the credential in use, and the caller where it is for somebody else.

    Raises:
        Denied: the user's role holds a permission that one of them lacks.
        Inactive: the user may not sign in.
        NotAuthenticated: the credential in use has ended meanwhile.
        InUse: there are too many makers in the company or behind this credential.
    """
    role, own, standing = rows.access.role, rows.own, rows.standing
    require_all(caller, Role(role))
    if not rows.access.active:
        raise Inactive("The user is not active: set active to true first.")
    behind = set(_behind(caller, own, standing))
    if rows.access.pk == own.pk:
        marks = makers.marked(standing, behind, role)
        return marks, [makers.kept(caller.company, rows.makers, standing)] if marks else []
    together = standing
    checks: list[Change] = []
    if caller.user not in standing and own.active:
        together = makers.joined(standing, caller.user, Role(own.role), makers.next_version(rows.makers))
        checks.append(Check(Access, (own.pk, own.sk), _still(own)))
    marks = makers.marked(together, behind | {caller.user}, role)
    return marks, [makers.kept(caller.company, rows.makers, together), *checks]


def _behind(caller: Caller, own: Access, standing: Standing) -> Iterable[str]:
    """Who stands behind the credential in use, which must still hold."""
    if not (caller.makers and caller.token):
        return ()
    kept = own.tokens.get(caller.token)
    if not (kept and own.active and makers.holds(standing, kept.get("by", {}), own.role)):
        raise NotAuthenticated
    return tuple(kept.get("by", {}))


def _still(access: Access) -> Condition:
    """The condition on an access row that its user has the role and the activity that were read."""
    same: Condition = (Access.role == access.role) & (Access.active == access.active)
    return same
