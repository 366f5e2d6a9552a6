"""The server's own backups: one per night for seven nights, and one before each migration."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central_server import jobs
from central_server.backups import archive, backup_files
from central_server.backups.backup import BackupFailed, Source
from central_server.backups.state_folder_lock import serving
from central_server.commands import migrate, user
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.store.engine import leases, schema
from central_server.store.engine.database import open_database
from tests.fakes.central_process import running_bank, running_central
from tests.postgres import Postgres
from tests.sqlite import put_database
from tests.unit.central_server.backup_world import state_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)
"""Half past three of the 28th, in Quanzhou."""


@pytest.fixture
async def source(tmp_path: Path) -> Source:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    return source


def times(source: Source) -> list[str]:
    return sorted(file.name for file in backup_files.folder(source.state).iterdir())


async def test_one_backup_per_day_remains_for_seven_days(source: Source) -> None:
    for number in range(9):
        for hour in (0, 5):
            backup_files.keep(source, NIGHT + number * DAY + hour * HOUR)
    assert times(source) == [backup_files.file_name(NIGHT + number * DAY + 5 * HOUR) for number in range(2, 9)]
    newest = backup_files.newest(source.state)
    assert newest is not None
    assert newest[1] == NIGHT + 8 * DAY + 5 * HOUR


async def test_backups_before_migrations_are_counted_separately(source: Source) -> None:
    for number in range(5):
        backup_files.keep(source, NIGHT + number * HOUR, before="0099")
    for number in range(10):
        backup_files.keep(source, NIGHT + number * DAY)
    foreign = backup_files.folder(source.state) / "central-mine.tar"
    foreign.touch()
    backup_files.keep(source, NIGHT + 10 * DAY)
    names = times(source)
    assert sum("before" in name for name in names) == 3
    assert len(names) == 3 + 7 + 1, "what somebody else put there stays"


@pytest.mark.parametrize(
    ("made", "now", "due"),
    [
        (None, NIGHT, True),
        (NIGHT, NIGHT + HOUR, False),
        (NIGHT, NIGHT + DAY - HOUR, False),
        (NIGHT, NIGHT + DAY, True),
        (NIGHT - HOUR, NIGHT - timedelta(seconds=1), False),
        (NIGHT - HOUR, NIGHT, True),
        (NIGHT - 3 * DAY, NIGHT - HOUR, True),
    ],
)
async def test_a_backup_is_due_from_half_past_three(
    source: Source, made: datetime | None, now: datetime, due: bool
) -> None:
    if made is not None:
        backup_files.keep(source, made)
    assert backup_files.due(source.state, now) is due


async def test_one_of_two_servers_makes_the_nightly_backup(source: Source) -> None:
    clock = NIGHT

    async with open_database(source.url) as database:
        running = [
            asyncio.create_task(jobs.keep_backups(database, source, holder=holder, clock=lambda: clock, every_s=0.01))
            for holder in ("one", "other")
        ]
        for nights in range(1, 4):
            clock = NIGHT + nights * DAY
            async with asyncio.timeout(60):
                while backup_files.due(source.state, clock) or any(name.startswith(".") for name in times(source)):
                    await asyncio.sleep(0.01)  # a draft is deleted after its backup appears
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert times(source) == [backup_files.file_name(NIGHT + nights * DAY) for nights in range(1, 4)]


async def test_a_backup_needs_the_lease_and_its_failure_is_logged(source: Source) -> None:
    async with open_database(source.url) as database:
        async with database.write() as connection:
            await leases.take(connection, "backups", "other", NIGHT, NIGHT + HOUR)
        rounds = iter([NIGHT] * 5)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await jobs.keep_backups(database, source, holder="one", clock=lambda: next(rounds), every_s=0)
        assert backup_files.due(source.state, NIGHT)
        backup_files.folder(source.state).write_text("in the way")
        job = jobs.keep_backups(database, source, holder="one", clock=lambda: NIGHT + 2 * HOUR, every_s=0.01)
        with pytest.raises((BackupFailed, OSError)):
            await job


async def test_a_missed_backup_is_a_task(source: Source) -> None:
    """The task exists from the first start without a backup until there is one."""
    first = datetime.fromtimestamp((source.state / "catalogue.key").stat().st_mtime, UTC)
    assert backup_files.overdue(source, first + DAY) is None
    assert backup_files.overdue(source, first + 2 * DAY) == first
    backup_files.keep(source, first + 2 * DAY)
    made = backup_files.newest(source.state)
    assert made is not None
    assert backup_files.overdue(source, first + 3 * DAY) is None
    assert backup_files.overdue(source, first + 4 * DAY) == made[1]


async def test_the_server_makes_no_nightly_backup_of_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    async with postgres.database() as url, open_database(url) as database:
        await jobs.keep_backups(database, Source(url, tmp_path), holder="one", clock=lambda: NIGHT)
    assert backup_files.before_migration(Source(url, tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def install_next_release(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate the next release, with one more revision that adds a table."""
    old, new = schema.newest_revision(), f"{int(schema.newest_revision()) + 1:04}"
    shutil.copytree(schema.MIGRATIONS, folder)
    (folder / "versions" / f"{new}_next.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = {new!r}, {old!r}\n"
        "def upgrade(): op.create_table('next_release', sa.Column('id', sa.Integer, primary_key=True))\n"
    )
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, new))


