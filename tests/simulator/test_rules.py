"""What the model says by itself, in cases small enough to be worked out by hand."""

from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal

import pytest

from infra.simulator.device_rules import MOST_OVERLAPPING, REFUSED
from infra.simulator.effects import Wrong, versions
from infra.simulator.facts import CLOCK, NOBODY, Effect, Entry, Hand, Operation, Stray
from infra.simulator.figures import MILLION, Sums
from infra.simulator.formed import formed
from infra.simulator.judging import Judge
from infra.simulator.link_rules import WEEK
from infra.simulator.mirror import Mirror
from infra.simulator.model import Model
from infra.simulator.requests import Request, Tenant
from infra.simulator.roles import People, Session, Token
from infra.simulator.site import Activity, Plan, Shown, Site
from infra.simulator.tree_files import missing, row_of
from infra.simulator.trees import announced, flipped

DAY = "2026-06-08"


def people() -> People:
    found = People(roles={"owner": "owner", "ann": "admin", "fay": "foreman"})
    found.tokens["t"] = Token("fay", frozenset({"ann"}))
    return found


def test_a_token_ends_for_good_with_the_right_of_its_maker() -> None:
    team = people()
    team.end_tokens(1.0)
    assert team.tokens["t"].ended_at is None
    team.roles["ann"] = "foreman"
    team.end_tokens(2.0)
    team.roles["ann"] = "admin"
    team.end_tokens(3.0)
    assert team.tokens["t"].ended_at == 2.0


def test_whoever_has_left_a_project_is_a_former_member_until_they_are_back() -> None:
    model = Model(people=people())
    model.sites["p"] = Site("P")
    join = Operation("join", "owner", project="p", values={"user": "fay", "role": "engineer"})
    model.apply(join)
    assert model.people.former_members("p") == []
    model.apply(Operation("leave", "owner", project="p", values={"user": "fay"}))
    assert (model.people.former_members("p"), model.people.former_members("q")) == (["fay"], [])
    model.apply(join)
    assert model.people.former_members("p") == []


def test_a_token_is_revoked_once_and_may_end_with_its_makers_right_while_it_is() -> None:
    model = Model(people=people())
    revoke = Operation("revoke", "owner", values={"token": "t"})
    model.people.inactive.add("ann")
    model.people.end_tokens(1.0)
    assert (model.refusals(revoke).soft, model.refusals(revoke).hard) == ({"not_found"}, set())
    model.apply(revoke)
    assert (model.refusals(revoke).soft, model.refusals(revoke).hard) == (set(), {"not_found"})


def test_an_admin_makes_no_token_for_an_owner() -> None:
    team = people()
    assert not team.may_make_for("ann", "owner") and team.may_make_for("owner", "owner")
    team.inactive.add("ann")
    assert not team.may_make_for("ann", "fay")


def test_whoever_stands_behind_a_token_counts_as_its_user() -> None:
    by_token = Hand("fay", frozenset({"ann"}))
    assert by_token.is_also(Hand("ann")) and Hand("ann").is_also(by_token)
    assert not by_token.is_also(Hand("bob", frozenset({"ann"})))  # one admin made the tokens of both


def worked(hours: str) -> Model:
    model = Model()
    model.entries["e"] = Entry("p", "hand", "2026-06-08", Decimal(hours), None, "fay", node="n")
    return model


def test_a_request_may_have_read_the_cap_of_a_moment_ago() -> None:
    model, now = worked("18"), [0.0]
    model.now = lambda: now[0]
    for at, cap in ((100.0, 24), (200.0, 12)):
        now[0] = at
        model.apply(Operation("cap", "ann", values={"cap": Decimal(cap)}))
    assert (model.cap, model.lenient()) == (12, 24)
    now[0] = 300.0
    assert model.lenient() == 12
    assert model.clashes(("hand", "2026-06-08")) and not model.sure(("hand", "2026-06-08"))


