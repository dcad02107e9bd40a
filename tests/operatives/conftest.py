"""The stage of the promises, and people in all the roles."""

from tests.identity.conftest import people  # noqa: F401 - the fixture is used from here
from tests.promises.conftest import stage  # noqa: F401 - the fixture is used from here
