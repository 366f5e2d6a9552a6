"""A failed backup leaves the previous one complete and no partial file, and reports the cause."""

import asyncio
import os
import resource
import shutil
import signal
import sys
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from central_server.backups import archive, backup, sqlite_file
from central_server.backups.archive import ArchiveRefused
from central_server.backups.backup import BackupFailed, Source, take
from central_server.backups.backup_restore import restore
from central_server.store.engine.database import open_database
from tests.fakes.forked_programs import FORKED
from tests.sqlite import put_database
from tests.unit.central_server.backup_world import AT, everything, fill, keys, state_in


@pytest.fixture
async def source(tmp_path: Path) -> Source:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    async with open_database(source.url) as database:
        await fill(database, 1)
    return source


def whole(file: Path) -> bytes:
    """Return the bytes of a valid backup."""
    with file.open("rb") as content:
        manifest = archive.read_manifest(content)
        into = file.parent / "whole"
        restore(content, manifest, Source(f"sqlite+aiosqlite:///{into / 'central.db'}", into), AT)
    shutil.rmtree(into)
    return file.read_bytes()


async def test_a_kill_during_a_backup_leaves_the_previous_one_complete(source: Source, tmp_path: Path) -> None:
    backups = tmp_path / "kept"
    backups.mkdir()
    target = backups / "central.tar"
    take(source, target, AT)
    before = whole(target)
    ends: list[bytes] = []
    drafts = 0
    while True:
        process = FORKED.Process(target=_take_and_die, args=(source, target, len(ends)))
        process.start()
        await asyncio.to_thread(process.join)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        ends.append(whole(target))
        drafts = max(drafts, len(list(backups.iterdir())) - 1)
    moved = [content != before for content in ends]
    assert moved == sorted(moved), "the old one, and from its replacement on the new one"
    assert moved.index(True) > 12
    assert drafts > 12, "each was killed in the middle"
    for left in backups.glob(".*"):
        os.utime(left, (0, 0))  # an hour later
    take(source, target, AT)
    assert list(backups.iterdir()) == [target], "what the kills left is cleared away"
    whole(target)


def _take_and_die(source: Source, target: Path, number: int) -> None:
    """Stop before the step with that number: creating or opening a file or folder, a lock, a copy, the move."""
    steps = 0

    def watch(event: str, words: tuple[object, ...]) -> None:
        nonlocal steps
        ours = any(str(source.state.parent) in str(word) for word in words) or event == "fcntl.flock"
        if ours and event in ("open", "os.mkdir", "os.rename", "sqlite3.connect", "fcntl.flock", "os.remove"):
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1

    sys.addaudithook(watch)
    take(source, target, AT + timedelta(days=1))


async def test_a_running_backup_is_not_deleted(source: Source, tmp_path: Path) -> None:
    backups = tmp_path / "kept"
    backups.mkdir()
    with backup._draft(backups) as draft:
        os.utime(draft, (0, 0))
        take(source, backups / "central.tar", AT)
        assert draft.is_dir()
    assert [file.name for file in backups.iterdir()] == ["central.tar"]


async def test_a_disk_without_free_space_is_not_written(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9 - 40_000_000, 40_000_000))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupFailed, match=r"40 MB are free, a backup temporarily needs"):
        take(source, tmp_path / "one.tar", AT)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("room", [0.005, 0.1, 0.99])
async def test_a_full_disk_leaves_no_partial_file(source: Source, tmp_path: Path, room: float) -> None:
    """Limit the file size of the process, so that writing the copy or the archive fails."""
    backups = tmp_path / "kept"
    backups.mkdir()
    target = backups / "central.tar"
    take(source, target, AT)
    before = target.read_bytes()
    content = int(len(before) * room)
    process = FORKED.Process(target=_take_with_little_room, args=(source, target, content, tmp_path / "said"))
    process.start()
    await asyncio.to_thread(process.join)
    assert process.exitcode == 0
    assert (tmp_path / "said").read_text().strip() != ""
    assert list(backups.iterdir()) == [target]
    assert target.read_bytes() == before