def test_an_earlier_secret_ends_with_the_overlap_or_before_it_as_clocks_differ() -> None:
    model, now = worked("8"), [100.0]
    model.now = lambda: now[0]
    punch = Operation("create", CLOCK, new=replace(model.entries["e"], clocked=True))
    model.sites["p"] = Site("P")
    model.apply(Operation("rotate", "ann", values={"overlap": 60}), Effect(began=90.0))
    for moment, answers in ((145.0, (set(), set())), (150.0, (set(), {REFUSED})), (155.0, ({REFUSED}, set()))):
        now[0] = moment
        why = model.refusals(punch)
        assert (why.soft & {REFUSED}, why.maybe & {REFUSED}) == answers
        assert not model.refusals(replace(punch, secret=1)).answers() & {REFUSED}
    model.apply(Operation("rotate", "ann", values={"overlap": None}))
    assert [each.is_over(155.0) for each in model.secrets] == [True, True, False]
    model.apply(Operation("rotate", "ann", values={"overlap": 60}), Effect(began=155.0))
    assert [each.is_over(160.0) for each in model.secrets] == [True, True, False, False]


def test_a_shift_that_is_told_by_its_ends_and_as_a_whole_is_told_twice() -> None:
    assert versions(["in"]) == versions(["out"]) == 0
    assert versions(["in", "out"]) == versions(["in", "both, 8 hours"]) == 1
    assert versions(["in", "out", "both, 8 hours", "both, 9 hours"]) == 3


def test_no_hours_are_taken_of_whoever_is_not_active_and_on_what_has_ended() -> None:
    model = worked("8")
    model.people, model.sites["p"] = people(), Site("P")
    entry = model.entries["e"]
    new = Operation("create", "owner", new=replace(entry))
    edit, approve = (Operation(verb, "owner", entry="e") for verb in ("edit", "approve"))
    entry.node, entry.code = "n", None
    new = Operation("create", "owner", new=replace(entry))
    model.sites["p"].activities["n"] = Activity("d", "P-1", Plan(Decimal(9)))

    def refused() -> list[bool]:
        return ["inactive" in model.refusals(each).soft for each in (new, edit, approve)]

    def changed(verb: str, **values: object) -> None:
        model.apply(Operation(verb, "owner", project="p", values={"operative": "hand", **values}))

    for status, wanted in (("on_hold", [False] * 3), ("completed", [True, True, False]), ("archived", [True] * 3)):
        changed("status", status=status)
        assert refused() == wanted
    changed("status", status="active", name="Another")
    assert refused() == [False] * 3 and model.sites["p"].name == "Another"
    changed("hand", active=False)
    assert refused() == [True, True, False]
    assert model.idle_since(1.0, "p", "hand") and not model.idle_since(0.0, "p", "hand")
    changed("hand", name="Hal")
    assert refused() == [True, True, False] and model.names["hand"] == "Hal"
    changed("hand", active=True)
    assert refused() == [False] * 3 and not model.idle_since(1.0, "p", "hand")


def test_a_new_project_has_the_settings_of_a_moment_of_its_request() -> None:
    model, now = Model(), [10.0]
    model.now, model.settings = lambda: now[0], {"currency": [(0.0, "EUR")], "timezone": [(0.0, "UTC")]}
    for at, currency in ((20.0, "GBP"), (30.0, "USD")):
        now[0] = at
        model.apply(Operation("settings", "owner", values={"currency": currency}))
    model.apply(Operation("found", "owner", values={"code": "X"}), Effect(began=25.0))
    assert model.founded == {"X": {"currency": {"GBP", "USD"}, "timezone": {"UTC"}}}


def kept_punch() -> Model:
    model = Model(people=people(), spare="spare")
    model.sites["p"] = Site("P")
    model.strays[DAY] = Stray("p", Decimal(8), event="x")
    return model


def settled(action: str, by: str = "fay", **values: object) -> Operation:
    return Operation("settle", by, values={"date": DAY, "action": action, **values})


