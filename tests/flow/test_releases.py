"""The programs of today open the data of each release, bring its schema up to date, and lose nothing."""

from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has no types
import pytest

from beacon_gateway.store.database import open_database as open_gateway
from central_server.store.engine.database import open_database, sqlite_url
from tests.postgres import Postgres
from tests.releases import (
    GATEWAY,
    POSTGRESQL,
    RELEASES,
    SQLITE,
    Contents,
    read_postgresql,
    read_sqlite,
    unpack,
)
from tests.sqlite import put_database
from tests.unit.beacon_gateway.store.damage import STORE, deliver_all

ALL = sorted(folder for folder in RELEASES.iterdir() if folder.is_dir())
each_release = pytest.mark.parametrize("release", ALL, ids=lambda folder: folder.name)
REMADE = "made before the schema of 0.1.0 was final? Then make it again with `python -m tests.releases`"


def check(before: Contents, after: Contents, new: Contents) -> None:
    """Compare row by row what a release left, what the programs make of it, and an empty database of today."""
    assert {name: each.columns for name, each in after.items()} == {name: each.columns for name, each in new.items()}, (
        REMADE
    )
    for name, content in before.items():
        assert content.rows, f"the release has no row in {name}"
        if name != "alembic_version":
            assert after[name].of(content.columns) == content.of(content.columns), name


def test_there_is_data_of_a_release() -> None:
    assert ALL


@each_release
async def test_a_gateway_opens_the_store_of_a_release(release: Path, tmp_path: Path) -> None:
    old, new = tmp_path / STORE, tmp_path / "new.db"
    old.write_bytes(unpack(release, GATEWAY))
    before = read_sqlite(old)
    for file in (old, new):
        async with open_gateway(file):
            pass
    check(before, read_sqlite(old), read_sqlite(new))
    waiting = {text for *_, text, _ in before["outbox"].rows}
    assert set(await deliver_all(tmp_path)) == waiting
    assert not list(tmp_path.glob("*.damaged-*"))


@each_release
async def test_a_central_server_opens_the_sqlite_file_of_a_release(release: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "central.db", tmp_path / "new.db"
    old.write_bytes(unpack(release, SQLITE))
    before = read_sqlite(old)
    async with open_database(sqlite_url(old)):
        pass
    await put_database(new)
    check(before, read_sqlite(old), read_sqlite(new))


@each_release
async def test_a_central_server_opens_the_postgresql_database_of_a_release(release: Path, postgres: Postgres) -> None:
    async with postgres.empty() as old, postgres.database() as new:
        connection = await asyncpg.connect(old)
        try:
            await connection.execute(unpack(release, POSTGRESQL).decode())
        finally:
            await connection.close()
        before = await read_postgresql(old)
        async with open_database(old):
            pass
        check(before, await read_postgresql(old), await read_postgresql(new))
