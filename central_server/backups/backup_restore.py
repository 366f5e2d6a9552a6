"""Restore a backup: check it, move the existing state aside, and put the new state in its place."""

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

_CLOSING_S = 3.0


class RestoreRefused(CentralError):
    """This backup does not fit this program or server; nothing was changed. The message says why."""


class RestoreFailed(CentralError):
    """The database failed before anything was changed. The message says how."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: folder with the previous state; None without one."""

    manifest: Manifest
    aside: Path | None


def check(manifest: Manifest, into: Source) -> None:
    """Check that the manifest fits this server. Raises RestoreRefused."""
    if not is_known(manifest.revision):
        raise RestoreRefused(
            f"it has schema {manifest.revision} (program {manifest.program}), this program knows up to"
            f" {newest_revision()}: install a newer program"
        )
    if manifest.database != into.kind:
        expected = "[store] url names PostgreSQL" if into.kind == "postgresql" else "[store] url names no PostgreSQL"
        raise RestoreRefused(f"it contains a {manifest.database} database, but {expected}")
    if into.environment and manifest.environment and manifest.environment is not into.environment:
        raise RestoreRefused(
            f'it is from a server with environment = "{manifest.environment}", the settings of this one have'
            f' "{into.environment}": drill and real data never mix'
        )


def occupied(into: Source) -> Sequence[str]:
    """Return what exists and would be moved aside. Raises RestoreFailed, OSError."""
    found = [name for name in _own_names(into) if (into.state / name).exists()]
    if into.kind == "postgresql":
        try:
            count = postgresql_dump.tables(into.url)
        except DumpFailed as error:
            raise RestoreFailed(f"{error}. Nothing was changed") from error
        return [f"{count} tables in PostgreSQL", *found] if count else found
    return found


def restore(file: BinaryIO, manifest: Manifest, into: Source, now: datetime) -> Restored:
    """Restore a backup and move the existing state aside. Blocks.

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
        postgresql_dump.check_dump(file)
        return
    if fault := sqlite_file.fault(file):
        raise RestoreRefused(f"the database in it is damaged: {fault}")
    if (found := sqlite_file.revision(file)) != manifest.revision:
        raise RestoreRefused(f"the database in it has schema {found}, its manifest says {manifest.revision}")


def _check_unused(into: Source) -> None:
    if into.kind == "postgresql":
        if postgresql_dump.tables(into.url) and not postgresql_dump.revision(into.url):
            raise RestoreRefused("the database contains tables of another program, which would be lost")
        if count := _connections(into.url):
            raise StateInUse(f"the database has {count} other connections: stop every server and command on it first")
    elif into.file.exists() and _in_use(into.file):
        raise StateInUse(f"{into.file} is open in another process: stop every server and command on it first")


def _connections(postgresql: str) -> int:
    """Count other connections, waiting a moment for PostgreSQL to end closed ones."""
    deadline = time.monotonic() + _CLOSING_S
    while (count := postgresql_dump.others(postgresql)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return count


def _in_use(file: Path) -> bool:
    try:
        return sqlite_file.in_use(file)
    except FileRefused:  # too damaged to open: restoring is right
        return False


def _unused(wanted: Path) -> Path:
    """Return an unused path: two restores may happen within a second."""
    return next(
        each
        for each in (wanted, *(wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 100)))
        if not each.exists()
    )


def _exchange(draft: Path, manifest: Manifest, into: Source, now: datetime) -> Path | None:
    """Exchange the state. A mark file exists during the exchange, so that no server starts on a partial state."""
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
        except DumpFailed:  # one transaction: nothing was changed
            (into.state / UNFINISHED).unlink()
            raise
    restored = {each.name.removeprefix("state/") for each in manifest.parts if each.name.startswith("state/")}
    for name in _own_names(into):
        # A key that the backup does not contain stays in place, such as receipts.key.
        if (into.state / name).exists() and (name in restored or name not in (*OWN_FILES, RECEIPTS_KEY)):
            os.replace(into.state / name, aside / name)
    for name in sorted(restored):
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
    side_files = ("", *sqlite_file.SIDE) if into.kind == "sqlite" else ()
    return (*(f"{into.file.name}{side}" for side in side_files), *OWN_FILES, RECEIPTS_KEY)


SEALED = ("receipt_donors", "households", "help_sheets", "remittances", "thanks")
"""Tables of sealed data."""


def sealed_donors(into: Source) -> Mapping[str, int]:
    """Return the number of donors and households with sealed data, by the fingerprint of their key."""
    every = " UNION ALL ".join(f"SELECT key FROM {each} WHERE key IS NOT NULL" for each in SEALED)  # noqa: S608  (constants)
    question = f"SELECT key, count(*) FROM ({every}) AS sealed GROUP BY key"  # noqa: S608  (constants)
    try:
        rows = (
            postgresql_dump.rows(into.url, question)
            if into.kind == "postgresql"
            else sqlite_file.rows(into.file, question)
        )
    except (FileRefused, DumpFailed):  # no such table
        return {}
    return {str(key): int(str(count)) for key, count in rows}
