"""Taking a backup: database and keys as one archive, whole at its name or not there at all."""

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

_KEPT_FREE = 50 * 1024 * 1024
"""Room that a backup leaves to the running server, in octets."""
_DRAFT = ".beacon-central-backup."
_LOCK = "lock"
_JUST_MADE_S = 60.0
_SURELY_OVER_S = 24 * 3600.0


class BackupFailed(CentralError):
    """No backup was made, and what was there before is as it was. The message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """The server to be kept. `url`: its database; `settings`: its TOML, None or absent where there is none."""

    url: str
    state: Path
    settings: Path | None = None
    environment: Environment | None = None

    @property
    def kind(self) -> DatabaseKind:
        return "postgresql" if self.url.startswith(("postgresql:", "postgres:")) else "sqlite"

    @property
    def file(self) -> Path:
        """The database, on SQLite."""
        return sqlite_path(self.url)


def take(
    source: Source, target: Path, now: datetime, *, with_receipts_key: bool = False, any_schema: bool = False
) -> Manifest:
    """Put a backup at `target`; another one of ours that is there is replaced. Blocks. Raises BackupFailed.

    `with_receipts_key`: then the archive alone opens what donors gave for their receipts. `any_schema`: also one that
    only another program could use.
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
    # Its mode is given at once: a stick with FAT refuses to change one.
    with open(made, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        archive.write(file, manifest, parts)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, target)
    sync_folder(target.parent)
    return manifest


def _dump(source: Source, target: Path, any_schema: bool) -> str:
    """The revision of what was dumped."""
    if source.kind == "postgresql":
        found = postgresql_dump.revision(source.url)
        postgresql_dump.dump(source.url, target)
        if found != postgresql_dump.revision(source.url):
            raise BackupFailed("the database was brought to a newer schema meanwhile: try again")
    else:
        if not source.file.exists():
            raise BackupFailed(f"{source.file}: there is no database yet")
        sqlite_file.copy(source.file, target)
        if fault := sqlite_file.fault(target):
            raise BackupFailed(f"{source.file} is damaged, so that no backup of it is made: {fault}")
        found = sqlite_file.revision(target)
    if not found:
        raise BackupFailed("the database holds nothing of ours yet")
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
    """A slip of the hand must not cost a file that is something else."""
    if target.is_dir() or not target.exists():
        return
    try:
        with target.open("rb") as file:
            archive.read_manifest(file)
    except ArchiveRefused as error:
        raise BackupFailed(f"{target} is there already and is no backup of ours ({error}): it stays") from error


def _check_room(file: Path, folder: Path) -> None:
    """Better no backup than a disk so full that no gift can be kept. The copy stands there twice for a moment."""
    if not file.exists():
        return
    needed, free = 2 * sqlite_file.octets(file) + _KEPT_FREE, shutil.disk_usage(folder).free
    if free < needed:
        raise BackupFailed(f"{folder}: {megabytes(free)} are free, a backup needs {megabytes(needed)} for a while")


def megabytes(octets: int) -> str:
    return f"{octets / 1e6:.1f} MB" if octets < 10_000_000 else f"{octets / 1e6:,.0f} MB"


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder beside the target that is ours alone; those that a kill left behind go."""
    for left in folder.glob(f"{_DRAFT}*"):
        if _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    draft = folder / f"{_DRAFT}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    held = os.open(draft / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # a share without locks: then its age alone speaks for it
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(held)


def _abandoned(left: Path) -> bool:
    """Whether nobody is at work in it."""
    try:
        age_s = time.time() - left.stat().st_mtime
        if age_s < _JUST_MADE_S:
            return False  # perhaps not held yet
        held = os.open(left / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False  # not ours to clear
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age_s > _SURELY_OVER_S
    finally:
        os.close(held)
    return True
