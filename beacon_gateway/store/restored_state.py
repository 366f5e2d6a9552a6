"""Exchange the state folder's content for a restored one. A power cut at any moment leaves the old or the new one."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from beacon_gateway.store.good_settings import NAMES as GOOD_SETTINGS
from beacon_gateway.store.identity import FILE as IDENTITY
from beacon_gateway.store.repair import create_schema, start_epoch
from beacon_gateway.store.tables import Tables
from daemonkit.files import sync_file, sync_folder, write_atomically

STORE, ENVIRONMENT = "gateway.db", "environment"
_DRAFT, _READY = ".restore.", "restored"
_ASIDE = "aside"
"""In the ready folder: the name of the folder that receives the old state."""
_OLD = (IDENTITY, ENVIRONMENT, *GOOD_SETTINGS, STORE, f"{STORE}-wal", f"{STORE}-shm")
_NEW = (STORE, IDENTITY, ENVIRONMENT)
"""The store first: while it is in the ready folder, everything beside that folder is old."""


@contextmanager
def open_draft(state_dir: Path) -> Iterator[Path]:
    """Make a private folder for the new state, and delete it unless it was committed. Raises OSError."""
    for left in state_dir.glob(f"{_DRAFT}*"):  # of a killed process: the caller has the lock
        shutil.rmtree(left)
    draft = state_dir / f"{_DRAFT}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def begin_new_epoch(store: Path) -> str:
    """Migrate the restored store and number its parcels under a new epoch; return the epoch. Raises sqlite3.Error.

    Other parcels than ours may have the numbers that follow the backup's. Waiting parcels keep their own numbers.
    """
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA journal_mode=DELETE")
        ((version,),) = connection.execute("PRAGMA user_version")
        if version == 0:
            raise sqlite3.DatabaseError("it contains no tables of this program")
        create_schema(connection, version)
        tables = Tables(connection)
        tables.execute("BEGIN IMMEDIATE")
        start_epoch(tables)
        newest = tables.first("epochs", "ORDER BY number DESC")
        tables.execute("COMMIT")
    assert newest is not None, "just written"
    return bytes(newest["epoch"]).hex()


def find_old(state_dir: Path) -> list[Path]:
    """Return the files that a restore moves aside."""
    named = [path for name in _OLD if (path := state_dir / name).exists()]
    return [*named, *sorted(state_dir.glob(f"{STORE}.*"))]


def commit(draft: Path, aside: Path | None) -> None:
    """Make the draft the state: after this rename a restart completes the exchange. Raises OSError."""
    state_dir = draft.parent
    if aside is not None:
        aside.mkdir(mode=0o700)
    write_atomically(draft / _ASIDE, (aside.name if aside else "").encode())
    for name in _NEW:
        sync_file(draft / name)
    sync_folder(draft)
    draft.rename(state_dir / _READY)
    sync_folder(state_dir)
    finish_restore(state_dir)


def finish_restore(state_dir: Path) -> None:
    """Complete an exchange that was committed, also after a power cut in it. Raises OSError."""
    ready = state_dir / _READY
    if not ready.is_dir():
        return
    if (ready / STORE).exists() and (name := (ready / _ASIDE).read_text("utf-8")):
        for old in find_old(state_dir):
            os.replace(old, state_dir / name / old.name)
        sync_folder(state_dir / name)
        sync_folder(state_dir)
    for name in _NEW:
        if (ready / name).exists():
            os.replace(ready / name, state_dir / name)
            sync_folder(state_dir)
    shutil.rmtree(ready)
    sync_folder(state_dir)