def test_a_kept_punch_is_as_somebody_settles_it() -> None:
    model = kept_punch()
    stray = lambda: model.strays[DAY]  # noqa: E731
    model.apply(settled("fix", pause=30))
    assert (stray().hours, model.whose(stray())) == (Decimal("7.5"), "")
    model.apply(settled("assign"))
    assert model.whose(stray()) == "spare"
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("e"))
    assert model.is_of(stray(), model.entries["e"]) and model.entries["e"].changers == {}
    assert model.refusals(settled("dismiss")).hard == {"invalid_transition"}
    model.apply(settled("fix", shift=Decimal(9)))
    assert not model.is_of(stray(), model.entries["e"]) and not model.keeps(stray(), model.entries["e"])
    hand = Hand("fay")
    model.apply(Operation("correct", CLOCK, entry="e", values={"hours": Decimal("8.5"), "hours by": hand}))
    assert model.is_of(stray(), model.entries["e"]) and model.entries["e"].changers == {"hours": hand}


def test_hours_of_a_punch_that_somebody_has_changed_or_approved_do_not_follow() -> None:
    model = kept_punch()
    model.apply(settled("assign"))
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("e"))
    other = replace(model.strays[DAY], shift=Decimal(9))
    assert not model.keeps(other, model.entries["e"])
    model.entries["e"].hours = Decimal(7)
    assert model.keeps(other, model.entries["e"]) and not model.keeps(model.strays[DAY], model.entries["e"])
    model.entries["e"].hours = Decimal(9)  # as the punch says by now
    assert not model.keeps(other, model.entries["e"])
    model.entries["e"].date = "2026-06-09"  # and of another day
    assert model.keeps(other, model.entries["e"]) and not model.is_of(other, model.entries["e"])
    model.entries["e"].date, model.entries["e"].status = DAY, "approved"
    assert model.keeps(other, model.entries["e"])


def test_a_punch_may_wait_whose_days_were_reopened_while_somebody_settled_it() -> None:
    for began, waits in ((1.0, True), (3.0, False)):
        model = kept_punch()
        model.sites["p"].closed_to = model.sites["p"].closed_for_good = DAY
        model.now = lambda: 2.0
        model.apply(Operation("open", "owner", project="p"))
        model.apply(settled("assign"), Effect("", began=began))
        assert model.strays[DAY].waits is waits


def test_approved_hours_of_a_punch_do_not_follow_their_project_to_another_time_zone() -> None:
    model = kept_punch()
    model.apply(settled("assign"))
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("e"))
    model.apply(Operation("status", "owner", project="p", values={"timezone": "Asia/Tokyo"}))
    assert not model.keeps(model.strays[DAY], model.entries["e"])
    model.entries["e"].status = "approved"
    assert model.keeps(model.strays[DAY], model.entries["e"])


def test_hours_of_a_punch_go_to_the_operative_who_is_named() -> None:
    model = kept_punch()
    model.owner = "made"
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("e"))
    entry = model.entries["e"]
    assert entry.operative == "made" and "conflict" in model.refusals(Operation("adopt", "owner")).hard
    model.apply(settled("assign"))
    stray = model.strays[DAY]
    values = {"hours": stray.hours, "operative": "spare", "operative by": stray.assigned_by}
    model.apply(Operation("correct", CLOCK, entry="e", values=values))
    assert (entry.day, entry.changers) == (("spare", DAY), {"operative": Hand("fay")})
    assert not entry.corrected_by_hand


def test_deleted_hours_of_a_punch_are_of_whoever_wants_them_again() -> None:
    model = kept_punch()
    model.owner = "made"
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("e"))
    model.apply(Operation("delete", "ann", entry="e"))
    model.apply(settled("fix", pause=0))
    model.apply(Operation("become", CLOCK, values={"date": DAY}), Effect("f"))
    fay = Hand("fay")
    assert model.entries["f"].changers == {"operative": fay, "hours": fay}
    assert model.entries["f"].history == [("fay", "", "submitted")]


