"""Which schema a database has, and bringing it to ours. Alembic is imported only when there is work for it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from central_server.errors import CentralError

HEAD = "0018"
"""The newest revision in migrations/versions; a test holds it to that."""
KNOWN = (*(f"{number:04}" for number in range(1, int(HEAD))), HEAD)


class StoreRefused(CentralError):
    """The database cannot be used as it is: not ours, newer than this program, or not as durable as demanded."""


def at_head(connection: Connection) -> bool:
    """Raises StoreRefused when the schema is not one that this program knows."""
    return revision(connection) == HEAD


def revision(connection: Connection) -> str | None:
    """None for an empty database. Raises StoreRefused."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreRefused("the database holds tables, but none of ours")
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found not in KNOWN:
        raise StoreRefused(f"the database has schema {found}, this program knows up to {HEAD}: start a newer program")
    return found


def upgrade(connection: Connection) -> None:
    """All missing revisions, in the transaction of `connection`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
