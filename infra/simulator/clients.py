"""What clients try: requests drawn by luck, allowed or not, by everybody."""

import random
from dataclasses import replace

from infra.simulator.days import Days
from infra.simulator.facts import CLOCK, NOBODY
from infra.simulator.meetings import Meetings
from infra.simulator.people_requests import PeopleRequests
from infra.simulator.requests import Request, Tenant
from infra.simulator.site_requests import SiteRequests
from infra.simulator.stray_requests import StrayRequests

LABOUR = {
    "create": 18,
    "approve": 20,
    "reject": 9,
    "reopen": 5,
    "edit": 8,
    "submit": 10,
    "delete": 3,
    "resolve": 12,
    "punch": 12,
    "sheet": 5,
    "hours file": 2,
    "stray": 4,
    "settle": 8,
    "adopt": 1,
    "approve many": 5,
    "reject many": 2,
}
PLANS = {
    "close": 2,
    "open": 3,
    "budget": 5,
    "dates": 4,
    "node rate": 2,
    "rule": 3,
    "move": 4,
    "grow": 3,
    "recode": 2,
    "rename": 3,
    "cut": 3,
    "import": 3,
    "freeze": 2,
    "measure": 6,
    "remeasure": 2,
    "unmeasure": 2,
    "holiday": 1,
    "workday": 1,
    "project rate": 1,
    "pay": 2,
    "role": 2,
    "active": 2,
    "join": 2,
    "rejoin": 1,
    "leave": 2,
    "token": 3,
    "revoke": 1,
    "cap": 1,
    "settings": 2,
    "hand change": 2,
    "status": 2,
    "rotate": 2,
    "invite": 3,
    "use link": 4,
    "hire": 1,
    "retrain": 1,
    "enlist": 1,
    "mail": 2,
    "found": 1,
}
KINDS = LABOUR | PLANS
TREES = frozenset({"create", "grow", "recode", "rename", "move", "cut", "import"})
HOURS = frozenset({"submit", "reject", "approve", "reopen", "edit", "resolve"})
TOKENS = frozenset({"token", "revoke", "role", "active", "join", "leave", "approve"})
THEMES = (  # of which some histories have most
    HOURS,
    frozenset({"punch", "stray", "settle", "adopt", "rotate", "hand change", "approve"}),
    TREES,
    TOKENS,
    frozenset({"invite", "use link", "mail", "active"}),
    frozenset({"status", "settings", "cap", "found"}),
    frozenset({"measure", "remeasure", "unmeasure", "close", "open", "budget", "dates"}),
)
MORE = 5  # times as often as else
MANY = 99  # more reasons than stand against any request
UNKNOWN = (CLOCK, NOBODY)  # who is not a user with a token
UNKEYED = 0.06  # of people's requests; nobody repeats these
OF_TREES = TREES | {"budget", "dates", "rule", "freeze"}
LARGE = frozenset({"import", "move", "cut"})  # changes of a tree, of many rows where bounds are low
LOGGING = frozenset({"create", "sheet", "hours file"})


class Clients(Meetings, SiteRequests, PeopleRequests, StrayRequests):
    """The clients of all companies."""

    def __init__(
        self, luck: random.Random, days: Days, without: frozenset[str], theme: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(luck, days)
        if theme in (HOURS, TOKENS):  # on many days, as what clashes is not approved
            self.dates, self.many_hands = days.work, True
        self.by_token = 0.5 if theme is TOKENS else 0.2  # requests with tokens that were made in the history
        self.kinds = {
            kind: often * (MORE if kind in theme else 1) for kind, often in KINDS.items() if kind not in without
        }

    def draw(self, tenant: Tenant) -> Request:
        """A new request."""
        kinds = self.kinds
        if any(site.staging for site in tenant.model.sites.values()) and self.luck.random() < 0.5:
            kinds = {kind: often for kind, often in kinds.items() if kind in OF_TREES} or kinds  # while it lasts
        elif self.returns(tenant) and self.luck.random() < 0.5:
            kinds = {kind: often for kind, often in kinds.items() if kind in LARGE} or kinds
        kind = self.luck.choices(list(kinds), list(kinds.values()))[0]
        if tenant.to_repeat and self.luck.random() < 0.1:
            kind = "import"
        by = self.luck.choice(self._few(tenant) if self.luck.random() < 0.7 else list(tenant.tokens))
        if kind in LOGGING and self.narrow and self.luck.random() < 0.7:
            by = self._few(tenant)[0]  # hours of one day by one submitter do not clash
        if kind in PLANS and self.luck.random() < 0.6:
            by = tenant.owner  # most of these are for few people
        if kind in ("token", "invite"):
            by = self._maker(tenant) or by
        if kind == "import" and self.luck.random() < 0.3:
            by = self._who_may_no_budgets(tenant) or by
        if kind not in ("punch", "stray", "settle", "adopt") and kind in LABOUR and not tenant.model.entries:
            kind = "create"
        through = self.luck.choice(list(tenant.made)) if tenant.made and self.luck.random() < self.by_token else ""
        by = tenant.model.people.tokens[through].user if through else by
        request: Request = getattr(self, f"_{kind.replace(' ', '_')}")(tenant, by)
        if through and request.operation.by == by:
            request.operation.token = through
            request.operation.behind = tenant.model.people.tokens[through].behind
        elif request.operation.by == by and self.luck.random() < 0.75:  # else it is about this very user
            self._by_another(request)
        keyed = request.operation.by not in UNKNOWN and self.luck.random() > UNKEYED
        request.key = request.key or (f"k{self.luck.getrandbits(60)}" if keyed else "")
        return request

    @staticmethod
    def returns(tenant: Tenant) -> bool:
        """Whether an activity that is deleted is to come back, as hours have come to it."""
        worked = {each.node for each in tenant.model.entries.values()}
        return any(not worked.isdisjoint(site.gone) for site in tenant.model.sites.values())

    def _by_another(self, request: Request) -> None:
        """The request asked by somebody who is not refused; where everybody is, by whoever is for the fewest reasons.

        Now and then by somebody who is refused for one reason alone, as whoever has left its project perhaps is. Much
        else happens by chance.
        """
        operation, model, users = request.operation, request.tenant.model, list(request.tenant.tokens)
        if operation.by in UNKNOWN:
            return
        former = model.people.former_members(self._project_of(request))
        alone = self.luck.random() < (0.5 if former else 0.2)
        fewest, chosen = MANY, operation.by
        for user in (*(former if alone else [operation.by]), *self.luck.sample(users, len(users))):
            why = model.refusals(replace(operation, by=user))
            count = len(why.soft | why.hard)
            if count == 0 and alone:
                continue
            if count < fewest:
                fewest, chosen = count, user
            if fewest == int(alone):
                break
        operation.by = chosen
        for each in (*([operation.new] if operation.new else []), *operation.rows):
            each.submitter = chosen if each.status != "draft" else ""

    @staticmethod
    def _project_of(request: Request) -> str:
        """The project that a request is about, if it is about one."""
        operation, entries = request.operation, request.tenant.model.entries
        if operation.entry in entries:
            return entries[operation.entry].project
        return operation.new.project if operation.new else operation.project