def test_a_session_lasts_until_another_password_or_half_a_day() -> None:
    model, now = Model(people=people()), [0.0]
    model.now = lambda: now[0]
    model.passwords["fay"] = ["one"]
    session = Session("fay", "c", 0, 0.0)
    assert (model.lasts(session), model.opens("fay", "f@x", "one")) == ({200}, 303)
    model.people.inactive.add("fay")
    assert (model.lasts(session), model.opens("fay", "f@x", "one")) == ({401}, 401)
    model.people.inactive.clear()
    session.ended = None
    assert model.lasts(session) == {200, 401}
    session.ended, now[0] = False, 43_300.0
    assert model.lasts(session) == {401}
    now[0] = 0.0
    model.passwords["fay"].append("two")
    assert (model.lasts(session), model.opens("fay", "f@x", "one")) == ({401}, 401)
    model.emails["fay"] = "new@x"
    assert model.opens("fay", "f@x", "two") == 401


def invited(model: Model, by: str, user: str) -> Operation:
    operation = Operation("invite", by, values={"user": user})
    model.apply(operation, Effect(began=model.now()))
    return Operation("use", NOBODY, values={"link": operation.values["link"], "password": by})


def test_a_link_works_once_and_only_the_newest_of_a_user() -> None:
    model = Model(people=people())
    older, newer = (invited(model, "owner", "fay") for _ in range(2))
    assert [model.refusals(each).hard for each in (older, newer)] == [{"not_found"}, set()]
    model.apply(newer)
    assert model.refusals(newer).hard == {"not_found"} and model.passwords == {"fay": ["owner"]}


def test_a_link_ends_with_its_makers_right_its_users_activity_or_its_week() -> None:
    model, now = Model(people=people()), [0.0]
    model.now = lambda: now[0]
    by_ann = invited(model, "ann", "fay")
    model.apply(Operation("role", "owner", values={"user": "ann", "role": "foreman"}))
    assert model.refusals(by_ann).hard == {"not_found"}
    again = invited(model, "owner", "fay")
    for active in (False, True):
        model.apply(Operation("active", "owner", values={"user": "fay", "active": active}))
        hard = model.refusals(Operation("invite", "owner", values={"user": "fay"})).hard
        assert hard == (set() if active else {"inactive"})
    assert model.refusals(again).hard == {"not_found"}
    last = invited(model, "owner", "fay")
    for at, answers in ((WEEK - 10, (set(), set())), (WEEK, (set(), {"not_found"})), (WEEK + 10, ({"not_found"},) * 2)):
        now[0] = at
        why = model.refusals(last)
        assert (why.soft, why.maybe) == answers


def test_so_many_secrets_work_beside_one_another() -> None:
    model = worked("8")
    model.people = people()
    rotation = Operation("rotate", "owner", values={"overlap": 60})
    for _ in range(MOST_OVERLAPPING):
        assert not model.refusals(rotation).answers()
        model.apply(replace(rotation, values=dict(rotation.values)))
    assert model.refusals(rotation).hard == {"conflict"}
    assert not model.refusals(replace(rotation, values={"overlap": 0})).answers()
    assert model.refusals(replace(rotation, by="fay")).soft == {"permission_denied"}


def test_what_waits_or_clashes_stands_in_the_way_of_a_closing() -> None:
    model, day = worked("18"), "2026-06-08"
    assert model.stands_in_the_way("p", day)
    assert not model.stands_in_the_way("q", day) and not model.stands_in_the_way("p", "2026-06-07")
    model.entries["e"].status = "rejected"
    assert not model.stands_in_the_way("p", day)
    model.entries["e"].status = "approved"
    assert model.stands_in_the_way("p", day)  # above the cap
    model.entries["e"].hours = Decimal(8)
    assert not model.stands_in_the_way("p", day)


