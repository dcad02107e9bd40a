"""What other systems sign in with: the ingest secret of clock devices."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chalicelib.access import ingest_secrets
from chalicelib.access.permissions import Permission
from chalicelib.http.answers import Secret, Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body
from chalicelib.http.routes import BASE, RouteSet

routes = RouteSet("Account", __name__)


class IngestSecretCreate(Body, kw_only=True):
    """How long the present secret goes on working: not at all, or up to 30 days."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=ingest_secrets.LONGEST_OVERLAP)] = 0


class IngestSecretAnswer(Answer, kw_only=True):
    """The new secret, shown once."""

    secret: str | UnsetType = UNSET


@routes.route(
    "POST",
    f"{BASE}/integrations/ingest-secret",
    permission=Permission.MANAGE_TOKENS,
    body=IngestSecretCreate,
    answer=IngestSecretAnswer,
    status=201,
)
def rotate_ingest_secret(call: Call, body: IngestSecretCreate) -> Written:
    """Set or rotate the ingest secret; this answer is the only one that shows it."""
    decided = ingest_secrets.rotate(call.decision, call.user.company, body.overlap_seconds, call.now)
    return Written(decided.changes, IngestSecretAnswer(), secrets={"secret": Secret(decided.answer.reference)})
