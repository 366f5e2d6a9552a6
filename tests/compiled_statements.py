"""Share compiled statements between the databases that one test process opens.

Each test opens databases of its own, and each of those would compile the same statements again: a sixth of the
processor time of a test with a server.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

_COMPILED: dict[Any, Any] = {}
"""By dialect and statement: SQLAlchemy's `compiled_cache`."""


class _SharedDialect:
    """Makes two dialects of one class equal, because they compile every statement to the same text."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class SharedSqlite(_SharedDialect, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class SharedPostgresql(_SharedDialect, PGDialect_asyncpg):
    supports_statement_cache = True


def share_compiled_statements() -> None:
    """Let every engine of this process use the shared statements."""
    registry.register("sqlite.aiosqlite", __name__, SharedSqlite.__name__)
    registry.register("postgresql.asyncpg", __name__, SharedPostgresql.__name__)
