"""What names a person taken out of the free text that rows and kept answers hold.

Texts of an operative's own hours, clashes and punches go, whoever wrote them, and so does whatever the user wrote.
Elsewhere the full name and the e-mail are put out of a text that has them. An operator's command reads whole tables
for it; no request does.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.storage.attributes import from_wire, to_wire
from chalicelib.storage.store import Store
from chalicelib.storage.tables import UPDATED
from chalicelib.times import stamp, utc_now
from infra.company_rows import Item, items

GONE = "(anonymised)"
TEXTS = frozenset({"note", "reason", "rejection_reason"})
TABLES = frozenset({"labour", "clock", "projects", "companies"})
WRITERS = ("by", "user", "submitted_by", "measured_by", "closed_by", "reopened_by")
ATTEMPTS = 8


class Forgotten(Struct, frozen=True):
    """Who is forgotten: their ids, the names and addresses by which texts may call them, and what stands there then."""

    company: str
    operative: str | None
    user: str | None
    names: tuple[str, ...]
    label: str


class Forgetting:
    """Values without what names a person; numbers, dates and ids stay as they are."""

    def __init__(self, person: Forgotten, entries: frozenset[str], written: frozenset[tuple[str, str]]) -> None:
        self.person, self._entries, self._written = person, entries, written
        named = [re.escape(name) for name in person.names if len(name.split()) > 1 or "@" in name]
        self._named = re.compile(rf"(?<!\w)({'|'.join(named)})(?!\w)", re.IGNORECASE) if named else None

    def cleaned(self, value: Any, name: str = "", *, own: bool = False, of: str = "") -> Any:
        """A plain value as it may stay; ``own`` says that it is of the person, ``of`` of which row it is."""
        if isinstance(value, dict):
            own = own or self.owns(value)
            of = value["id"] if isinstance(value.get("id"), str) else of
            code = {"reason"} if "clock_id" in value else set()  # why an event waits, which nobody wrote
            token = "user" in value  # whose label is text; that of a claim is the name of a node
            kept = {
                key: self.cleaned(each, "note" if token and key == "label" else key, own=own, of=of)
                for key, each in value.items()
                if key not in code
            }
            return value | kept
        if isinstance(value, list):
            return [self.cleaned(each, name, own=own, of=of) for each in value]
        if not isinstance(value, str):
            return value
        if name == "as_sent":
            return None if own else value
        return self._text(value, own or (of, value) in self._written) if name in TEXTS else value

    def owns(self, value: Mapping[str, Any]) -> bool:
        """Whether a document is of the operative, or written by the user."""
        person = self.person
        by = person.user is not None and any(value.get(name) == person.user for name in WRITERS)
        return by or (person.operative is not None and value.get("operative") == person.operative)

    def _text(self, text: str, own: bool) -> str:
        if own:
            return GONE
        return self._named.sub(self.person.label, text) if self._named else text

    def of_row(self, item: Item) -> dict[str, Any]:
        """The attributes of a row that change, with their new values."""
        row = {name: from_wire(value) for name, value in item.items() if "B" not in value}
        _, _, of = row["pk"].partition("#")
        about = of.partition("#")[0]  # an entry, or the operative of a day
        own = about in self._entries or (self.person.operative is not None and about == self.person.operative)
        cleaned = self.cleaned(row, own=own, of=about)
        return {name: value for name, value in cleaned.items() if value != row[name]}


def forgetting(here: Store, person: Forgotten) -> Forgetting:
    """What is to go, from a first reading of the company's labour."""
    entries, written = set[str](), set[tuple[str, str]]()
    for item in _rows(here, person.company):
        if person.operative and item["sk"]["S"] in ("entry", "deleted") and _is(item, "operative", person.operative):
            entries.add(item["id"]["S"])
        if person.user and item["sk"]["S"].startswith("audit#") and _is(item, "by", person.user):
            of = item["pk"]["S"].partition("#")[2]
            written.update((of, text) for text in _texts(item))
    return Forgetting(person, frozenset(entries), frozenset(written))


def _is(item: Item, name: str, value: str) -> bool:
    return bool(item.get(name, {}).get("S") == value)


def _texts(audit: Item) -> Iterator[str]:
    """What somebody wrote with a step of an entry: the reason, and the note that became of it."""
    changes = from_wire(audit.get("changes", {"M": {}})) or {}
    found = [from_wire(audit["reason"])] if "reason" in audit else []
    return (text for text in [*found, *changes.get("note", [])[1:]] if text)


def _rows(here: Store, company: str) -> Iterator[Item]:
    return (item for table, item in items(here, company) if table == "labour")


def forget_texts(here: Store, known: Forgetting) -> int:
    """Put the cleaned texts into the rows; how many rows there were. What is done already is not done again."""
    return sum(
        _rewritten(here, table, item, known)
        for table, item in items(here, known.person.company)
        if table in TABLES and "pk" in item
    )


def _rewritten(here: Store, table: str, item: Item, known: Forgetting) -> bool:
    place = {name: item[name] for name in ("pk", "sk")}
    for attempt in range(ATTEMPTS):
        changed = known.of_row(item)
        if not changed:
            return attempt > 0
        if here.transact_or_skip({"Update": {"TableName": here.name(table), "Key": place} | _update(item, changed)}):
            return True
        found = here.call("get_item", TableName=here.name(table), Key=place, ConsistentRead=True)
        if "Item" not in found:
            return False
        item = found["Item"]
    raise Unavailable


def _update(item: Item, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The changed attributes, unless the row has changed since it was read. Its version and its time of change move."""
    new = {name: to_wire(value) for name, value in changed.items()}
    if "version" in item:
        new["version"] = {"N": str(int(item["version"]["N"]) + 1)}
    if UPDATED.range in item:
        at = stamp(utc_now())
        new |= {"updated_at": {"S": at}, UPDATED.range: {"S": f"{at}#{item['id']['S']}"}}
    names = {f"#n{n}": name for n, name in enumerate(new)}
    values = {f":v{n}": value for n, value in enumerate(new.values())}
    old = {f":o{n}": item[name] for n, name in enumerate(new)}
    return {
        "UpdateExpression": "SET " + ", ".join(f"#n{n} = :v{n}" for n in range(len(new))),
        "ConditionExpression": " AND ".join(f"#n{n} = :o{n}" for n in range(len(new))),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values | old,
    }
