"""A project with the roots of its tree: an outline, and the place that holds the nodes of level 1."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.access.rows import Company
from chalicelib.projects import projects
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.tree.ground import new_place
from chalicelib.tree.rows import Outline, Place
from chalicelib.tree.standing import Standing


def create_project(reading: Reading, tenant: Company, values: Mapping[str, object], now: datetime) -> Decided[Project]:
    """A new project with an empty tree.

    Raises:
        Invalid, Conflict: a field may not be like this, or another project has its code.
    """
    decided = projects.create(reading, tenant, values, now)
    return Decided([*decided.changes, *planted(tenant.id, decided.answer.id)], decided.answer)


def planted(company: str, project: str) -> list[Change]:
    """The rows of an empty tree."""
    outline = Outline(pk=key(company, project), sk="outline", edition=0)
    return [Put(outline, absent(Outline)), Put(new_place(company, project, project, Standing()), absent(Place))]
