"""The columns of a work breakdown in a spreadsheet, in the order in which they are exported."""

import unicodedata

import msgspec


class Column(msgspec.Struct, frozen=True):
    """One column: the field that it fills, and its title.

    ``needed``: a file without it is refused. ``width``: in characters, for the export.
    """

    field: str
    title: str
    needed: bool = True
    width: int = 14


PARENTS = (
    Column("location", "Location", width=28),
    Column("sub_location", "Sub-Location", width=28),
    Column("discipline", "Discipline", width=28),
)
COLUMNS = (
    *PARENTS,
    Column("activity", "Activity", width=36),
    Column("cost_code", "Cost code"),
    Column("budget_hours", "Budget hours"),
    Column("unit", "Unit", needed=False, width=8),
    Column("quantity", "Quantity", needed=False),
    Column("baseline_start", "Baseline start", needed=False),
    Column("baseline_finish", "Baseline finish", needed=False),
)
BY_FIELD = {column.field: column for column in COLUMNS}
NEEDED = tuple(column for column in COLUMNS if column.needed)


def form(title: str) -> str:
    """How titles are compared: by their letters and digits, whatever the case, spaces and marks."""
    folded = unicodedata.normalize("NFKC", title[:200]).casefold()
    return "".join(char for char in folded if char.isalnum())


BY_FORM = {form(column.title): column for column in COLUMNS}
