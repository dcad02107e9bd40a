"""Sessions of browsers: opened for whoever is active at that moment."""

from datetime import UTC, datetime

import pytest

from chalicelib.access.sessions import Account, open_session
from chalicelib.errors import NotAuthenticated
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from tests.stage import Stage
from tests.users import People


def test_whoever_is_made_inactive_after_the_password_was_proved_gets_no_session(stage: Stage, people: People) -> None:
    _, user = people.make("engineer")
    company = stage.made["company"]["id"]
    proved, now = Account(company, user, "h", "h"), datetime.now(UTC)
    assert open_session(Reading(store()), proved, now).answer.holder == user
    stage.owner.ok("PATCH", f"/users/{user}/", {"active": False})
    with pytest.raises(NotAuthenticated):
        open_session(Reading(store()), proved, now)
    with pytest.raises(NotAuthenticated):
        open_session(Reading(store()), Account(company, "nobody", "h", "h"), now)
