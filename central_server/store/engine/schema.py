"""Which schema revision a database has, and the way to the newest. Alembic is imported only to upgrade an older one."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from central_server.errors import CentralError
from central_server.store.engine.schema_creation import create_schema

REVISIONS = ("0001",)
"""Every revision in migrations/versions, oldest first; a test compares them."""
MIGRATIONS = Path(__file__).parent / "migrations"


class StoreRefused(CentralError):
    """The database cannot be used: not ours, newer than this program, or less durable than required."""


def newest_revision() -> str:
    return REVISIONS[-1]


def is_known(revision: str) -> bool:
    return revision in REVISIONS


def find_revision(connection: Connection) -> str | None:
    """Return the database's revision, None for an empty database. Raises StoreRefused."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreRefused("the database holds tables, but none of ours")
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None or not is_known(found):
        raise StoreRefused(
            f"the database has schema {found}, this program knows up to {newest_revision()}: start a newer program"
        )
    return found


def upgrade(connection: Connection, found: str | None) -> None:
    """Create the schema if there is none, else apply all missing revisions, in the transaction of `connection`."""
    if found is None:
        create_schema(connection, newest_revision())
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
