"""What is different where writers run beside each other, and where the database is a server that may go away."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from sqlalchemy import select, text

from central_server.store.engine import leases, postgresql, process_events
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import (
    Database,
    StoreCollision,
    StoreRefused,
    StoreUnavailable,
    ValueRefused,
    open_database,
)
from central_server.store.engine.process_events import Topic
from central_server.store.engine.tables import sequences
from central_server.store.places import places
from sync_contract.records import Receipt
from tests.fakes.central_process import RunningBank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.postgres import Postgres
from tests.unit.central_server.conftest import enrolled

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


async def run(database: Database, statement: str) -> object:
    async with database.write() as connection:
        return (
            (await connection.execute(text(statement))).scalar()
            if statement.startswith("SELECT")
            else (await connection.execute(text(statement)))
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER DATABASE {name} SET synchronous_commit = off", "synchronous_commit"),
        ("CREATE TABLE notes (id integer)", "none of ours"),
    ],
)
async def test_a_database_that_will_not_do_is_refused(postgres: Postgres, change: str, words: str) -> None:
    async with postgres.empty() as url:
        await postgres.execute(url, change.format(name=urlsplit(url).path[1:]))
        with pytest.raises(StoreRefused, match=words):
            async with open_database(url):
                pass


async def test_a_wrong_name_is_refused_and_an_absent_server_is_waited_for(postgres: Postgres, tmp_path: Path) -> None:
    for url, kind in (
        (postgres.url("nobody_made_it"), StoreRefused),
        (postgres.url("postgres").replace("beacon@", "stranger@"), StoreRefused),
        (f"postgresql://beacon@/x?host={tmp_path}", StoreUnavailable),
        ("postgresql://beacon@127.0.0.1:1/x", StoreUnavailable),
    ):
        with pytest.raises(kind):
            async with open_database(url):
                pass


@pytest.mark.parametrize("value", ["\ud800", 2**70, "\0"])
async def test_a_value_that_no_column_holds_is_refused_by_name(database: Database, value: object) -> None:
    if value == "\0" and not database.dsn:
        value = "\udfff"  # SQLite holds a NUL
    column = sequences.c.highest if isinstance(value, int) else sequences.c.epoch
    async with database.read() as connection:
        with pytest.raises(ValueRefused):
            await connection.execute(select(sequences).where(column == value))
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)


async def test_reading_sees_one_state_and_writes_nothing(postgres: Postgres) -> None:
    count = text("SELECT count(*) FROM leases")
    async with postgres.database() as url, open_database(url) as database:
        async with database.read() as connection:
            before = (await connection.execute(count)).scalar()
            async with database.write() as other:
                assert await leases.take(other, "work", "a", NOW, NOW)
            assert (await connection.execute(count)).scalar() == before
        with pytest.raises(StoreUnavailable, match="read-only"):
            async with database.read() as connection:
                await leases.give_back(connection, "a")


async def test_what_collides_is_done_anew_and_nothing_is_lost(postgres: Postgres) -> None:
    """Two transfers lock the same two rows in opposite order, again and again: PostgreSQL breaks each deadlock."""
    async with postgres.database() as url, open_database(url) as database:
        await run(database, "CREATE TABLE pots (id integer PRIMARY KEY, count integer)")
        await run(database, "INSERT INTO pots VALUES (1, 0), (2, 0)")
        both = asyncio.Barrier(2)
        tries = 0

        async def transfer(one: int, other: int) -> None:
            first = True

            async def work(connection: Connection) -> None:
                nonlocal tries, first
                tries += 1
                await connection.execute(text(f"UPDATE pots SET count = count + 1 WHERE id = {one}"))
                if first:  # each has its first row before it wants the second
                    first = False
                    await both.wait()
                await connection.execute(text(f"UPDATE pots SET count = count + 1 WHERE id = {other}"))

            await database.written(work)

        for _ in range(3):
            await asyncio.gather(transfer(1, 2), transfer(2, 1))
        async with database.read() as connection:
            count = (await connection.execute(text("SELECT count FROM pots"))).scalars().all()
    assert list(count) == [6, 6]
    assert tries > 6


async def test_what_always_collides_is_given_up(database: Database) -> None:
    tries = 0

    async def collide(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        raise StoreCollision

    with pytest.raises(StoreUnavailable):
        await database.written(collide)
    assert tries == 5


async def test_a_statement_has_its_time_and_a_migration_all_it_needs(postgres: Postgres) -> None:
    limits = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    async with postgres.database() as url, open_database(url) as database:
        async with database.read() as connection:
            assert tuple((await connection.execute(limits)).one()) == ("20s", "5s")
        patient = postgresql.engine(url, 1, patient=True)
        async with Database(patient, url).write() as connection:
            assert tuple((await connection.execute(limits)).one()) == ("0", "0")
        await patient.dispose()


async def test_more_writers_than_connections_wait_for_their_turn(postgres: Postgres) -> None:
    async with postgres.database() as url, open_database(url, connections=3) as database:

        async def plant(number: int) -> None:
            async with database.write() as connection:
                await places.plant_community(connection, f"c{number}", NOW)

        await asyncio.gather(*(plant(number) for number in range(40)))
        assert await run(database, "SELECT count(*) FROM places WHERE kind = 'community'") == 40


async def test_a_change_is_heard_when_it_is_committed_and_only_then(database: Database) -> None:
    heard: asyncio.Queue[Topic] = asyncio.Queue()
    listening = asyncio.create_task(process_events.listen(database, heard.put_nowait, alive=lambda: None, every_s=600))
    try:
        async with asyncio.timeout(120):
            assert {await heard.get() for _ in Topic} == set(Topic)
        if database.dsn:
            with pytest.raises(ZeroDivisionError):
                await notify_and_fail(database)
            async with database.write() as connection:
                await process_events.notify(connection, Topic.gifts)
                assert heard.empty()
            async with asyncio.timeout(120):
                assert await heard.get() is Topic.gifts
        assert heard.empty()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def notify_and_fail(database: Database) -> None:
    async with database.write() as connection:
        await process_events.notify(connection, Topic.catalogue)
        raise ZeroDivisionError


async def test_a_listener_that_is_cut_off_says_so(postgres: Postgres) -> None:
    async with postgres.database() as url, open_database(url) as database:
        heard = asyncio.Event()
        listening = asyncio.create_task(
            process_events.listen(database, lambda topic: heard.set(), alive=lambda: None, every_s=600)
        )
        async with asyncio.timeout(120):
            await heard.wait()
        await postgres.execute(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        with pytest.raises(StoreUnavailable, match="lost"):
            async with asyncio.timeout(120):
                await listening


@pytest.mark.parametrize(("how", "tries"), [(signal.SIGINT, 0), (signal.SIGQUIT, 3)])
async def test_the_server_outlives_a_restart_of_postgresql(
    postgres: Postgres,
    bank: RunningBank,
    session: aiohttp.ClientSession,
    tmp_path: Path,
    how: signal.Signals,
    tries: int,
) -> None:
    async with postgres.database() as url, running_central(tmp_path / "central", bank, store=url) as central:
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        before = gateway.intent()
        assert [receipt.receipt for receipt in await gateway.deliver([before])] == [Receipt.accepted]
        postgres.stop(how)
        try:
            while_away = gateway.intent()
            for _ in range(tries):
                status, answer = await gateway.post_batch({"contract": 1, "parcels": [as_json(while_away)]})
                assert status == 503, answer
        finally:
            postgres.start()
        receipts = await gateway.deliver([before, while_away])  # at once, without one more refusal
        assert [receipt.receipt for receipt in receipts] == [Receipt.duplicate, Receipt.accepted]
        async with asyncio.timeout(120):
            while True:
                async with session.get(f"{central.url}/healthz") as health:
                    stages = (await health.json())["stages"]
                if all(stages[name]["state"] == "running" for name in ("bank", "changes")):
                    break
                await asyncio.sleep(0.1)
