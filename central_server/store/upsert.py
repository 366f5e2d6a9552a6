"""INSERT … ON CONFLICT, which SQLite and PostgreSQL both have and SQLAlchemy keeps in their dialects."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from central_server.store.connection import Connection


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
