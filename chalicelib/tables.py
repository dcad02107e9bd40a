"""The tables of a stage: those that the packages declare, in one place for whoever makes them."""

from chalicelib.access import rows as access
from chalicelib.clock import rows as clock
from chalicelib.labour import rows as labour
from chalicelib.operatives import rows as operatives
from chalicelib.people import rows as people
from chalicelib.projects import rows as projects
from chalicelib.rollups import rows as rollups
from chalicelib.storage.tables import Table
from chalicelib.tree import rows as tree
from chalicelib.work import rows as work

TABLES: tuple[Table, ...] = (
    people.COMPANIES,
    projects.TABLE,
    tree.TABLE,
    operatives.TABLE,
    labour.TABLE,
    clock.TABLE,
    rollups.TABLE,
    work.TABLE,
    access.REQUESTS,
)
