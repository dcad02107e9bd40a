"""Whether a secret that an answer showed still works; a replay leaves out one that does not."""

from chalicelib.storage.rows import Access, Ingest, Invitation, key
from chalicelib.storage.store import Store


def still_works(store: Store, kind: str, company: str, holder: str, id: str) -> bool:
    """By the rows as they are now: revoked, rotated, used and replaced secrets do not."""
    if kind == "wbsi":
        ingest = store.get(Ingest, company, "ingest")
        return ingest is not None and id in ingest.secrets
    if kind == "wbsp":
        invitation = store.get(Invitation, key(company, holder), "invitation")
        return invitation is not None and invitation.id == id
    access = store.get(Access, key(company, holder), "access")
    return access is not None and id in access.tokens
