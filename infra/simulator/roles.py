"""Who may do what, written from the product's rules alone: the nine roles, and memberships of projects."""

from dataclasses import dataclass, field

OWNER = "owner"
LEADERS = {"owner", "admin", "project_manager"}
CREW = LEADERS | {"supervisor", "foreman"}

MAY: dict[str, set[str]] = {
    "log for the crew": CREW,
    "log": CREW | {"engineer", "operative"},
    "approve": CREW,
    "see all labour": CREW | {"project_planner", "commercial"},
    "see rates": LEADERS | {"project_planner", "commercial"},
    "read projects": CREW | {"project_planner", "commercial", "engineer"},
    "edit the WBS": LEADERS | {"project_planner", "engineer"},
    "edit budgets": LEADERS | {"project_planner", "commercial"},
    "measure": CREW | {"project_planner", "engineer"},
    "close periods": LEADERS,
    "edit projects": LEADERS,
    "manage the team": LEADERS,
    "manage operatives": CREW,
    "write users": {"owner", "admin"},
    "manage tokens": {"owner", "admin"},
    "manage the company": {"owner", "admin"},
}
ROLES = (
    "admin",
    "project_manager",
    "project_planner",
    "engineer",
    "commercial",
    "supervisor",
    "foreman",
    "operative",
)


@dataclass
class Token:
    """Somebody's token, and who stands behind it because they made it for somebody else, along any chain."""

    user: str
    behind: frozenset[str]
    ended_at: float | None = None
    revoked: bool = False


@dataclass
class Link:
    """A link by which somebody sets their password: who stands behind it, and when it is too old, as clocks differ."""

    user: str
    behind: frozenset[str]
    ends: tuple[float, float]
    ended_at: float | None = None  # used, replaced, or not backed any more

    def works(self, now: float) -> bool:
        """Whether it works for sure."""
        return self.ended_at is None and now < self.ends[0]

    def is_over(self, now: float) -> bool:
        """Whether it works no more, for sure."""
        return now >= self.ends[1] or (self.ended_at is not None and now >= self.ended_at)


@dataclass
class Session:
    """A browser's session: whose, by which of their passwords, and since when at the earliest."""

    user: str
    cookie: str
    password: int
    opened: float
    ended: bool | None = False  # signed out; None where nobody knows, as no answer came


@dataclass
class People:
    """The users of a company: base roles, roles on projects, who is active; and tokens that were made for them."""

    roles: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    inactive: set[str] = field(default_factory=set)
    memberships: dict[tuple[str, str], str] = field(default_factory=dict)  # (project, user) -> role
    left: set[tuple[str, str]] = field(default_factory=set)  # memberships that have ended, perhaps there again

    def may(self, user: str, what: str, project: str | None = None) -> bool:
        """Whether a user may do something: by the base role, or on a project by a membership of it."""
        roles = {self.roles[user], self.memberships.get((project, user), "") if project else ""}
        return bool(roles & MAY[what])

    def former_members(self, project: str) -> list[str]:
        """Who has left a project and not come back."""
        return sorted(user for known, user in self.left - self.memberships.keys() if known == project)

    def may_make_for(self, maker: str, user: str) -> bool:
        """Whether somebody may make a token for a user: nobody hands out what they have not."""
        may = maker not in self.inactive and self.may(maker, "manage tokens")
        return may and not self.is_above(user, maker)

    def is_above(self, user: str, other: str) -> bool:
        """Whether somebody is an owner, and another is not: nobody but owners changes what owners have."""
        return self.roles[user] == OWNER and self.roles[other] != OWNER

    def end_tokens(self, now: float) -> None:
        """Tokens and links end, for good, with the right of anybody behind them to make them; links with activity."""
        for user in self.inactive:
            self.end_links(user, now)
        made: list[Token | Link] = [*self.tokens.values(), *self.links]
        for token in made:
            if token.ended_at is None and not all(self.may_make_for(maker, token.user) for maker in token.behind):
                token.ended_at = now

    def end_links(self, user: str, now: float) -> None:
        """What somebody could have set their password with is over."""
        for link in self.links:
            if link.user == user and link.ended_at is None:
                link.ended_at = now

    def may_somewhere(self, user: str, what: str) -> bool:
        """Whether a user may do it by the base role, or on some project."""
        return any(self.may(user, what, project) for project in {None, *(each for each, _ in self.memberships)})