@pytest.fixture
async def outdated(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A state folder of this release for the program of the next one."""
    install_next_release(tmp_path / "migrations", monkeypatch)
    return source


OLD = schema.newest_revision()
NEW = f"{int(OLD) + 1:04}"


async def test_opening_an_outdated_database_makes_a_backup(outdated: Source, tmp_path: Path) -> None:
    source = outdated
    password = tmp_path / "password"
    password.write_text("long enough!\n")
    assert source.settings is not None
    settings = source.settings
    added = await asyncio.to_thread(lambda: user.add(settings, source.state, "chen", password, "all", "admin"))
    assert added == 0
    (file,) = backup_files.folder(source.state).iterdir()
    assert file.name.endswith(f"-before-{NEW}.tar")
    with file.open("rb") as content:
        assert archive.read_manifest(content).revision == OLD


async def test_a_starting_server_makes_a_backup_before_a_migration(outdated: Source, tmp_path: Path) -> None:
    source = outdated
    async with running_bank(tmp_path / "bank") as bank, running_central(tmp_path / "central", bank):
        pass
    (file,) = backup_files.folder(source.state).glob("*-before-*")
    with file.open("rb") as content:
        assert archive.read_manifest(content).revision == OLD


async def test_a_migration_needs_a_backup(outdated: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = outdated
    backup_files.folder(source.state).write_text("in the way")
    password = tmp_path / "password"
    password.write_text("long enough!\n")
    assert await migrated(source) == FAILURE
    assert "--without-backup" in capsys.readouterr().err
    settings = source.settings
    assert settings is not None
    code = await asyncio.to_thread(lambda: user.add(settings, source.state, "chen", password, "all", "admin"))
    assert code == CONFIGURATION
    assert "only after a backup" in capsys.readouterr().err
    with closing(sqlite3.connect(source.file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
    assert await migrated(source, without_backup=True) == 0
    assert f"migrated from schema {OLD} to {NEW}" in capsys.readouterr().out


async def migrated(source: Source, *, without_backup: bool = False) -> int:
    settings = source.settings
    assert settings is not None
    return await asyncio.to_thread(lambda: migrate.run(settings, source.state, without_backup=without_backup))


async def test_migrate_prints_both_revisions_once(outdated: Source, capsys: pytest.CaptureFixture[str]) -> None:
    source = outdated
    with serving(source.state):
        assert await migrated(source) == TRY_AGAIN
        assert "stop it first" in capsys.readouterr().err
    assert await migrated(source) == 0
    output = capsys.readouterr().out
    assert "backup before: " in output
    assert f"migrated from schema {OLD} to {NEW}" in output
    with serving(source.state):
        assert await migrated(source) == 0
    assert capsys.readouterr().out == f"schema {NEW}, this program's own\n"


async def test_migrate_makes_a_backup_of_postgresql(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with postgres.database() as url:
        source = state_in(tmp_path / "central", url)
        install_next_release(tmp_path / "migrations", monkeypatch)
        assert await migrated(source) == 0
        assert f"migrated from schema {OLD} to {NEW}" in capsys.readouterr().out
        (file,) = backup_files.folder(source.state).glob(f"*-before-{NEW}.tar")
        with file.open("rb") as content:
            assert archive.read_manifest(content).revision == OLD


async def test_a_newer_database_is_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    with closing(sqlite3.connect(source.file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    was = source.file.read_bytes()
    assert await migrated(source) == CONFIGURATION
    assert "start a newer program" in capsys.readouterr().err
    assert source.file.read_bytes() == was
    assert not backup_files.folder(source.state).exists()
