"""The tables of a stage: those that the packages declare, in one place for whoever makes them."""

from chalicelib.clock import rows as clock
from chalicelib.identity import rows as identity
from chalicelib.labour import rows as labour
from chalicelib.operatives import rows as operatives
from chalicelib.projects import rows as projects
from chalicelib.rollups import rows as rollups
from chalicelib.storage.tables import Table
from chalicelib.work import rows as work

TABLES: tuple[Table, ...] = (
    identity.COMPANIES,
    projects.TABLE,
    operatives.TABLE,
    labour.TABLE,
    clock.TABLE,
    rollups.TABLE,
    work.TABLE,
    identity.REQUESTS,
)
