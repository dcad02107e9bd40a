"""What AWS refuses, or does with loss, when one template follows another. Emulators accept all of it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from collections.abc import Iterator
from typing import Any

from infra.release.shape import TABLE, Shape, name_of

MOST_INDEXES = 20


def findings(old: Shape, new: Shape) -> list[str]:
    """Why the new template must not follow the old one; empty where it may."""
    return [*_of_names(old, new), *_of_tables(old, new)]


def _of_names(old: Shape, new: Shape) -> Iterator[str]:
    """CloudFormation makes the new before it removes the old, and a name is taken until then."""
    before = {(each["Type"], name_of(each)): logical for logical, each in old.items()}
    for logical, each in new.items():
        was = before.get((each["Type"], name_of(each)), logical)
        if was != logical:
            yield f"{logical}: the name {name_of(each)} is {was}'s; another resource cannot take it in one update"


def _of_tables(old: Shape, new: Shape) -> Iterator[str]:
    for logical, each in old.items():
        if each["Type"] != TABLE:
            continue
        if logical not in new:
            yield f"{logical}: it is gone from the template; the table stays in the account with its rows, unseen"
        else:
            yield from (f"{logical}: {text}" for text in _of_table(each["Properties"], new[logical]["Properties"]))
    for logical, each in new.items():
        if each["Type"] == TABLE and (number := len(_indexes(each["Properties"]))) > MOST_INDEXES:
            yield f"{logical}: {number} indexes; a table has {MOST_INDEXES} at most"


def _of_table(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old["TableName"] != new["TableName"]:
        yield f"{old['TableName']} becomes {new['TableName']}: an empty table takes its place"
    if old["KeySchema"] != new["KeySchema"]:
        yield "its key changes: an empty table takes its place"
    types, newer = _types(old), _types(new)
    for name in sorted(types.keys() & newer.keys()):
        if types[name] != newer[name]:
            yield f"the key attribute {name} changes its type: an empty table takes its place"
    yield from _of_streams(old, new)
    yield from _of_indexes(_indexes(old), _indexes(new))


def _of_streams(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for what in ("StreamSpecification", "TimeToLiveSpecification"):
        if old.get(what) and new.get(what) and old[what] != new[what]:
            yield f"{what} changes in one step: AWS takes it off first, 2 releases"


def _of_indexes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """One index is made or removed in an update; one that changes is removed and made."""
    changed = [name for name in old.keys() & new.keys() if old[name] != new[name]]
    steps = [
        *(f"remove {name}" for name in sorted({*(old.keys() - new.keys()), *changed})),
        *(f"make {name}" for name in sorted({*(new.keys() - old.keys()), *changed})),
    ]
    if len(steps) > 1:
        yield f"{len(steps)} index changes must come in {len(steps)} releases, one each: {', '.join(steps)}"


def _indexes(table: dict[str, Any]) -> dict[str, Any]:
    return {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", [])}


def _types(table: dict[str, Any]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
