"""Which activities and nodes records of the labour and projects tables speak of; nothing more of them is trusted."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.ids import ID_LENGTH, project_of
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import Touch
from chalicelib.tree.order import LEVELS, holder_order, last_step, level_of
from chalicelib.tree.rows import is_activity

Image = Mapping[str, Any]
CALENDAR = ("working_days", "holidays")


def touched(records: Iterable[Mapping[str, Image]]) -> dict[Place, Touched]:
    """Where to look in each project."""
    found: dict[Place, Touched] = {}
    for record in records:
        old, new = record.get("OldImage"), record.get("NewImage")
        for image in (old, new):
            hit = _of_image(image) or _of_change(image, old, new) if image else None
            if hit is not None:
                place, what = hit
                found.setdefault(place, Touched()).join(what)
    return found


def projects_made(records: Iterable[Mapping[str, Image]]) -> list[Image]:
    """The new projects among the records."""
    new = [record["NewImage"] for record in records if "NewImage" in record and "OldImage" not in record]
    return [image for image in new if image["sk"]["S"] == "project"]


def _of_image(image: Image) -> tuple[Place, Touched] | None:
    """A booking, a measurement or a node."""
    kind = image["sk"]["S"].partition("#")[0]
    if kind == "progress":
        activity = image["activity"]["S"]
        return _place(image, project_of(activity)), Touched({activity: Touch(measured=True)})
    if kind == "node":
        return _place(image), _node(image["id"]["S"], is_activity(image))
    if kind[:4].isdigit() and "activity" in image:
        return _place(image), Touched({image["activity"]["S"]: Touch({image["sk"]["S"]})})
    return None


def _of_change(image: Image, old: Image | None, new: Image | None) -> tuple[Place, Touched] | None:
    """What counts only where the two images differ: calendar, bulk change, baseline, and another parent."""
    sk = image["sk"]["S"]
    if sk == "project":
        return (_place(image, image["id"]["S"]), Touched(plans=True)) if _differs(old, new, *CALENDAR) else None
    if sk == "outline":
        project = image["pk"]["S"].partition("#")[2]
        return (_place(image, project), Touched(plans=True)) if _differs(old, new, "bulk") else None
    if sk.startswith("baseline#") and "number" in image:
        return _place(image), Touched(plans=True)
    if sk.startswith("place#") and _stands_elsewhere(old, new):
        level = level_of(image["order"]["S"])
        return (_place(image), _node(image["node"]["S"], level == LEVELS)) if level else None
    return None


def _node(id: str, activity: bool) -> Touched:
    return Touched({id: Touch()}) if activity else Touched(uppers={id})


def _place(image: Image, project: str | None = None) -> Place:
    return Place(image["pk"]["S"].partition("#")[0], project or image["project"]["S"])


def _differs(old: Image | None, new: Image | None, *names: str) -> bool:
    return old is None or new is None or any(old.get(name) != new.get(name) for name in names)


def _stands_elsewhere(old: Image | None, new: Image | None) -> bool:
    """Whether a place has another parent; a place further up that moved takes those below along."""
    if old is None or new is None:
        return True
    return _holder(old) != _holder(new)


def _holder(image: Image) -> str:
    return last_step(holder_order(image["order"]["S"]))[-ID_LENGTH:]
