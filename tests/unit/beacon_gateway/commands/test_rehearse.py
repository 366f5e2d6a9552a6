"""A new version is tried on a copy of the store that a release left; the store itself stays as it is, byte for byte."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from beacon_gateway import daemon
from beacon_gateway.commands.rehearse import REFUSED, REHEARSED, rehearse
from beacon_gateway.commands.update_hours import NOT_NOW, update_hours
from beacon_gateway.store.identity import open_identity
from beacon_gateway.store.inspection import APPLICATION_ID
from tests.paths import ROOT
from tests.releases import GATEWAY, RELEASES, unpack

CONFIG = ROOT / "config" / "demo" / "gateway.toml"
STORE = "gateway.db"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    newest = max(folder for folder in RELEASES.iterdir() if folder.is_dir())
    (tmp_path / STORE).write_bytes(unpack(newest, GATEWAY))
    open_identity(tmp_path / "identity.json")
    return tmp_path


def content(state: Path) -> dict[str, bytes]:
    side_files = (REFUSED, REHEARSED, f"{STORE}-wal", f"{STORE}-shm", "gateway.lock")
    return {file.name: file.read_bytes() for file in state.iterdir() if file.name not in side_files}


async def refuse_to_run(*_: object, **__: object) -> bool:
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("hours", "at", "code"),
    [
        (None, "03:00", 0),
        (None, "05:00", NOT_NOW),
        ('["23:00-01:00"]', "00:30", 0),
        ('["23:00-01:00"]', "03:00", NOT_NOW),
        ("wrong", "03:00", 0),
    ],
)
def test_updates_keep_to_the_hours_of_the_site(tmp_path: Path, hours: str | None, at: str, code: int) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG.read_text("utf-8") + (f"\n[updates]\nhours = {hours}\n" if hours else ""), "utf-8")
    assert update_hours(file, tmp_path, datetime.fromisoformat(f"2026-06-01T{at}")) == code


def test_a_good_version_passes_once_and_a_broken_one_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(state)
    assert rehearse(CONFIG, state) == 0
    assert (content(state), (state / REHEARSED).exists(), (state / REFUSED).exists()) == (before, True, False)
    monkeypatch.setattr(daemon, "build", refuse_to_run)
    assert rehearse(CONFIG, state) == 0, "it passed before"
    assert rehearse(CONFIG, state, always=True) == 1
    assert (content(state), (state / REFUSED).read_text() != "") == (before, True)
    monkeypatch.undo()
    assert rehearse(CONFIG, state, always=True) == 0
    assert not (state / REFUSED).exists()


def test_the_gift_of_the_rehearsal_is_in_the_copy_only(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy stays for this test: it has one intent more than the store."""
    copy = state.parent / f"{state.name}-copy"
    monkeypatch.setattr(shutil, "rmtree", lambda folder, **_: Path(folder).rename(copy))
    assert rehearse(CONFIG, state) == 0
    assert count_intents(copy) == count_intents(state) + 1


def count_intents(state: Path) -> int:
    with closing(sqlite3.connect(state / STORE)) as connection:
        return int(connection.execute("SELECT count(*) FROM intents").fetchone()[0])


def test_a_version_that_cannot_open_the_store_is_refused_and_a_damaged_store_is_left_to_the_repair(state: Path) -> None:
    with closing(sqlite3.connect(state / STORE)) as connection:
        connection.executescript(
            f"PRAGMA user_version = 99; PRAGMA application_id = {APPLICATION_ID + 99};"
            "ALTER TABLE intents RENAME COLUMN door TO entrance;"
        )
    before = content(state)
    assert rehearse(CONFIG, state) == 1
    assert content(state) == before
    (state / STORE).write_bytes(before[STORE][:8192])
    assert rehearse(CONFIG, state) == 0
