"""INSERT … ON CONFLICT in the dialect of the connection. SQLAlchemy has it only in the dialects of both databases.

A dialect is imported when it is used, to save the memory of the other.
"""

from typing import TYPE_CHECKING

from sqlalchemy import Table

from central_server.store.engine.connection import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """`dialect`: sqlite or postgresql."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
