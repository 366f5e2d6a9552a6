"""Databases of before: grown at an older revision, filled by a test, and brought over by whoever opens them next."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from central_server.store.engine import schema
from central_server.store.engine.database import Database, open_database, sqlite_url
from tests.postgres import Postgres

KINDS = ["sqlite", "postgresql"]


@asynccontextmanager
async def brought_over_from(
    revision: str, fill: Callable[[Connection], None], kind: str, folder: Path, postgres: Postgres
) -> AsyncIterator[Database]:
    """A database that was at `revision`, with what `fill` put into it, as it is now. `kind`: one of KINDS."""
    if kind == "sqlite":
        async with _brought_over(sqlite_url(folder / "central.db"), revision, fill) as database:
            yield database
    else:
        async with postgres.empty() as url, _brought_over(url, revision, fill) as database:
            yield database


@asynccontextmanager
async def _brought_over(url: str, revision: str, fill: Callable[[Connection], None]) -> AsyncIterator[Database]:
    def to_the_old_schema(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        fill(connection)

    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr("central_server.store.engine.database.upgrade", to_the_old_schema)
        async with open_database(url):
            pass
    async with open_database(url) as database:
        yield database
