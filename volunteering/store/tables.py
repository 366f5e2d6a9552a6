"""Define the tables of this part. `community` names a place of the central server, without a foreign key."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from central_server.store.engine.tables.metadata import Counted
from central_server.store.engine.tables.metadata import metadata as central
from central_server.store.engine.timestamps import Instant

metadata = MetaData(naming_convention=central.naming_convention)


def _id() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def _community() -> Column[str]:
    return Column("community", String(64), nullable=False)


opportunities = Table(
    "vol_opportunities",
    metadata,
    _id(),
    _community(),
    Column("environment", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("meeting", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index(None, "community", "kind", "state"),
)
"""`title`, `about`, `meeting`: texts in three languages as JSON; `about` may be empty."""

shifts = Table(
    "vol_shifts",
    metadata,
    _id(),
    Column("opportunity", String(32), nullable=False),
    _community(),
    Column("environment", String(8), nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Index(None, "opportunity"),
    Index(None, "community", "ends"),
)

state_changes = Table(
    "vol_state_changes",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    _community(),
    Column("record", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "record"),
)
"""Every change of every record. `kind`: of the record; `by`: a staff account, or the id of a person."""
