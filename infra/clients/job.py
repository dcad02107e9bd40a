"""The main job as a stranger would write it with the generated client: create, ingest, list, approve, read, walk."""

import datetime
import sys
import time
import uuid
from typing import Any, TypeVar

from wbsync_client import AuthenticatedClient
from wbsync_client.api.account import create_token, read_me
from wbsync_client.api.clock_events import ingest_event
from wbsync_client.api.labour import approve_entry, list_entries
from wbsync_client.api.operatives import create_operative
from wbsync_client.api.projects import create_project, list_projects
from wbsync_client.api.reports import project_kpis
from wbsync_client.api.users import create_user
from wbsync_client.api.wbs import create_node, list_nodes
from wbsync_client.models import (
    Approve,
    ArrivalAnswer,
    BatchAnswer,
    EntryAnswer,
    EntryAnswerStatus,
    EntryList,
    IngestBody,
    KpiAnswer,
    Me,
    NodeAnswer,
    NodeCreate,
    NodeList,
    OperativeAnswer,
    OperativeCreate,
    Problem,
    ProjectAnswer,
    ProjectCreate,
    ProjectList,
    Role,
    TokenAnswer,
    TokenCreate,
    UserAnswer,
    UserCreate,
)

T = TypeVar("T")
SHIFTS = 7
HOURS = 8.5
PATIENCE = 60


def typed(kind: type[T], response: Any) -> T:
    """What an answer was parsed to; anything but the declared model ends the job."""
    if not isinstance(response.parsed, kind):
        raise SystemExit(f"{kind.__name__} expected: {response.status_code} {response.parsed} {response.content[:500]}")
    return response.parsed


def once() -> str:
    return str(uuid.uuid4())


def main(base_url: str, token: str, secret: str) -> None:
    owner = AuthenticatedClient(base_url=base_url, token=token)
    device = AuthenticatedClient(base_url=base_url, token=secret, prefix="", auth_header_name="X-Inbound-Secret")
    assert typed(Me, read_me.sync_detailed(client=owner)).plan == "pro"
    project = typed(
        ProjectAnswer,
        create_project.sync_detailed(client=owner, body=ProjectCreate(code="G-1", name="Pier"), idempotency_key=once()),
    )
    plan(owner, project.id)
    hand = typed(
        OperativeAnswer,
        create_operative.sync_detailed(client=owner, body=OperativeCreate(name="Ola", external_clock_id="77")),
    )
    assert isinstance(hand.created_at, datetime.datetime) and hand.active
    ingest(device)
    approve(foreman(owner, base_url), project.id)
    figures(owner, project.id)
    refused(owner)


def plan(owner: AuthenticatedClient, project: str) -> None:
    """Four levels, and the list of them walked to the end."""
    parent = None
    for name in ("North", "Ground", "Concrete"):
        body = NodeCreate(name=name, parent=parent)
        parent = typed(NodeAnswer, create_node.sync_detailed(project, client=owner, body=body)).id
    activity = NodeCreate(name="Pour", parent=parent, cost_code="C-1", budget_hours=100)
    made = typed(NodeAnswer, create_node.sync_detailed(project, client=owner, body=activity))
    assert made.path == ["North", "Ground", "Concrete", "Pour"] and made.budget_hours == 100
    nodes = typed(NodeList, list_nodes.sync_detailed(project, client=owner))
    assert [node.name for node in nodes.results if isinstance(node, NodeAnswer)] == made.path
    projects = typed(ProjectList, list_projects.sync_detailed(client=owner, page_size=1))
    assert projects.count == 1 and projects.next_ is None and isinstance(projects.results[0], ProjectAnswer)


def ingest(device: AuthenticatedClient) -> None:
    """A shift a day, one by one and in a batch; a repeat is no second shift."""
    shifts = [
        {"clock_id": "77", "project_code": "G-1", "clock_in": f"{day}T07:00:00Z", "clock_out": f"{day}T15:30:00Z"}
        for day in days()
    ]
    first = IngestBody.from_dict(shifts[0])
    event = typed(ArrivalAnswer, ingest_event.sync_detailed(client=device, body=first, idempotency_key=once()))
    again = typed(ArrivalAnswer, ingest_event.sync_detailed(client=device, body=first, idempotency_key=once()))
    assert event.labour_entry and again.labour_entry == event.labour_entry and again.duplicate is True
    batch = typed(BatchAnswer, ingest_event.sync_detailed(client=device, body=IngestBody.from_dict({"events": shifts})))
    assert len(batch.results) == SHIFTS


def days() -> list[str]:
    today = datetime.datetime.now(datetime.UTC).date()
    return [(today - datetime.timedelta(days=back)).isoformat() for back in range(1, SHIFTS + 1)]


def foreman(owner: AuthenticatedClient, base_url: str) -> AuthenticatedClient:
    """Somebody who approves, with a token of their own."""
    body = UserCreate(name="Fay", email="fay@clients.example", role=Role.FOREMAN)
    user = typed(UserAnswer, create_user.sync_detailed(client=owner, body=body, idempotency_key=once()))
    made = typed(TokenAnswer, create_token.sync_detailed(client=owner, body=TokenCreate(label="g", user=user.id)))
    assert isinstance(made.token, str)
    return AuthenticatedClient(base_url=base_url, token=made.token)


def approve(client: AuthenticatedClient, project: str) -> None:
    """Every submitted entry, walked by ``next`` to the end, approved."""
    seen: list[str] = []
    for entry in walk(client, project):
        assert isinstance(entry.status, EntryAnswerStatus) and isinstance(entry.date, datetime.date)
        assert entry.status is EntryAnswerStatus.SUBMITTED and entry.hours == HOURS
        done = approve_entry.sync_detailed(
            entry.id, client=client, body=Approve(cost_code="C-1"), idempotency_key=once()
        )
        assert typed(EntryAnswer, done).status is EntryAnswerStatus.APPROVED
        seen.append(entry.id)
    assert len(set(seen)) == len(seen) == SHIFTS


def walk(client: AuthenticatedClient, project: str) -> list[EntryAnswer]:
    """The list of labour, two rows a page, following ``next``."""
    page = typed(EntryList, list_entries.sync_detailed(client=client, project=project, page_size=2, totals=True))
    assert page.totals and page.totals.hours == SHIFTS * HOURS
    rows, count = list(page.results), page.count
    while page.next_:
        answer = client.get_httpx_client().get(page.next_)
        page = EntryList.from_dict(answer.raise_for_status().json())
        assert page.count == count
        rows += page.results
    return [row for row in rows if isinstance(row, EntryAnswer)]


def figures(client: AuthenticatedClient, project: str) -> None:
    """The hours reach the key figures."""
    until = time.monotonic() + PATIENCE
    while True:
        kpis = typed(KpiAnswer, project_kpis.sync_detailed(project, client=client))
        if kpis.ac == SHIFTS * HOURS:
            break
        if time.monotonic() > until:
            raise SystemExit(f"the approved hours did not reach the figures: {kpis}")
        time.sleep(0.5)
    assert kpis.bac == 100 and kpis.se is None and "se" in kpis.reasons


def refused(client: AuthenticatedClient) -> None:
    """A problem is one in the client's own terms."""
    wrong = create_project.sync_detailed(client=client, body=ProjectCreate(code="", name="", timezone="Nowhere"))
    problem = typed(Problem, wrong)
    assert problem.status == 400 and problem.code == "validation_error" and problem.errors
    assert set(problem.errors.additional_properties) == {"code", "name", "timezone"}


if __name__ == "__main__":
    main(*sys.argv[1:])
    print("[clients] the generated client has done the main job")