def _take_with_little_room(source: Source, target: Path, content: int, report: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (content, content))
    try:
        take(source, target, AT)
    except BackupFailed as error:
        report.write_text(str(error)[:4000])


async def test_a_missing_folder_is_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match=r"nowhere"):
        take(source, tmp_path / "nowhere" / "one.tar", AT)


async def test_a_file_that_is_no_backup_is_not_overwritten(source: Source, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text("[site]\n")
    with pytest.raises(BackupFailed, match="not overwritten"):
        take(source, file, AT)
    assert file.read_text() == "[site]\n"


async def test_a_damaged_database_is_not_backed_up(source: Source, tmp_path: Path) -> None:
    """Otherwise seven damaged nights would replace the last good backup."""
    sqlite_file.copy(source.file, tmp_path / "flat.db")
    content = bytearray((tmp_path / "flat.db").read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    for side in sqlite_file.SIDE:
        source.file.with_name(source.file.name + side).unlink(missing_ok=True)
    source.file.write_bytes(content)
    with pytest.raises(BackupFailed):
        take(source, tmp_path / "one.tar", AT)
    assert not (tmp_path / "one.tar").exists()


async def test_a_damaged_copy_is_deleted(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a disk that writes wrong data."""
    copy = sqlite_file.copy

    def copy_badly(source: Path, target: Path) -> None:
        copy(source, target)
        with target.open("r+b") as file:
            file.seek(5 * 4096)
            file.write(b"\xff" * 200)

    monkeypatch.setattr(sqlite_file, "copy", copy_badly)
    with pytest.raises(BackupFailed, match="damaged"):
        take(source, tmp_path / "one.tar", AT)
    assert not (tmp_path / "one.tar").exists()


async def test_any_changed_byte_is_detected(source: Source, tmp_path: Path) -> None:
    """It is refused without changes; if the byte is no content, it is restored exactly."""
    target = tmp_path / "central.tar"
    made = take(source, target, AT)
    good, was, own = target.read_bytes(), await everything(source.url), keys(source.state)
    refused = 0
    for number, at in enumerate([*range(0, 3000, 19), *range(3000, len(good), len(good) // 40)]):
        target.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        state = tmp_path / f"back-{number}"
        into = Source(f"sqlite+aiosqlite:///{state / 'central.db'}", state)
        try:
            with target.open("rb") as content:
                done = restore(content, archive.read_manifest(content), into, AT)
        except ArchiveRefused:
            refused += 1
            assert not into.file.exists()
        else:
            assert done.manifest == made
            assert await everything(into.url) == was
            assert keys(state) == own
    assert refused > 60


async def test_a_backup_with_a_changed_date_is_refused(source: Source, tmp_path: Path) -> None:
    """The manifest has its day, and is valid JSON after any change of a digit."""
    target = tmp_path / "central.tar"
    take(source, target, AT)
    day = f'"made_at": "{AT:%Y-%m-%d}'.encode()
    assert target.read_bytes().count(day) == 1
    target.write_bytes(target.read_bytes().replace(day, day[:-1] + b"9"))
    with target.open("rb") as content, pytest.raises(ArchiveRefused, match="damaged"):
        archive.read_manifest(content)


@pytest.mark.parametrize("left", [0, 100, 511, 3000, 0.5, 0.95])
async def test_a_truncated_backup_is_refused(source: Source, tmp_path: Path, left: float) -> None:
    target = tmp_path / "central.tar"
    take(source, target, AT)
    good = target.read_bytes()
    target.write_bytes(good[: int(left if left > 1 or not left else left * len(good))])
    into = Source(f"sqlite+aiosqlite:///{tmp_path / 'back' / 'central.db'}", tmp_path / "back")
    with target.open("rb") as content, pytest.raises(ArchiveRefused):
        restore(content, archive.read_manifest(content), into, AT)
    assert not into.file.exists()
