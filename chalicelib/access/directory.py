"""By which sign-in finds the users of an e-mail address, in whatever companies."""

from chalicelib.access.keys import keyed
from chalicelib.access.rows import Directory
from chalicelib.names import comparison_form
from chalicelib.storage.rows import key


def directory_key(email: str) -> str:
    """Where sign-in looks an e-mail up."""
    return f"directory#{keyed('digest-key', 'directory', comparison_form(email))}"


def listing(company: str, user: str, email: str) -> Directory:
    """The directory's row of a user."""
    return Directory(pk=directory_key(email), sk=key(company, user), company=company, user=user)
