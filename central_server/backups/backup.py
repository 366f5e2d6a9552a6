"""Take a backup: database and keys as one archive, which appears at its name only when complete."""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from central_server.backups import archive, postgresql_dump, sqlite_file
from central_server.backups.archive import DATABASES, SETTINGS, ArchiveRefused, DatabaseKind, Manifest
from central_server.backups.postgresql_dump import DumpFailed
from central_server.backups.sqlite_file import FileRefused
from central_server.errors import CentralError
from central_server.state_files import OWN_FILES, RECEIPTS_KEY
from central_server.store.engine.schema import is_known, newest_revision
from central_server.store.engine.sqlite import sqlite_path
from daemonkit.files import sync_folder
from sync_contract.strict_model import Environment

_MIN_FREE = 50 * 1024 * 1024
"""Bytes of free space that a backup leaves to the running server."""
_DRAFT = ".beacon-central-backup."
_LOCK = "lock"
_LOCK_GRACE_S = 60.0
_ABANDONED_AFTER_S = 24 * 3600.0


class BackupFailed(CentralError):
    """No backup was made and nothing was changed. The message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """The server to back up. `url`: of its database; `settings`: its TOML, None without one."""

    url: str
    state: Path
    settings: Path | None = None
    environment: Environment | None = None

    @property
    def kind(self) -> DatabaseKind:
        return "postgresql" if self.url.startswith(("postgresql:", "postgres:")) else "sqlite"

    @property
    def file(self) -> Path:
        """Return the database file; SQLite only."""
        return sqlite_path(self.url)


def take(
    source: Source, target: Path, now: datetime, *, with_receipts_key: bool = False, any_schema: bool = False
) -> Manifest:
    """Write a backup to `target`, replacing an existing backup there. Blocks. Raises BackupFailed.

    `with_receipts_key`: the archive then suffices to read donors' data. `any_schema`: also of an unknown schema.
    """
    try:
        _check_target(target)
        if source.kind == "sqlite":
            _check_room(source.file, target.parent)
        with _draft(target.parent) as folder:
            dumped = folder / "database"
            revision = _dump(source, dumped, any_schema)
            parts = {DATABASES[source.kind]: dumped, **_files(source, with_receipts_key)}
            return _pack(source, target, folder / "archive", parts, revision, now)
    except (FileRefused, DumpFailed) as error:
        raise BackupFailed(str(error)) from error
    except OSError as error:
        raise BackupFailed(f"{error.filename or target}: {error.strerror or error}") from error


def _pack(
    source: Source, target: Path, made: Path, parts: Mapping[str, Path], revision: str, now: datetime
) -> Manifest:
    manifest = Manifest(
        format=archive.FORMAT,
        program=version("beacon-gateway"),
        made_at=now.astimezone(UTC).replace(microsecond=0),
        database=source.kind,
        revision=revision,
        environment=source.environment,
        parts=tuple(archive.part(name, file) for name, file in parts.items()),
    )
    # Set the mode at creation: FAT file systems cannot change it.
    with open(made, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        archive.write(file, manifest, parts)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, target)
    sync_folder(target.parent)
    return manifest


def _dump(source: Source, target: Path, any_schema: bool) -> str:
    """Dump the database; return its schema revision."""
    if source.kind == "postgresql":
        found = postgresql_dump.revision(source.url)
        postgresql_dump.dump(source.url, target)
        if found != postgresql_dump.revision(source.url):
            raise BackupFailed("the database was migrated meanwhile: try again")
    else:
        if not source.file.exists():
            raise BackupFailed(f"{source.file}: there is no database yet")
        sqlite_file.copy(source.file, target)
        if fault := sqlite_file.fault(target):
            raise BackupFailed(f"{source.file} is damaged; no backup was made: {fault}")
        found = sqlite_file.revision(target)
    if not found:
        raise BackupFailed("the database contains no tables of this program yet")
    if not is_known(found) and not any_schema:
        raise BackupFailed(
            f"the database has schema {found}, this program knows up to {newest_revision()}: use a newer program"
        )
    return found


def _files(source: Source, with_receipts_key: bool) -> Mapping[str, Path]:
    wanted = (*OWN_FILES, RECEIPTS_KEY) if with_receipts_key else OWN_FILES
    found = {f"state/{name}": source.state / name for name in wanted if (source.state / name).exists()}
    if with_receipts_key and f"state/{RECEIPTS_KEY}" not in found:
        raise BackupFailed(f"{source.state / RECEIPTS_KEY} is not there; where systemd lays it down, copy it yourself")
    if source.settings is not None and source.settings.exists():
        found[SETTINGS] = source.settings
    return found


def _check_target(target: Path) -> None:
    """Refuse to overwrite a file that is not a backup."""
    if target.is_dir() or not target.exists():
        return
    try:
        with target.open("rb") as file:
            archive.read_manifest(file)
    except ArchiveRefused as error:
        raise BackupFailed(
            f"{target} exists and is not a readable backup of this program ({error}); not overwritten."
            " Choose another file"
        ) from error


def _check_room(file: Path, folder: Path) -> None:
    """Refuse a backup that would fill the disk; the copy temporarily exists twice."""
    if not file.exists():
        return
    needed, free = 2 * sqlite_file.size(file) + _MIN_FREE, shutil.disk_usage(folder).free
    if free < needed:
        raise BackupFailed(f"{folder}: {megabytes(free)} are free, a backup temporarily needs {megabytes(needed)}")


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 10_000_000 else f"{size / 1e6:,.0f} MB"


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Make a private folder beside the target; delete those of killed processes."""
    for left in folder.glob(f"{_DRAFT}*"):
        if _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    draft = folder / f"{_DRAFT}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    lock = os.open(draft / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # a network share without locks: only its age counts then
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(lock)


def _abandoned(left: Path) -> bool:
    """Whether no process uses the folder."""
    try:
        age_s = time.time() - left.stat().st_mtime
        if age_s < _LOCK_GRACE_S:
            return False  # may not be locked yet
        lock = os.open(left / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False  # not readable: leave it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age_s > _ABANDONED_AFTER_S
    finally:
        os.close(lock)
    return True
