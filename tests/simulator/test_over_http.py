"""Over HTTP each answer is held against the model at once, and a wrong refusal, success or effect is found."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from infra.simulator import over_http
from infra.simulator.clients import Clients
from infra.simulator.effects import Wrong
from infra.simulator.over_http import Remote
from infra.simulator.requests import Request, Tenant
from infra.simulator.site import Activity, Plan, Site

Answer = tuple[int, Any]
MADE: Answer = (201, {"id": "e1", "wbs": "n"})


class Scripted(Remote):
    """A service that gives these answers, one after another."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("http://nowhere.example", None, seed=3)
        self.answers, self.sent = list(answers), list[tuple[str, str, Mapping[str, str]]]()

    def http(
        self, request: Request | None, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        self.sent.append((method, path, headers))
        return self.answers.pop(0)


@pytest.fixture
def tenant() -> Tenant:
    """A project with an activity, a hand, an owner and a manager."""
    found = Tenant("t", "A", {0: "ingest secret"}, "UTC", owner="owner")
    found.tokens = {"owner": "owner's", "manager": "manager's"}
    found.model.people.roles = {"owner": "owner", "manager": "project_manager"}
    found.model.sites = {"p": Site("P", {"d": None}, {"n": Activity("d", "C-1", Plan(Decimal(100)))})}
    found.hands = {"hand": "A0"}
    return found


def handed_in(remote: Remote, tenant: Tenant, by: str) -> Request:
    """Hours that are no draft, of a day that a closing can reach."""
    while True:
        request = remote.clients._create(tenant, by)
        new = request.operation.new
        fits = new and new.status == "submitted" and new.code in (None, "C-1")
        if fits and new.date in remote.days.work[:2]:
            return request


def made(tenant: Tenant, *answers: Answer) -> Scripted:
    """A service in which the owner has handed in the entry e1, and which then answers so."""
    remote = Scripted(MADE, *answers)
    assert remote._send(handed_in(remote, tenant, "owner")) == MADE
    return remote


def approval(tenant: Tenant, by: str) -> Request:
    """Somebody wants to approve the entry e1."""
    return Clients._step_of(tenant, by, "approve", "e1", {})


def refused(code: str, status: int = 409) -> Answer:
    return status, {"code": code, "request_id": "r"}


def test_what_is_done_is_done_in_the_model_too_and_counted(tenant: Tenant) -> None:
    remote = made(tenant, (200, {"id": "e1", "wbs": "n"}))
    entry = tenant.model.entries["e1"]
    assert (entry.status, entry.project, entry.operative, entry.code) == ("submitted", "p", "hand", "C-1")
    remote._send(approval(tenant, "manager"))
    assert tenant.model.entries["e1"].status == "approved"
    assert remote.counts == {"create 201": 1, "approve 200": 1}


def test_a_request_is_sent_with_the_token_of_whoever_asks_and_its_key(tenant: Tenant) -> None:
    remote = Scripted(MADE)
    request = remote.clients._create(tenant, "manager")
    request.key = "k7"
    remote._send(request)
    headers = {"Authorization": "Bearer manager's", "Idempotency-Key": "3-k7"}
    assert remote.sent == [("POST", "/labour/", headers)]


def test_a_refusal_without_a_reason_is_wrong(tenant: Tenant) -> None:
    remote = Scripted(refused("period_closed"))
    with pytest.raises(Wrong, match="answered 409"):
        remote._send(remote.clients._create(tenant, "owner"))


def test_a_refusal_for_its_reason_is_right_and_for_another_wrong(tenant: Tenant) -> None:
    remote = made(tenant, refused("own_entry", 403), refused("permission_denied", 403))
    status, answer = remote._send(approval(tenant, "owner"))
    assert (status, answer) == (403, {"code": "own_entry"})  # answers are compared without what differs each time
    assert tenant.model.entries["e1"].status == "submitted"
    with pytest.raises(Wrong, match="own_entry"):
        remote._send(approval(tenant, "owner"))


def test_what_is_done_although_it_must_be_refused_is_wrong(tenant: Tenant) -> None:
    remote = made(tenant, (200, {"id": "e1", "wbs": "n"}))
    with pytest.raises(Wrong, match=r"answered 200 though .*own_entry"):
        remote._send(approval(tenant, "owner"))


def test_each_row_of_a_sheet_is_an_entry_of_its_own(tenant: Tenant) -> None:
    remote = Scripted()
    while tenant.model.refusals((request := remote.clients._sheet(tenant, "owner")).operation).soft:
        pass  # a code that nobody has
    ids = [f"s{number}" for number in range(len(request.operation.rows))]
    remote.answers.append((201, {"entries": [{"id": id, "wbs": "n"} for id in ids], "errors": []}))
    remote._send(request)
    assert [tenant.model.entries[id].hours for id in ids] == [row.hours for row in request.operation.rows]


@pytest.mark.parametrize(
    ("by", "answer", "wrong"),
    [
        ("manager", {"approved": ["e1"], "skipped": []}, ""),
        ("manager", {"approved": [], "skipped": []}, "is answered"),
        ("manager", {"approved": ["e1"], "skipped": [{"id": "e1", "code": "own_entry"}]}, "is answered"),
        ("manager", {"approved": [], "skipped": [{"id": "e1", "code": "own_entry"}]}, "is skipped as own_entry"),
        ("owner", {"approved": [], "skipped": [{"id": "e1", "code": "own_entry"}]}, ""),
        ("owner", {"approved": ["e1"], "skipped": []}, "is done though .*own_entry"),
    ],
)
def test_a_review_takes_or_skips_each_entry_once_and_rightly(
    tenant: Tenant, by: str, answer: dict[str, Any], wrong: str
) -> None:
    remote = made(tenant, (200, answer))
    request = remote.clients._approve_many(tenant, by)
    if not wrong:
        remote._send(request)
        assert tenant.model.entries["e1"].status == ("approved" if answer["approved"] else "submitted")
        return
    with pytest.raises(Wrong, match=wrong):
        remote._send(request)


def punch(remote: Remote, tenant: Tenant) -> Request:
    """A whole shift, told at once."""
    while (request := remote.clients._punch(tenant, "owner")).operation.values["told"] != "both":
        pass
    return request


def hours(value: str) -> Answer:
    return 200, {"id": "c1", "hours": Decimal(value)}


def kept(entry: str | None, duplicate: bool = False) -> Answer:
    return 201, {"labour_entry": entry, "duplicate": duplicate}


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_a_punch_is_never_turned_away(tenant: Tenant, status: int) -> None:
    remote = Scripted(refused("unavailable", status))
    with pytest.raises(Wrong, match=f"a punch is answered {status}"):
        remote._send(punch(remote, tenant))


def test_a_device_is_let_in_until_its_secret_has_ended(tenant: Tenant) -> None:
    remote = Scripted((201, {"secret": "another"}), refused("not_authenticated", 401), (201, {}))
    rotation = remote.clients._rotate(tenant, "owner")
    rotation.operation.values["overlap"] = None
    remote._send(rotation)
    assert tenant.secrets == {0: "ingest secret", 1: "another"}
    del tenant.secrets[1]  # the device has not got it yet
    remote._send(punch(remote, tenant))
    with pytest.raises(Wrong, match="although the secret has ended"):
        remote._send(punch(remote, tenant))


def test_a_punch_becomes_hours_once_both_its_ends_are_told(tenant: Tenant) -> None:
    remote = Scripted(kept(None), kept("c1"), hours("8"))
    remote._send(punch(remote, tenant))
    assert not tenant.model.entries
    remote._send(punch(remote, tenant))
    assert tenant.model.entries["c1"].hours == 8 and tenant.model.entries["c1"].clocked
    assert remote.sent[0][2] == {"X-Inbound-Secret": "ingest secret"}
    assert remote.sent[-1][:2] == ("GET", "/labour/c1/")


@pytest.mark.parametrize(("duplicate", "told"), [(False, "3.5"), (True, "")])
def test_hours_that_no_punch_told_and_hours_that_a_repeat_moves_are_wrong(
    tenant: Tenant, duplicate: bool, told: str
) -> None:
    remote = Scripted()
    first = punch(remote, tenant)
    again = punch(remote, tenant)
    again.operation.new, first_hours = first.operation.new, Decimal(1)
    assert again.operation.new is not None
    new_hours = told or str(again.operation.new.hours)
    remote.answers += [kept("c1"), hours(str(first_hours)), kept("c1", duplicate), hours(new_hours)]
    remote._send(first)
    with pytest.raises(Wrong, match=f"c1 has {new_hours} hours"):
        remote._send(again)


def test_a_correction_of_hours_that_nobody_has_touched_is_followed(tenant: Tenant) -> None:
    remote = Scripted()
    first, again = punch(remote, tenant), punch(remote, tenant)
    again.operation.new = first.operation.new
    assert again.operation.new is not None
    remote.answers += [kept("c1"), hours("1"), kept("c1"), hours(str(again.operation.new.hours))]
    remote._send(first)
    remote._send(again)
    assert tenant.model.entries["c1"].hours == again.operation.new.hours


def closing(remote: Remote, tenant: Tenant, *, force: bool) -> Request:
    """A closing over the day of the entry e1."""
    while True:
        request = remote.clients._close(tenant, "owner")
        if request.operation.values == {"closed_to": tenant.model.entries["e1"].date, "force": force}:
            return request


JOB = {"id": "j", "status": "queued"}


def test_a_forced_closing_rejects_what_waits_when_its_job_ends(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_http.time, "sleep", lambda seconds: None)
    remote = made(tenant, (202, JOB), (200, JOB), (200, JOB | {"status": "succeeded"}))
    remote._send(closing(remote, tenant, force=True))
    site, entry = tenant.model.sites["p"], tenant.model.entries["e1"]
    assert (entry.status, site.closed_for_good) == ("rejected", entry.date)
    assert "close" not in remote.clients.kinds and remote.answers == []


@pytest.mark.parametrize(
    ("force", "status", "right"), [(True, "failed", False), (False, "succeeded", False), (False, "failed", True)]
)
def test_a_closing_ends_as_what_waits_says(tenant: Tenant, force: bool, status: str, right: bool) -> None:
    remote = made(tenant, (202, JOB | {"status": status}))
    request = closing(remote, tenant, force=force)
    if right:
        remote._send(request)
        assert (tenant.model.entries["e1"].status, tenant.model.sites["p"].closed_to) == ("submitted", "")
    else:
        with pytest.raises(Wrong):
            remote._send(request)
