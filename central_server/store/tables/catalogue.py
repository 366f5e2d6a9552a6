"""What is published to the gateways."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from central_server.store.instant import Instant
from central_server.store.tables.metadata import metadata

catalogues = Table(
    "catalogues",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
)
