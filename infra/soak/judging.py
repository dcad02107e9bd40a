"""What must hold once the load is over and everything has settled."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from infra.gates import Say
from infra.soak.mirror import Row, cost_codes_wrong, joined_wrongly
from infra.soak.site import Shift, Site

PATIENCE = 300.0  # seconds for the figures to settle
MOST = 0.8  # of the shifts that begin end within the run


def judged(site: Site, say: Say) -> list[str]:
    """What is not as it must be."""
    wrong = _settled(site)
    sources = {name: list(site.owner.every(f"{each.path}?page_size=200")) for name, each in site.mirrors.items()}
    entries, nodes = sources["labour"], {row["id"]: row for row in sources["wbs"]}
    hands = {row["id"]: row["external_clock_id"] for row in sources["operatives"]}
    wrong += told_to_both_ends(len(site.arrived), len(site.worked))
    wrong += explained(entries, hands, site)
    wrong += _mirrored(site, sources, say)
    wrong += spent_wrongly(entries, nodes, _spent_by_node(site))
    return wrong + _drift(site, say)


def told_to_both_ends(arrived: int, worked: int) -> list[str]:
    """Nothing is proved of shifts that never end."""
    return [] if worked >= MOST * arrived > 0 else [f"of {arrived} shifts only {worked} were told to both ends"]


def explained(entries: Sequence[Row], hands: Mapping[str, str | None], site: Site) -> list[str]:
    """Each shift whose both ends were kept is one entry, or one that a person deleted; every other entry a person made.

    It has the hours that the clock told, or those that a person set.
    """
    found, wrong, known = Counter[Shift](), list[str](), {f"gate-{number}": number for number in range(site.devices)}
    for row in entries:
        if row["source"] != "clock":
            wrong += [] if row["id"] in site.made else [f"nobody made {row['id']}"]
            continue
        shift = known.get(hands[row["operative"]] or "", -1), row["date"]
        found[shift] += 1
        hours = site.edited.get(row["id"], site.worked.get(shift))
        if hours != Decimal(str(row["hours"])):
            wrong.append(f"{row['id']} of {shift} has {row['hours']} hours, told were {hours}")
    for row in site.deleted.values():
        found[known.get(hands[row["operative"]] or "", -1), row["date"]] += row["source"] == "clock"
    wrong += [f"lost: {shift}" for shift in sorted(site.worked.keys() - +found)]
    wrong += [f"lost: {id}" for id in sorted(site.made - {row["id"] for row in entries} - site.deleted.keys())]
    return wrong + [f"doubled: {shift}" for shift, count in sorted(found.items()) if count > 1]


def _mirrored(site: Site, sources: Mapping[str, list[Row]], say: Say) -> list[str]:
    """What a last look does not make equal to its source, or does not join."""
    wrong = []
    for name, each in site.mirrors.items():
        each.look(site.owner)
        wrong += each.differences(sources[name])
        say(f"the mirror of {name} looked {each.looks} times and has {len(each.rows)} rows")
    mirrors = {name: each.rows for name, each in site.mirrors.items()}
    wrong += joined_wrongly(sources["labour"], mirrors["wbs"], mirrors["clashes"].values())
    codes = site.owner.every(f"/projects/{site.project}/cost-codes/?page_size=200")
    return wrong + cost_codes_wrong(mirrors["wbs"].values(), codes)


def spent_by_node(entries: Iterable[Row], nodes: Mapping[str, Row]) -> dict[str, Decimal]:
    """The approved hours of each node, with those of all below it."""
    spent = defaultdict[str, Decimal](Decimal)
    for row in entries:
        node = row["wbs"] if row["status"] == "approved" else None
        while node is not None:
            spent[node] += Decimal(str(row["hours"]))
            node = nodes[node]["parent"]
    return dict(spent)


def spent_wrongly(entries: Iterable[Row], nodes: Mapping[str, Row], shown: Mapping[str, Decimal]) -> list[str]:
    """The nodes whose actual hours are not the approved hours below them."""
    right = spent_by_node(entries, nodes)
    return [
        f"{right.get(node, 0)} hours are approved below {nodes[node]['name']}, and AC is {shown.get(node)}"
        for node in nodes
        if shown.get(node) != right.get(node, Decimal(0))
    ]


def approved(entries: Iterable[Row]) -> Decimal:
    """The hours that are approved."""
    return sum((Decimal(str(row["hours"])) for row in entries if row["status"] == "approved"), Decimal(0))


def _spent_by_node(site: Site) -> dict[str, Decimal]:
    pages = (f"/reports/kpis/?project={site.project}&level={level}&page_size=200" for level in range(1, 5))
    rows = (row for page in pages for row in site.owner.every(page))
    return {row["node"]: Decimal(str(row["ac"])) for row in rows}


def _settled(site: Site) -> list[str]:
    """Wait until the hours are in the figures; the project's must be all that are approved."""
    until = time.monotonic() + PATIENCE
    while True:
        right = approved(site.owner.every(f"/labour/?project={site.project}&page_size=200"))
        figures: Any = site.owner.call("GET", f"/projects/{site.project}/kpis/")
        if right == (ac := Decimal(str(figures["ac"]))):
            return [] if right else ["no hours were approved"]
        if time.monotonic() > until:
            return [f"{right} hours are approved, and AC is {ac}"]
        time.sleep(2)


def _drift(site: Site, say: Say) -> list[str]:
    """Sums that are not as their sources, once the schedule has done what was left to it."""
    from chalicelib.rollups.attempt import REPAIRS  # with the settings of the service that has been started since
    from chalicelib.rollups.repairs import rebuild
    from chalicelib.rollups.rows import Repair
    from chalicelib.rollups.sources import Place
    from chalicelib.storage.queries import Query
    from chalicelib.storage.store import store

    until, left = time.monotonic() + PATIENCE, Query(model=Repair, hash=REPAIRS)
    say(f"{store().count(left)} activities were left to the schedule")
    while store().count(left):
        if time.monotonic() > until:
            return [f"{store().count(left)} activities are left for ever"]
        time.sleep(2)
    drift = rebuild(store(), Place(site.company, site.project))
    say(f"{drift} sums were wrong")
    return [f"{drift} sums were wrong"] if drift else []