def test_a_clash_over_hours_of_a_closed_period_is_not_resolved() -> None:
    model, day = worked("18"), ("hand", "2026-06-08")
    model.sites = {"p": Site("P"), "q": Site("Q")}
    model.people = people()
    model.entries["f"] = Entry("q", "hand", "2026-06-08", Decimal(4), None, "fay")
    asked = Operation("resolve", "ann", keep=("e",), values={"day": day})
    assert not model.refusals(asked).answers()
    model.sites["p"].closed_to = "2026-06-08"
    assert model.refusals(asked).soft == {"period_closed"}
    model.sites["p"].closed_for_good = "2026-06-08"
    assert model.refusals(asked).hard == {"period_closed"}


def test_what_is_deleted_with_a_node_comes_back_by_itself_alone() -> None:
    site = Site("A", nodes={"top": None, "area": "top", "trade": "area"})
    site.activities = {id: Activity("trade", f"A-{id}", Plan(Decimal(1))) for id in ("1", "2")}
    site.cut("area")
    assert (set(site.nodes), set(site.activities)) == ({"top"}, set())
    for node, code in (("area", None), ("trade", None), ("2", "A-2 xy")):
        site.bring_back(node, f"{node} again", code)
    assert site.above("2") == ["2", "trade", "area", "top"] and site.codes() == {"A-2 xy": "2"}
    assert site.names["2"] == "2 again"


def test_hours_may_come_to_what_a_large_change_has_deleted_until_that_is_cleared_away() -> None:
    model = Model(people=people())
    site = model.sites["p"] = Site("P", {"t": None})
    site.activities["a"] = Activity("t", "P-1", Plan(Decimal(8)))
    create = Operation("create", "owner", new=Entry("p", "hand", DAY, Decimal(8), "P-1", "owner"))
    assert not model.refusals(create).answers()
    site.cut("a")
    for site.busy in (True, False):
        why = model.refusals(create)
        assert (why.soft, why.maybe) == ((set(), {"validation_error"}) if site.busy else ({"validation_error"}, set()))


def test_a_name_is_free_but_beside_a_node_that_has_it() -> None:
    model = worked("18")
    model.people, site = people(), Site("P", nodes={"trade": None, "other": None})
    model.sites = {"p": site}
    for id, trade in (("1", "trade"), ("2", "trade"), ("3", "other")):
        site.activities[id], site.names[id] = Activity(trade, f"P-{id}", Plan(Decimal(1))), f"walls {id}"
    rename = lambda name: Operation("rename", "ann", project="p", node="1", values={"name": name})  # noqa: E731
    assert model.refusals(rename("walls 2")).hard == {"conflict"}
    for free in ("walls 1", "walls 3", "roof"):
        assert not model.refusals(rename(free)).answers()
    model.apply(rename("roof"))
    assert site.names["1"] == "roof" and not model.refusals(rename("walls 1")).answers()


def test_what_of_a_file_is_missing_but_for_what_was_edited_since() -> None:
    site = Site("A", nodes={"top": None, "area": "top", "trade": "area"})
    site.names = {id: id for id in ("top", "area", "trade", "one")}
    site.activities = {"one": Activity("trade", "A-1", Plan(Decimal(8)))}
    as_it_is = row_of(site, "one")
    other = replace(as_it_is, path=("top", "area", "other", "one"), budget=Decimal(9))
    assert as_it_is.path == ("top", "area", "trade", "one") and [*missing(site, [as_it_is], 0.0)] == []
    assert len([*missing(site, [other, replace(as_it_is, code="A-2")], 5.0)]) == 3
    site.edited["one", "budget"], site.renamed = 6.0, 6.0
    assert len([*missing(site, [other, replace(as_it_is, code="A-2")], 5.0)]) == 1


def test_an_import_shows_new_and_changed_nodes_together() -> None:
    site = Site("A", nodes={"top": None, "area": "top", "trade": "area"})
    site.names = {id: id for id in ("top", "area", "trade", "one", "two")}
    site.activities = {id: Activity("trade", f"A-{id}", Plan(Decimal(8))) for id in ("one", "two")}
    site.show(
        {
            "new": Shown(3, "area", False, {"name": "steel"}),
            "more": Shown(4, "new", False, {"name": "three", "code": "A-3", "budget": Decimal(2), "quantity": None}),
            "one": Shown(None, "new", True, {"quantity": Decimal(5), "rule": "units"}),
            "two": Shown(None, None, False, {"quantity": Decimal(5)}),
        }
    )
    assert site.path("more") == ("top", "area", "steel", "three") and site.path("one")[2] == "steel"
    assert [site.activities[each].rule for each in ("one", "two")] == ["units", "percent"], "the second keeps its rule"


