"""Which activities and nodes records of the labour and projects tables speak of; nothing more of them is trusted."""

from collections.abc import Iterable
from typing import Any

from chalicelib.rollups.reads import Touched
from chalicelib.rollups.sources import Place, is_activity
from chalicelib.rollups.steps import Touch

Records = Iterable[dict[str, Any]]


def touched(records: Records) -> dict[Place, Touched]:
    """Where to look in each project."""
    found: dict[Place, Touched] = {}
    for record in records:
        for image in (record.get("OldImage"), record.get("NewImage")):
            hit = _of_image(image) if image else None
            if hit is not None:
                place, what = hit
                found.setdefault(place, Touched()).join(what)
    return found


def projects_made(records: Records) -> list[dict[str, Any]]:
    """The new projects among the records."""
    new = [record["NewImage"] for record in records if "NewImage" in record and "OldImage" not in record]
    return [image for image in new if image["sk"]["S"] == "project"]


def _of_image(image: dict[str, Any]) -> tuple[Place, Touched] | None:
    company, _, _ = image["pk"]["S"].partition("#")
    sk = image["sk"]["S"]
    if "activity" in image:  # a booking
        booked = Touched({image["activity"]["S"]: Touch({sk})})
        return Place(company, image["project"]["S"]), booked
    if sk.startswith("node#"):
        id = image["id"]["S"]
        node = Touched({id: Touch()}) if is_activity(image) else Touched({}, {id})
        return Place(company, image["project"]["S"]), node
    if sk == "project":
        return Place(company, image["id"]["S"]), Touched({}, set(), True)
    return None
