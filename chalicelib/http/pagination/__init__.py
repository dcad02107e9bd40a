"""Lists: what they take and give, where their rows are, and the one walk through all of them."""

from chalicelib.http.pagination.answers import (
    Changes,
    ChangesQuery,
    Deleted,
    Listed,
    PageQuery,
    Search,
    Since,
    Summed,
    Totals,
)
from chalicelib.http.pagination.source import Rule, Source, changed, incremental, words
from chalicelib.http.pagination.walk import SYNC_LAG, listed, stretch
from chalicelib.http.pagination.whole import listed_whole

__all__ = [
    "SYNC_LAG",
    "Changes",
    "ChangesQuery",
    "Deleted",
    "Listed",
    "PageQuery",
    "Rule",
    "Search",
    "Since",
    "Source",
    "Summed",
    "Totals",
    "changed",
    "incremental",
    "listed",
    "listed_whole",
    "stretch",
    "words",
]