def test_a_large_change_is_announced_and_flipped_by_the_outline() -> None:
    def row(**values: dict[str, str]) -> dict[str, dict[str, str]]:
        return {"pk": {"S": "c#p"}, "sk": {"S": "outline"}, **values}

    before, during = row(edition={"N": "4"}), row(edition={"N": "4"}, staged={"N": "5"}, change={"S": "i"})
    after = row(edition={"N": "5"}, staged={"N": "5"}, change={"S": "j"})
    steps = [(before, during), (during, after), (after, row(edition={"N": "5"})), (before, row(edition={"N": "5"}))]
    assert [announced([("projects", *each)]) for each in steps] == [True, False, False, False]
    assert [flipped([("projects", *each)]) for each in steps] == [False, True, False, False]


def test_what_is_formed_from_sums() -> None:
    """The figures of the project on the first page."""
    hours = [int(Decimal(each) * MILLION) for each in ("3153", "1791.32", "943.12", "1008", "943.12")]
    found = formed(Sums(*hours, hours_ev=hours[2], hours_ac=hours[3]))
    wanted = {"se": "1.0688", "spi": "0.5265", "cpi": "0.9356", "eac": "3369.90", "vac": "-216.90", "cv": "-64.88"}
    assert {name: found[name] for name in wanted} == {name: Decimal(value) for name, value in wanted.items()}
    assert formed(Sums())["cpi"] is None


def test_a_mirror_that_is_not_its_source_is_wrong() -> None:
    mirror = Mirror(Tenant("c", "A", {}, "UTC"))
    mirror.rows = {"e": {"id": "e", "hours": 8, "clash": None}}
    mirror.compare({"e": {"id": "e", "hours": 8, "clash": "derived"}})
    for source in ({}, {"e": {"id": "e", "hours": 9, "clash": None}}, {**mirror.rows, "f": {"id": "f"}}):
        with pytest.raises(Wrong):
            mirror.compare(source)


def test_an_email_is_one_users_and_a_code_one_projects() -> None:
    model = Model(people=people())
    for verb, values in (("enlist", {"email": "a@b.example", "role": "foreman"}), ("found", {"code": "P-1"})):
        operation = Operation(verb, "owner", values=values)
        assert not model.refusals(operation).hard and model.refusals(replace(operation, by="fay")).soft
        model.apply(operation, Effect(id="new"))
        assert model.refusals(operation).hard == {"conflict"}
    assert model.people.roles["new"] == "foreman"


def test_what_a_request_without_a_key_puts_beside_work_is_not_its_effect_yet() -> None:
    request = Request(Tenant("c", "A", {}, "UTC"), Operation("import", "owner"), "POST", "/", None, key="")
    piece = ("work", None, {"pk": {"S": "c#i"}, "sk": {"S": "piece#000000"}})
    intent = ("work", None, {"pk": {"S": "c#i"}, "sk": {"S": "intent"}})
    login = ("access", None, {"pk": {"S": "c"}, "sk": {"S": "access"}})
    assert [Judge._is_effect(request, [], [login, each]) for each in (piece, intent)] == [False, True]


