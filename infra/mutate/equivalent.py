"""Mutants that are no fault: what they change nobody can see. Each with its reason."""

from collections.abc import Mapping

ANY_OTHER_VERSION = "a version is asked whether it is the same, so that any other number does as well"
ONLY_ORDERS = "the numbers of a project's closings only order them, and nobody is shown one"
EQUIVALENT: Mapping[tuple[str, str, str, str], str] = {
    (
        "chalicelib/projects/holidays.py",
        'changed = {"holidays": holidays, "version": before.version + 1, "updated_at": stamp(now)}',
        "1",
        "2",
    ): ANY_OTHER_VERSION,
    (
        "chalicelib/projects/holidays.py",
        'changed = {"holidays": holidays, "version": before.version + 1, "updated_at": stamp(now)}',
        "before.version + 1",
        "(before.version - 1)",
    ): ANY_OTHER_VERSION,
    (
        "chalicelib/projects/projects.py",
        'row = Project(**{**before.plain(), **given, "version": before.version + 1, "updated_at": stamp(now)})',
        "before.version + 1",
        "(before.version - 1)",
    ): ANY_OTHER_VERSION,
    ("chalicelib/labour/periods.py", "version=1,", "1", "2"): ANY_OTHER_VERSION,
    ("chalicelib/labour/clock_entries.py", "version=1,", "1", "2"): ANY_OTHER_VERSION,
    (
        "chalicelib/labour/periods.py",
        "number, actor = newest.number + 1 if newest else 1, acting(caller)",
        "1",
        "2",
    ): ONLY_ORDERS,
    (
        "chalicelib/people/memberships.py",
        "row.version, row.updated_at = before + 1, stamp(now)",
        "before + 1",
        "(before - 1)",
    ): ANY_OTHER_VERSION,
    (
        "chalicelib/people/memberships.py",
        "require_all(caller, Role(row.role), project)",
        "require_all(caller, Role(row.role), project)",
        "pass",
    ): "whoever may manage a team has every permission of every role that a membership can have",
}
"""By module, the text of the line, what stands in it, and what would stand there instead."""
