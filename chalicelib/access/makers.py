"""Who stands behind a credential: whoever made it for somebody else, along any chain.

A company's row of makers says which roles each of them may hand out, and since which version of the row without a
break. A token or one-time link made for somebody else keeps, for each maker, the number of its user's role. So it
holds while every maker may still hand that role out, and what ended stays ended, also when its maker may again.

Every request reads the row together with the company, so an end holds with the next one. A change of a user's role
marks anew what others made for them, or ends it.
"""

from collections.abc import Iterable, Mapping

from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.access.rows import Makers
from chalicelib.errors import Denied, InUse
from chalicelib.storage.changes import Change, Check, Put, absent

Standing = Mapping[str, Mapping[str, int]]  # maker -> role they may hand out -> the version since which they may
Marks = Mapping[str, int]  # maker -> that version for the role of the credential's user, when it was made

MAKING = frozenset({Permission.MANAGE_TOKENS, Permission.WRITE_USERS})
MOST_MAKERS = 200  # of a company who have made something that may still live; every request reads the row
MOST_BEHIND = 10  # makers of one credential


def may_hand_out(role: Role) -> frozenset[Role]:
    """The roles of those for whom this role makes tokens and links: all that hold no permission it lacks."""
    if not ROLES[role] >= MAKING:
        return frozenset()
    return frozenset(each for each in Role if ROLES[each] <= ROLES[role])


def holds(standing: Standing, marks: Marks, role: str) -> bool:
    """Whether every maker of a credential may hand out its user's role, without a break since it was made."""
    return all(standing.get(maker, {}).get(role) == since for maker, since in marks.items())


def joined(standing: Standing, maker: str, role: Role, version: int) -> Standing:
    """The standing with a maker of this role in it, as of a version of the row.

    Raises:
        InUse: as many as may be are in it.
    """
    if maker in standing:
        return standing
    if len(standing) >= MOST_MAKERS:
        raise InUse(
            f"{MOST_MAKERS} users have made tokens or links for others, the most of a company: let one of them make it."
        )
    return {**standing, maker: {each.value: version for each in may_hand_out(role)}}


def after(standing: Standing, user: str, role: Role, active: bool, version: int) -> Standing:
    """The standing once a user has a role, or is inactive; what they may not hand out any more is gone from it."""
    if user not in standing:
        return standing
    before, others = standing[user], {maker: roles for maker, roles in standing.items() if maker != user}
    left = {each.value: before.get(each.value, version) for each in may_hand_out(role)} if active else {}
    return {**others, user: left} if left else others


def marked(standing: Standing, makers: Iterable[str], role: str) -> dict[str, int]:
    """What a credential for a user of a role keeps of those who stand behind it.

    Raises:
        Denied: one of them may not make it.
        InUse: the chain is too long.
    """
    chain = sorted(set(makers))
    if len(chain) > MOST_BEHIND:
        raise InUse(f"{MOST_BEHIND} users stand behind this token, which is the most; use one of your own.")
    found = {maker: standing.get(maker, {}).get(role) for maker in chain}
    marks = {maker: since for maker, since in found.items() if since is not None}
    if len(marks) < len(chain):
        raise Denied("Whoever made the token in use may not make this for that user.")
    return marks


def marked_anew(before: Standing, now: Standing, marks: Marks, old: str, new: str) -> dict[str, int] | None:
    """The marks of a credential whose user gets another role, or None when it ends."""
    if not holds(before, marks, old):
        return None
    found = {maker: now.get(maker, {}).get(new) for maker in marks}
    kept = {maker: since for maker, since in found.items() if since is not None}
    return kept if len(kept) == len(marks) else None


def standing_of(row: Makers | None) -> Standing:
    """The standing that a row holds; nobody's when there is none."""
    return row.standing if row is not None else {}


def next_version(row: Makers | None) -> int:
    """The version that the row has once it is written again."""
    return row.version + 1 if row is not None else 1


def kept(company: str, row: Makers | None, standing: Standing) -> Change:
    """Write the standing, or require that it is still the one that was read."""
    same = Makers.version == row.version if row is not None else absent(Makers)
    if standing == standing_of(row):
        return Check(Makers, place(company)[1:], same)
    return Put(Makers(pk=company, sk="makers", standing=dict(standing), version=next_version(row)), same)


def place(company: str) -> tuple[type[Makers], str, str]:
    """Where the row is."""
    return Makers, company, "makers"