def test_a_baseline_keeps_a_plan_of_before_or_one_that_was_on_its_way() -> None:
    site, before, after = Site("P"), Plan(Decimal(8)), Plan(Decimal(9))
    site.activities["a"] = Activity("t", "P-1", replace(before))
    site.freeze(100.0)
    [baseline] = site.baselines
    site.activities["a"].plan.budget = Decimal(9)
    site.planned["a"] = [(101.0, replace(after))]
    assert baseline.keep("a", before, site)
    assert not baseline.keep("a", after, site)  # its request came later
    site.freeze(200.0)
    site.planned["a"].append((199.0, replace(before)))
    assert site.baselines[1].keep("a", before, site) and site.baselines[1].plans["a"] == before
    site.activities["new"] = Activity("t", "P-2", replace(after))
    site.born["new"] = 150.0
    assert not site.baselines[0].keep("new", after, site)
    site.born["new"] = 101.0
    assert site.baselines[0].keep("new", after, site)


def test_what_is_deleted_while_a_plan_is_frozen_is_missing_in_it_unless_it_was_there_or_comes_back_in_time() -> None:
    site, plan = Site("P", {"t": None}), Plan(Decimal(8))
    site.activities["a"] = Activity("t", "P-1", plan)
    site.freeze(100.0)
    site.busy, [baseline] = True, site.baselines
    site.cut("a")
    assert baseline.plans == {}
    assert baseline.keep("a", plan, site) and baseline.plans == {"a": plan}
    site.activities["a"] = Activity("t", "P-1", plan)
    site.cut("a")
    assert baseline.plans == {"a": plan}


def test_whoever_was_let_in_and_is_not_any_more_may_be_told_what_else_stands_against_it() -> None:
    model, judge = Model(people=people()), Judge(lambda: 0.0)
    site = model.sites["p"] = Site("P", {"t": None}, {"a": Activity("t", "P-1", Plan(Decimal(8)))})
    tenant, row = Tenant("c", "A", {}, "UTC", model=model), Entry("p", "hand", DAY, Decimal(8), "P-1", "fay")
    before, after = (Request(tenant, Operation("sheet", "fay", rows=(row,)), "POST", "/", {}, "k") for _ in range(2))
    judge.look(before)
    model.people.inactive.add("fay")
    site.closed_to = DAY
    for request in (before, after):
        judge.look(request)
    assert before.allowed == [set(), {"not_authenticated", "validation_error"}]
    assert after.allowed == [{"not_authenticated"}]


def test_an_activity_may_come_back_though_its_hours_have_just_left_it_and_else_not() -> None:
    row = {"id": {"S": "a"}, "sk": {"S": "node#a"}, "name": {"S": "Pour"}, "cost_code": {"S": "P-1"}}
    for left, wrong in ((90.0, nullcontext()), (10.0, pytest.raises(Wrong, match="without any hours"))):
        model = Model(people=people(), now=lambda: 100.0, left={"a": left})
        site = model.sites["p"] = Site("P", {"t": None}, {"a": Activity("t", "P-1", Plan(Decimal(8)))})
        site.cut("a")
        operation = Operation("cut", "owner", project="p", node="a")
        with wrong:
            Judge._brought_back(
                Request(Tenant("c", "A", {}, "UTC", model=model), operation, "DELETE", "/", {}, "k"),
                [("projects", None, row)],
            )


def test_an_approval_that_was_right_once_may_be_refused_for_a_clash_though_another_was_first() -> None:
    model, judge = Model(people=people()), Judge(lambda: 0.0)
    model.sites["p"] = Site("P", {"t": None}, {"a": Activity("t", "P-1", Plan(Decimal(8)))})
    for id, by in (("e", "fay"), ("f", "ann")):
        model.entries[id] = Entry("p", "hand", DAY, Decimal(4), "P-1", by, node="a", submitters={Hand(by)})
    other = model.entries.pop("f")
    tenant = Tenant("c", "A", {}, "UTC", model=model)
    before, after = (Request(tenant, Operation("approve", "owner", entry="e"), "POST", "/", {}, "k") for _ in range(2))
    judge.look(before)
    model.entries["e"].status, model.entries["f"] = "approved", other
    for request in (before, after):
        judge.look(request)
    assert before.allowed == [set(), {"invalid_transition", "clash_unresolved"}]
    assert after.allowed == [{"invalid_transition"}]
