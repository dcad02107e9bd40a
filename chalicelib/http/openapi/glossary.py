"""What a parameter means, wherever one of its name stands, and an example of it."""

PARAMETERS: dict[str, str] = {
    "active": "Only active ones, or only others.",
    "approvable": "Only entries that the caller may approve now.",
    "as_of": "The date at whose end the figures stand; by default today where the project is.",
    "baseline": "The number of a frozen baseline, or `current` for the plan of now; by default the newest.",
    "clock_id": "Only events of this clock ID.",
    "code": "The one with this code, compared without regard to case.",
    "cost_code": "Only entries of the activity that has this cost code now.",
    "date": "Only this date.",
    "date_from": "Only this date and later ones.",
    "date_to": "Only this date and earlier ones.",
    "deep": "Also look whether the tables and keys that requests need are there.",
    "dry_run": "Check and count, and write nothing.",
    "explain": "Say with each figure how it is calculated.",
    "external_clock_id": "The operative with this clock ID.",
    "forecast": "By which estimate at completion the forecast figures are calculated.",
    "include_deleted": "With `updated_since`: deleted rows too, by id and time.",
    "interval": "The length of a period.",
    "kind": "Only clashes of this kind.",
    "level": "Only nodes of this level: 1 location, 2 sub-location, 3 discipline, 4 activity.",
    "measure": "Whether figures are in hours or in money; money needs the permission `view_rates`.",
    "node": "The id of a node of the work breakdown.",
    "operative": "Only rows of this operative; an id.",
    "page_size": "Rows of a page.",
    "parent": "Only direct children of this node; an id.",
    "partial": "Write the good rows and name the others.",
    "project": "Only rows of this project; its id, not its code.",
    "reported": "The figures as they were when the period was closed.",
    "search": "Beginnings of words in the name or code.",
    "source": "Only entries that came this way.",
    "status": "Only rows of this status.",
    "submitted_by": "Only entries that this user submitted; an id.",
    "totals": "Add the sums of everything that matches.",
    "trade": "Only operatives of this trade.",
    "under": "Only nodes below this node, at any level; an id.",
    "user": "Only rows of this user; an id.",
    "view": "`tree` nests the nodes below one another; `flat` lists them in the order of the tree.",
    "wbs": "Only entries of this node and of everything below it; an id.",
    "weeks": "How many weeks ahead.",
}
IDS: dict[str, str] = {
    "clashes": "clash",
    "clock-events": "clock event",
    "jobs": "job",
    "labour": "labour entry",
    "memberships": "user",
    "operatives": "operative",
    "progress": "measurement",
    "projects": "project",
    "tokens": "token",
    "users": "user",
    "wbs": "node",
}
EXAMPLES: dict[str, object] = {
    "boolean": True,
    "date": "2026-06-08",
    "integer": 2,
    "string": "k3x9mq2vh7ad",
}


def of_path(template: str, name: str) -> str:
    """What a part of a path names: ``{id}`` after ``projects`` the id of a project."""
    before = template.split(f"/{{{name}}}")[0].rpartition("/")[2]
    if name in {"id", "user"} or before in IDS:
        return f"The id of the {IDS.get(before, before)}."
    return f"The {name} of the {before}."
