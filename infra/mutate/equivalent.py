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
    (
        "chalicelib/tree/large.py",
        "total, kept = 0, list[Line]()",
        "0",
        "1",
    ): "a step of a large move takes one row less; what does not fit goes with the next step",
    (
        "chalicelib/spreadsheet/encoding.py",
        "if byte >= 0x80 and max(content[place - 1 : place] + content[place + 1 : place + 2], default=0) < 0x80",
        "max(content[place - 1 : place] + content[place + 1 : place + 2], default=0) < 0x80",
        "(max(content[place - 1:place] + content[place + 1:place + 2], default=0) <= 128)",
    ): "0x80 is the euro sign, or a capital that begins a word: in no text most letters stand beside it alone",
    (
        "chalicelib/rollups/repairs.py",
        'page = store.page(Query(model=CheckDue, hash=DUE, between=(None, f"{now.date().isoformat()}~")), limit=1)',
        "1",
        "2",
    ): "the first row is taken, whether or not a second was read with it",
    (
        "chalicelib/http/api.py",
        'return route, {name[1:-1]: unquote(part) for name, part in pairs if name.startswith("{")}',
        "1",
        "2",
    ): "the ids of a path are handed on in their order; nobody reads under which names",
}
"""By module, the text of the line, what stands in it, and what would stand there instead."""
