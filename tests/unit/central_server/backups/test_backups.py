"""A restored backup equals the original on both databases, also if it was made during writes."""

import asyncio
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from central_server.backups import archive, postgresql_dump
from central_server.backups.backup import BackupFailed, Source, take
from central_server.backups.backup_restore import restore
from central_server.store.engine.database import Database, open_database
from central_server.store.engine.tables import attempts, intents, ledger_lines
from tests.postgres import Postgres
from tests.sqlite import put_database
from tests.unit.central_server.backup_world import AT, everything, fill, keys, state_in
from tests.unit.central_server.ledger_world import gave


@asynccontextmanager
async def elsewhere(like: str, folder: Path, postgres: Postgres | None) -> AsyncIterator[Source]:
    """An empty target: another state folder, and for PostgreSQL another database."""
    if postgres is None:
        assert like.startswith("sqlite")
        yield Source(f"sqlite+aiosqlite:///{folder / 'central.db'}", folder)
        return
    async with postgres.empty() as url:
        yield Source(url, folder)


def names_in(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


@pytest.fixture
def cluster(store_url: str, request: pytest.FixtureRequest) -> Postgres | None:
    return request.getfixturevalue("postgres") if store_url.startswith("postgresql") else None


async def test_random_databases_are_restored_exactly(store_url: str, cluster: Postgres | None, tmp_path: Path) -> None:
    source = state_in(tmp_path / "central", store_url)
    for seed in range(6 if cluster is None else 2):  # pg_dump and pg_restore are not ours
        async with open_database(store_url) as database:
            await fill(database, seed)
        file = tmp_path / f"{seed}.tar"
        manifest = await asyncio.to_thread(take, source, file, AT)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        before = await everything(store_url)
        async with elsewhere(store_url, tmp_path / f"back-{seed}", cluster) as into:
            with file.open("rb") as content:
                assert archive.read_manifest(content) == manifest
                done = await asyncio.to_thread(restore, content, manifest, into, AT)
            assert done.aside is None
            assert await everything(into.url) == before
            assert keys(into.state) == keys(source.state)
    assert not list(tmp_path.glob(".beacon*")), "a draft is left"


async def test_a_backup_during_writes_is_consistent(store_url: str, cluster: Postgres | None, tmp_path: Path) -> None:
    source = state_in(tmp_path / "central", store_url)
    written: list[str] = []
    meanwhile = 0
    stop = asyncio.Event()

    async def write(database: Database) -> None:
        while not stop.is_set():
            async with database.write() as connection:
                gift = await gave(connection, 100)
            written.append(gift.id)

    async with open_database(store_url) as database:
        writing = asyncio.create_task(write(database))
        while len(written) < 20:
            await asyncio.sleep(0)
        for number in count():
            at_least = len(written)
            await asyncio.to_thread(take, source, tmp_path / f"{number}.tar", AT)
            meanwhile += len(written) - at_least
            async with elsewhere(store_url, tmp_path / f"back-{number}", cluster) as into:
                with (tmp_path / f"{number}.tar").open("rb") as content:
                    manifest = archive.read_manifest(content)
                    await asyncio.to_thread(restore, content, manifest, into, AT)
                async with open_database(into.url) as back, back.read() as connection:
                    paid = set((await connection.execute(select(attempts.c.id))).scalars())
                    meant = set((await connection.execute(select(intents.c.id))).scalars())
                    lines = (await connection.execute(select(ledger_lines.c.intent))).scalars().all()
                assert len(paid) >= at_least
                assert paid == set(written[: len(paid)]), "not the first ones, whole"
                assert meant == paid == set(lines)
                assert len(lines) == len(paid)
            if number >= 1 and meanwhile:  # there were writes during a backup
                break
        stop.set()
        await writing


async def test_the_receipts_key_is_included_only_on_request(tmp_path: Path) -> None:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    (source.state / "receipts.key").write_bytes(os.urandom(32))
    without, with_it = tmp_path / "without.tar", tmp_path / "with.tar"
    take(source, without, AT)
    take(source, with_it, AT, with_receipts_key=True)
    names = [sorted(names_in(file)) for file in (without, with_it)]
    assert set(names[1]) - set(names[0]) == {"state/receipts.key"}
    assert "central.toml" in names[0]


async def test_every_state_file_is_in_the_backup_or_listed_as_excluded(tmp_path: Path) -> None:
    """A new secret in the state folder must be added to state_files.OWN_FILES."""
    from tests.fakes.central_process import running_bank, running_central

    async with running_bank(tmp_path / "bank") as bank, running_central(tmp_path / "central", bank) as central:
        found = {file.name for file in central.state.iterdir()} - {"central.toml", "backups"}
        source = Source(central.store, central.state)
        await asyncio.to_thread(take, source, tmp_path / "one.tar", AT)
    backup = {name.removeprefix("state/") for name in names_in(tmp_path / "one.tar")}
    assert {name for name in found if not name.startswith("central.db")} - backup == {"receipts.key", "environment"}


async def test_the_postgresql_password_is_on_no_command_line() -> None:
    for url, bare, password in (
        ("postgresql://beacon:h%3Aunter2@db/beacon", "postgresql://beacon@db/beacon", "h:unter2"),
        ("postgres://beacon@db/beacon?password=hunter2&sslmode=require", None, "hunter2"),
        ("postgresql://beacon@/b?host=/run/pg&passfile=/etc/p", "postgresql://beacon@/b?host=%2Frun%2Fpg", ""),
    ):
        address, secret = postgresql_dump.without_password(url)
        assert secret == password
        assert "hunter2" not in address
        assert "unter2" not in address
        assert bare is None or address.startswith(bare)


async def test_pg_dump_gets_the_password_of_the_url(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake pg_dump prints its arguments, its environment and its password file."""
    fake = tmp_path / "bin" / "pg_dump"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat "$PGPASSFILE" > {tmp_path}/file\nexit 1\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(postgresql_dump.DumpFailed, match="ended with 1"):
        postgresql_dump.dump("postgresql://beacon:a%3Ab@127.0.0.1:1/x", tmp_path / "dump")
    assert "a:b" not in (tmp_path / "words").read_text()
    assert "a%3Ab" not in (tmp_path / "words").read_text()
    assert (tmp_path / "file").read_text() == "*:*:*:*:a\\:b\n"


async def test_a_missing_pg_dump_is_reported_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupFailed, match="apt install postgresql-client"):
        take(Source("postgresql://beacon@/b", tmp_path), tmp_path / "one.tar", AT)
    assert list(tmp_path.iterdir()) == []
