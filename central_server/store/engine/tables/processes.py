"""The table of leases, by which server processes divide periodic jobs."""

from sqlalchemy import Column, String, Table

from central_server.store.engine.tables.metadata import metadata
from central_server.store.engine.timestamps import Instant

leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", Instant, nullable=False),
)

installation = Table(
    "installation",
    metadata,
    Column("environment", String(8), primary_key=True),
)
