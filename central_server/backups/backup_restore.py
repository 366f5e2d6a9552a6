"""Putting a backup back: checked first, what was there set aside, and the new in its place."""

import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from central_server.backups import archive, postgresql_dump, sqlite_file
from central_server.backups.archive import DATABASES, Manifest
from central_server.backups.backup import BackupFailed, Source, take
from central_server.backups.postgresql_dump import DumpFailed
from central_server.backups.sqlite_file import FileRefused
from central_server.backups.state_folder_lock import UNFINISHED, StateInUse, alone
from central_server.errors import CentralError
from central_server.state_files import OWN_FILES, RECEIPTS_KEY
from central_server.store.engine.schema import is_known, newest_revision
from daemonkit.files import sync_folder, write_atomically

_ENDING_S = 3.0


class RestoreRefused(CentralError):
    """This backup is not for this program or this place; nothing was changed. The message says why."""


class RestoreFailed(CentralError):
    """The database said no, before anything was changed. The message says what."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: where what was there before is now; None when there was nothing."""

    manifest: Manifest
    aside: Path | None


def check(manifest: Manifest, into: Source) -> None:
    """Whether it belongs here, before anything is looked at. Raises RestoreRefused."""
    if not is_known(manifest.revision):
        raise RestoreRefused(
            f"it has schema {manifest.revision} (program {manifest.program}), this program knows up to"
            f" {newest_revision()}: install a newer program"
        )
    if manifest.database != into.kind:
        here = "[store] url names PostgreSQL" if into.kind == "postgresql" else "[store] url names no PostgreSQL"
        raise RestoreRefused(f"it holds a database of {manifest.database}, and {here}")
    if into.environment and manifest.environment and manifest.environment is not into.environment:
        raise RestoreRefused(
            f'it is of a server with environment = "{manifest.environment}", the settings here say'
            f' "{into.environment}": drill and real never meet'
        )


def occupied(into: Source) -> Sequence[str]:
    """What is there already and would be set aside. Raises RestoreFailed, OSError."""
    found = [name for name in _own_names(into) if (into.state / name).exists()]
    if into.kind == "postgresql":
        try:
            count = postgresql_dump.tables(into.url)
        except DumpFailed as error:
            raise RestoreFailed(f"{error}. Nothing was changed") from error
        return [f"{count} tables in PostgreSQL", *found] if count else found
    return found


def restore(file: BinaryIO, manifest: Manifest, into: Source, now: datetime) -> Restored:
    """Blocks. Whatever is there goes aside.

    Raises RestoreRefused, RestoreFailed, ArchiveRefused, StateInUse, OSError.
    """
    into.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = into.state / f".restore.{secrets.token_hex(8)}"
    with alone(into.state):
        try:
            draft.mkdir(mode=0o700)
            archive.unpack(file, manifest, draft)
            _check_database(draft / DATABASES[manifest.database], manifest)
            _check_unused(into)
            return Restored(manifest, _exchange(draft, manifest, into, now))
        except (FileRefused, DumpFailed, BackupFailed) as error:
            raise RestoreFailed(f"{error}. Nothing was changed") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _check_database(file: Path, manifest: Manifest) -> None:
    if manifest.database == "postgresql":
        postgresql_dump.listed(file)
        return
    if fault := sqlite_file.fault(file):
        raise RestoreRefused(f"the database in it is damaged: {fault}")
    if (found := sqlite_file.revision(file)) != manifest.revision:
        raise RestoreRefused(f"the database in it has schema {found}, its manifest says {manifest.revision}")


def _check_unused(into: Source) -> None:
    if into.kind == "postgresql":
        if postgresql_dump.tables(into.url) and not postgresql_dump.revision(into.url):
            raise RestoreRefused("the database holds tables, but none of ours: they would be lost")
        if count := _connections(into.url):
            raise StateInUse(f"the database has {count} other connections: stop every server and command on it first")
    elif into.file.exists() and _in_use(into.file):
        raise StateInUse(f"{into.file} is open in another process: stop every server and command on it first")


def _connections(postgresql: str) -> int:
    """Other ones that stay: PostgreSQL ends what was closed a moment later."""
    deadline = time.monotonic() + _ENDING_S
    while (count := postgresql_dump.others(postgresql)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return count


def _in_use(file: Path) -> bool:
    try:
        return sqlite_file.in_use(file)
    except FileRefused:  # so damaged that it does not open: all the more reason to restore
        return False


def _unused(wanted: Path) -> Path:
    """Two restores may fall into one second."""
    return next(
        each
        for each in (wanted, *(wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 100)))
        if not each.exists()
    )


def _exchange(draft: Path, manifest: Manifest, into: Source, now: datetime) -> Path | None:
    """From the first file that is moved to the last a mark lies there, so that no server starts on half of it."""
    aside = _unused(into.state / f"before-restore-{now:%Y%m%dT%H%M%SZ}")
    was = bool(occupied(into))
    if was:
        aside.mkdir(mode=0o700)
        if into.kind == "postgresql" and postgresql_dump.revision(into.url):
            take(into, aside / f"central-{now:%Y%m%dT%H%M%SZ}.tar", now, any_schema=True)
    write_atomically(into.state / UNFINISHED, b"")
    if into.kind == "postgresql":
        try:
            postgresql_dump.load(into.url, draft / DATABASES["postgresql"])
        except DumpFailed:  # it was one transaction: all is as it was
            (into.state / UNFINISHED).unlink()
            raise
    brought = {each.name.removeprefix("state/") for each in manifest.parts if each.name.startswith("state/")}
    for name in _own_names(into):
        # A key that the backup does not bring stays: the receipts' most of all.
        if (into.state / name).exists() and (name in brought or name not in (*OWN_FILES, RECEIPTS_KEY)):
            os.replace(into.state / name, aside / name)
    for name in sorted(brought):
        _put(draft / "state" / name, into.state / name)
    if into.kind == "sqlite":
        _put(draft / DATABASES["sqlite"], into.file)
    sync_folder(into.state)
    (into.state / UNFINISHED).unlink()
    sync_folder(into.state)
    return aside if was else None


def _put(made: Path, target: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(made, target)


def _own_names(into: Source) -> tuple[str, ...]:
    beside = ("", *sqlite_file.SIDE) if into.kind == "sqlite" else ()
    return (*(f"{into.file.name}{side}" for side in beside), *OWN_FILES, RECEIPTS_KEY)


def sealed_donors(into: Source) -> Mapping[str, int]:
    """By the fingerprint of the key that opens them: of how many gifts donors' data are there."""
    question = "SELECT key, count(*) FROM receipt_donors GROUP BY key"
    try:
        rows = (
            postgresql_dump.rows(into.url, question)
            if into.kind == "postgresql"
            else sqlite_file.rows(into.file, question)
        )
    except (FileRefused, DumpFailed):  # a schema from before receipts
        return {}
    return {str(key): int(str(count)) for key, count in rows}
