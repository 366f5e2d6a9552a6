"""A test finds nothing in its database of what the test before it did there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg  # type: ignore[import-untyped]  # it has no types
import pytest

from central_server.store.engine.database import open_database
from tests.postgres import Postgres
from tests.postgres_reuse import SHAPE, ReusedDatabase

CONTENT = (
    "SELECT (SELECT count(*) FROM intents), (SELECT count(*) FROM audit_lines), (SELECT names FROM places), "
    "(SELECT version_num FROM alembic_version), nextval('audit_lines_seq_seq')"
)


@pytest.fixture
async def again(postgres: Postgres) -> AsyncIterator[ReusedDatabase]:
    again = ReusedDatabase(postgres)
    yield again
    await asyncio.to_thread(again.close)


async def left_behind(again: ReusedDatabase, statement: str) -> tuple[str, str, tuple[object, ...]]:
    """The database in which it was done, and the next one with what is in it; the connection stays open."""
    async with AsyncExitStack() as after:
        async with again.database() as url:
            connection = await asyncpg.connect(url)
            after.callback(connection.terminate)
            await connection.execute(statement)
        async with again.database() as following:
            async with open_database(following):
                pass
            looking = await asyncpg.connect(following)
            found = tuple(await looking.fetchrow(CONTENT))
            await looking.close()
    return url, following, found


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_lines (at, account, action, subject, detail, place)"
        " SELECT 0, 'a', 'b', 'c', 'd', 'all' FROM generate_series(1, 3)",
        "UPDATE places SET names = '{}'",
        "DELETE FROM alembic_version",
        "SELECT nextval('audit_lines_seq_seq') FROM generate_series(1, 9)",
        "BEGIN; LOCK TABLE places, intents",
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()",
    ],
)
async def test_rows_counters_and_locks_are_gone_from_the_same_database(
    postgres: Postgres, again: ReusedDatabase, statement: str
) -> None:
    async with postgres.database() as url:
        new = await asyncpg.connect(url)
        as_new = tuple(await new.fetchrow(CONTENT))
        await new.close()
    before, following, found = await left_behind(again, statement)
    assert (following, found) == (before, as_new)


async def test_each_change_of_the_schema_is_a_change_of_the_shape(postgres: Postgres) -> None:
    unseen = []
    async with postgres.database() as url:
        connection = await asyncpg.connect(url)
        for statement in (
            "CREATE INDEX more ON places (added_at)",
            "DROP INDEX ix_audit_lines_at",
            "ALTER TABLE places ALTER names DROP NOT NULL",
            "ALTER TABLE audit_lines DISABLE TRIGGER ALL",
            "CREATE TABLE more (id integer)",
            "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "ANALYZE places",
        ):
            before = await connection.fetchval(SHAPE)  # an estimate that an index brings stays after a rollback
            changes = connection.transaction()
            await changes.start()
            await connection.execute(statement)
            if await connection.fetchval(SHAPE) == before:
                unseen.append(statement)
            await changes.rollback()
        await connection.close()
    assert unseen == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id integer)",
        "INSERT INTO audit_lines (at, account, action, subject, detail, place)"
        " SELECT 0, 'a', 'b', 'c', repeat('d', 100), 'all' FROM generate_series(1, 30000)",
    ],
    ids=["another shape", "grown"],
)
async def test_a_database_of_another_shape_or_grown_is_not_used_again(again: ReusedDatabase, statement: str) -> None:
    before, following, _ = await left_behind(again, statement)
    assert following != before
