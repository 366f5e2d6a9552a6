"""The database as it stands on disk."""

import asyncio
import gc
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from central_server.store.engine import leases, schema, tables
from central_server.store.engine.database import PRAGMAS, Database, open_database, sqlite_url
from central_server.store.engine.leases import Lease
from central_server.store.engine.schema import StoreRefused
from central_server.store.places import places
from tests.postgres import Postgres

pytestmark = pytest.mark.thorough

COMMUNITIES = text("SELECT count(*) FROM places WHERE kind = 'community'")
NOW = datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC)


async def test_parcels_are_stored_by_their_key(tmp_path: Path) -> None:
    async with open_database(sqlite_url(tmp_path / "central.db")) as database, database.read() as connection:
        made = (await connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'parcels'"))).scalar_one()
    assert "WITHOUT ROWID" in made


def test_the_list_of_revisions_is_complete() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(schema.REVISIONS)


async def test_a_database_is_created_and_opened_without_alembic(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom central_server.store.engine.database import open_database\n"
        f"async def main():\n async with open_database({sqlite_url(tmp_path / 'central.db')!r}): pass\n"
        "asyncio.run(main())\nasyncio.run(main())\nassert 'alembic' not in sys.modules"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-W", "error", "-c", code)
    assert await process.wait() == 0


async def test_two_processes_may_meet_an_empty_database(tmp_path: Path) -> None:
    for meeting in range(10):
        await meet(sqlite_url(tmp_path / f"{meeting}.db"))


async def test_processes_that_meet_an_empty_postgresql_take_turns(postgres: Postgres) -> None:
    for _ in range(2):
        async with postgres.empty() as url:
            await meet(url)


async def meet(url: str) -> None:
    async def begin(number: int) -> None:
        async with open_database(url) as database, database.write() as connection:
            await places.plant_community(connection, f"community {number}", NOW)

    await asyncio.gather(*(begin(number) for number in range(5)))
    async with open_database(url) as database, database.read() as connection:
        assert (await connection.execute(COMMUNITIES)).scalar() == 5


async def test_every_connection_is_durable(tmp_path: Path) -> None:
    async with (
        open_database(sqlite_url(tmp_path / "central.db")) as database,
        database.read() as one,
        database.read() as two,
        database.write() as three,
    ):
        for connection in (one, two, three):
            for name, wanted in PRAGMAS.items():
                assert (await connection.execute(text(f"PRAGMA {name}"))).scalar() == wanted


async def test_a_newer_or_foreign_database_is_refused(tmp_path: Path) -> None:
    newer, foreign, none = tmp_path / "newer.db", tmp_path / "foreign.db", tmp_path / "none.db"
    async with open_database(sqlite_url(newer)):
        pass
    for file, change in (
        (newer, "UPDATE alembic_version SET version_num = '9999'"),
        (foreign, "CREATE TABLE notes (id INTEGER)"),
    ):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(change)
    none.write_bytes(b"this is no database at all" * 100)
    for file, words in ((newer, "9999"), (foreign, "none of ours"), (none, "not a SQLite database")):
        with pytest.raises(StoreRefused, match=words):
            async with open_database(sqlite_url(file)):
                pass


async def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await places.plant_community(connection, "huada", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as connection:
        assert (await connection.execute(COMMUNITIES)).scalar() == 0


async def test_writers_that_are_cancelled_leave_the_store_usable(database: Database) -> None:
    async def write(name: str) -> None:
        async with database.write() as connection:
            await places.plant_community(connection, name, NOW)

    gc.freeze()  # looks below at what came since then, not at all that this process ever made
    for turns in range(0, 60, 3):
        task = asyncio.create_task(write(f"cancelled {turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        gc.collect()  # a connection that was lost half-way complains here
    gc.unfreeze()
    async with asyncio.timeout(60):
        await write("huada")
    async with database.read() as connection:
        found = set((await connection.execute(text("SELECT id FROM places"))).scalars())
    assert "huada" in found


async def test_times_come_back_as_they_went_in(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
    async with database.read() as connection:
        found = await connection.execute(tables.places.select().where(tables.places.c.id == "huada"))
        assert found.one().added_at == NOW


async def test_a_lease_has_one_holder_until_it_runs_out(database: Database) -> None:
    minute = timedelta(minutes=1)
    async with database.write() as connection:
        assert await leases.take(connection, "work", "a", NOW, NOW + minute)
        assert not await leases.take(connection, "work", "b", NOW + minute / 2, NOW + 2 * minute)
        assert await leases.take(connection, "work", "a", NOW + minute / 2, NOW + 2 * minute)
        assert not await leases.take(connection, "work", "b", NOW + minute, NOW + 3 * minute)
        assert await leases.take(connection, "work", "b", NOW + 2 * minute, NOW + 3 * minute)


async def test_a_held_lease_is_prolonged_at_half_its_time_and_goes_to_another_after_its_end(database: Database) -> None:
    second = timedelta(seconds=1)
    ours, theirs = (Lease(database, "work", holder, NOW, 30 * second) for holder in ("a", "b"))
    assert [await ours.is_ours(NOW + second), await theirs.is_ours(NOW + 2 * second)] == [True, False]
    assert await ours.is_ours(NOW + 15 * second), "still the first half"
    assert not await theirs.is_ours(NOW + 30 * second)
    assert await theirs.is_ours(NOW + 31 * second)
    assert not await ours.is_ours(NOW + 32 * second)
    assert await theirs.is_ours(NOW + 47 * second), "the second half: prolonged"
    assert not await ours.is_ours(NOW + 76 * second)
    assert await ours.is_ours(NOW + 77 * second)
