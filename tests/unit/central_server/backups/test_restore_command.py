"""`beacon-central restore` loses nothing, refuses unsuitable backups, and prints what is missing."""

import asyncio
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central_server.backups import archive, backup_restore, state_folder_lock
from central_server.backups.backup import Source, take
from central_server.commands import restore
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.receipts.sealed_data import Seal
from central_server.store.donations import receipts
from central_server.store.engine import schema
from central_server.store.engine.database import open_database
from tests.databases import sqlite_only
from tests.fakes import forked_programs
from tests.postgres import Postgres
from tests.unit.central_server.backup_world import AT, everything, fill, keys, state_in
from tests.unit.central_server.ledger_world import given


async def test_existing_data_is_set_aside_only_on_request(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = state_in(tmp_path / "central", store_url)
    async with open_database(store_url) as database:
        await fill(database, 1)
    file, was, own = tmp_path / "one.tar", await everything(store_url), keys(source.state)
    await asyncio.to_thread(take, source, file, AT - timedelta(days=3))
    async with open_database(store_url) as database:
        await given(database, 1, 2, 3)
    (source.state / "form.secret").write_bytes(os.urandom(32))
    since, since_keys = await everything(store_url), keys(source.state)

    assert await given_back(source, file, yes=False) == FAILURE
    output = capsys.readouterr().err
    assert "Nothing was changed" in output
    assert ("tables in PostgreSQL" if source.kind == "postgresql" else "central.db") in output
    assert (await everything(store_url), keys(source.state)) == (since, since_keys)

    assert await given_back(source, file, yes=True) == 0
    output = capsys.readouterr().out
    assert (await everything(store_url), keys(source.state)) == (was, own)
    (aside,) = source.state.glob("before-restore-*")
    assert str(aside) in output
    assert {name: (aside / name).read_bytes() for name in own} == since_keys
    for word in ("nothing asks for it", "reconcile", "refuse older ones", "doctor"):
        assert word in output
    assert max(map(len, output.splitlines()[2:])) <= 80
    if source.kind == "sqlite":
        assert await everything(f"sqlite+aiosqlite:///{aside / 'central.db'}") == since
    else:  # as a backup, which is restored the same way
        (backup,) = aside.glob("*.tar")
        assert await given_back(source, backup, yes=True) == 0
        assert (await everything(store_url), keys(source.state)) == (since, since_keys)


async def given_back(source: Source, file: Path, *, yes: bool) -> int:
    assert source.settings is not None
    settings = source.settings
    return await asyncio.to_thread(lambda: restore.run(settings, source.state, file, yes=yes))


async def test_restore_refuses_the_state_of_a_running_server(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It finds a server by the lock of the folder and, on another machine, by the database."""
    source = state_in(tmp_path / "central", store_url)
    async with open_database(store_url) as database:
        await fill(database, 1)
    file = tmp_path / "one.tar"
    await asyncio.to_thread(take, source, file, AT)
    was = await everything(store_url)
    with state_folder_lock.serving(source.state), state_folder_lock.serving(source.state):
        assert await given_back(source, file, yes=True) == TRY_AGAIN
        assert "stop it first" in capsys.readouterr().err
    async with open_database(store_url) as database, database.read():
        assert await given_back(source, file, yes=True) == TRY_AGAIN
        assert "Nothing was changed" in capsys.readouterr().err
    assert await everything(store_url) == was
    assert await given_back(source, file, yes=True) == 0


async def test_a_server_does_not_start_during_or_after_an_incomplete_restore(tmp_path: Path) -> None:
    source = state_in(tmp_path / "central")
    (tmp_path / "bank").mkdir()
    start = (
        *("run", "--config", str(source.settings), "--state-dir", str(source.state), "--port", "0"),
        *("--bank-url", "http://127.0.0.1:1", "--bank-credentials", str(tmp_path / "bank")),
    )
    with state_folder_lock.alone(source.state):
        code, _, err = await forked_programs.run_command(*start)
    assert (code, "is being restored" in err) == (TRY_AGAIN, True)
    (source.state / state_folder_lock.UNFINISHED).touch()
    code, _, err = await forked_programs.run_command(*start)
    assert (code, "was interrupted" in err) == (CONFIGURATION, True)
    assert not source.file.exists()


async def test_an_interrupted_restore_can_be_repeated(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = state_in(tmp_path / "central", store_url)
    async with open_database(store_url) as database:
        await fill(database, 1)
    file, was, own = tmp_path / "one.tar", await everything(store_url), keys(source.state)
    await asyncio.to_thread(take, source, file, AT)
    put, calls = backup_restore._put, 0

    def cut_off(made: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        put(made, target)

    monkeypatch.setattr(backup_restore, "_put", cut_off)
    with file.open("rb") as content:
        manifest = archive.read_manifest(content)
        with pytest.raises(KeyboardInterrupt):
            backup_restore.restore(content, manifest, source, AT)
    with pytest.raises(state_folder_lock.StateUnfinished), state_folder_lock.serving(source.state):
        pass
    monkeypatch.undo()
    assert await given_back(source, file, yes=True) == 0
    assert (await everything(store_url), keys(source.state)) == (was, own)
    with state_folder_lock.serving(source.state):
        pass


def rewritten(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The same archive with another manifest and its correct digest."""
    with tarfile.open(file) as tar:
        members = {each.name: tar.extractfile(each).read() for each in tar.getmembers()}  # type: ignore[union-attr]  # files all
    output = json.loads(members["manifest.json"])
    change(output)
    members["manifest.json"] = json.dumps(output).encode()
    members["manifest.sha256"] = hashlib.sha256(members["manifest.json"]).hexdigest().encode()
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


UNSUITABLE: tuple[tuple[dict[str, object], int, str], ...] = (
    ({"revision": "9999", "program": "7.0"}, CONFIGURATION, "schema 9999 (program 7.0), this program knows up to"),
    ({"revision": "0000"}, CONFIGURATION, "its manifest says 0000"),
    ({"environment": "real"}, CONFIGURATION, "drill and real data never mix"),
    ({"database": "postgresql"}, CONFIGURATION, "[store] url names no PostgreSQL"),
    ({"format": 2}, FAILURE, "made by a newer program"),
    ({"format": "nonsense"}, FAILURE, "Nothing was changed"),
    ({"surprise": 1}, FAILURE, "not one of ours"),
    ({"parts": [{"name": "state/../../x.key", "size": 1, "sha256": "0" * 64}]}, FAILURE, "not one of ours"),
    ({"parts": [{"name": "database.sqlite", "size": 1, "sha256": "0" * 64}]}, FAILURE, "damaged"),
    ({"parts": []}, FAILURE, "no database.sqlite in it"),
)
"""Changes of the manifest, with the exit code and words of the refusal."""


async def test_an_unsuitable_backup_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "REVISIONS", ("0000", *schema.REVISIONS))
    source = state_in(tmp_path / "central")
    async with open_database(source.url) as database:
        await fill(database, 1)
    good, file = tmp_path / "good.tar", tmp_path / "one.tar"
    take(source, good, AT)
    was = await everything(source.url)
    for change, code, words in UNSUITABLE:
        shutil.copy(good, file)
        rewritten(file, lambda output, change=change: output.update(change))  # type: ignore[misc]  # a default binds it
        assert await given_back(source, file, yes=True) == code, words
        output = capsys.readouterr().err
        assert words in output
        assert "Nothing was changed" in output, words
        assert await everything(source.url) == was, words
        assert not list(source.state.glob("before*"))
        assert not list(source.state.glob(".restore*"))


async def test_foreign_tables_are_not_dropped(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with postgres.database() as ours, postgres.empty() as theirs:
        await asyncio.to_thread(take, state_in(tmp_path / "ours", ours), tmp_path / "one.tar", AT)
        await postgres.execute(theirs, "CREATE TABLE notes (id integer)")
        into = state_in(tmp_path / "theirs", theirs)
        assert await given_back(into, tmp_path / "one.tar", yes=True) == CONFIGURATION
        assert "tables of another program" in capsys.readouterr().err
        await postgres.execute(theirs, "SELECT id FROM notes")


async def test_restore_needs_only_the_owner_of_the_postgresql_database(postgres: Postgres, tmp_path: Path) -> None:
    """A role that owns only its database, as in the manual."""
    master = postgres.url("postgres")
    await postgres.execute(master, "CREATE ROLE plain LOGIN")
    await postgres.execute(master, "CREATE DATABASE plain OWNER plain")
    url = postgres.url("plain").replace("//beacon@", "//plain@")
    try:
        source = state_in(tmp_path / "central", url)
        async with open_database(url) as database:
            await fill(database, 1)
        file, was = tmp_path / "one.tar", await everything(url)
        await asyncio.to_thread(take, source, file, AT)
        assert await given_back(source, file, yes=True) == 0
        assert await everything(url) == was
    finally:
        await postgres.drop("plain")
        await postgres.execute(master, "DROP ROLE plain")


async def test_an_older_backup_is_restored_and_migrated(store_url: str, tmp_path: Path) -> None:
    """Downgrading the program: newer data are set aside, including unknown tables."""
    source = state_in(tmp_path / "central", store_url)
    async with open_database(store_url) as database:
        await fill(database, 1)
    file, was = tmp_path / "one.tar", await everything(store_url)
    await asyncio.to_thread(take, source, file, AT)
    async with open_database(store_url) as database, database.write() as connection:
        for change in ("CREATE TABLE newer (id INTEGER)", "UPDATE alembic_version SET version_num = '9999'"):
            await connection.driver(change, ())
    assert await given_back(source, file, yes=True) == 0
    assert await everything(store_url) == was


async def test_restore_prints_that_donors_data_need_their_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = state_in(tmp_path / "central")
    key = source.state / "receipts.key"
    key.write_bytes(os.urandom(32))
    async with open_database(source.url) as database:
        (gift,) = await given(database, 100)
        seal = Seal(key.read_bytes(), key)
        async with database.write() as connection:
            await receipts.save(connection, receipts.Receipt(gift.id, "huada", "due", "", AT, "donor"))
            donor = receipts.SealedDonor(gift.id, "huada", seal.fingerprint, b"sealed", AT, AT)
            await receipts.save_donor(connection, donor)
    file = tmp_path / "one.tar"
    take(source, file, AT)
    assert await given_back(source, file, yes=True) == 0
    assert "NEEDED" not in capsys.readouterr().out, "its key stayed where it was"
    into = state_in(tmp_path / "another")
    (into.state / "form.secret").unlink()
    assert await given_back(into, file, yes=True) == 0
    output = capsys.readouterr().out
    assert "NEEDED: the receipts.key" in output
    assert "the data of 1 people" in output


@sqlite_only
async def test_two_restores_within_a_second_use_separate_folders(store_url: str, tmp_path: Path) -> None:
    source, file = state_in(tmp_path / "central", store_url), tmp_path / "one.tar"
    async with open_database(store_url) as database:
        await fill(database, 1)
    await asyncio.to_thread(take, source, file, AT)
    was = await everything(store_url)
    for count in (1, 2):
        with file.open("rb") as archived:
            await asyncio.to_thread(backup_restore.restore, archived, archive.read_manifest(archived), source, AT)
        assert len(list(source.state.glob("before-restore-*"))) == count
        assert await everything(store_url) == was
