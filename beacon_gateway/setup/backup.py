"""Back up a gateway: store, settings and what enrols it again, without its key, while it runs."""

import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from beacon_gateway.donations.ports import MIN_FREE_BYTES
from beacon_gateway.errors import GatewayError
from beacon_gateway.store.identity import FILE as IDENTITY
from beacon_gateway.store.identity import Enrolment, Identity, stored_identity
from beacon_gateway.store.inspection import (
    SchemaTooNew,
    connect_read_only,
    find_fault,
    is_refusal,
)
from beacon_gateway.store.restored_state import STORE
from daemonkit import backup_archive
from daemonkit.backup_archive import ArchiveFault, ArchiveRefused
from daemonkit.files import sync_folder
from daemonkit.state_owner import as_owner
from sync_contract.enrolment import PublicText
from sync_contract.strict_model import Environment, Record
from sync_contract.uuid7 import GatewayId

FORMAT: Literal[1] = 1
SETTINGS = "gateway.toml"
_DRAFT = ".backup."
_DRAFT_MAX_AGE_S = 24 * 3600.0


class BackupFault(StrEnum):
    """Why no backup was made. `detail` of BackupFailed: the path, or the fault of the store."""

    never_ran = "never_ran"
    unreadable = "unreadable"
    damaged = "damaged"
    schema_too_new = "schema_too_new"
    exists = "exists"
    no_room = "no_room"
    cannot_write = "cannot_write"


class BackupFailed(GatewayError):
    """No backup was made and nothing was changed."""

    def __init__(self, fault: BackupFault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


class Part(backup_archive.Part):
    name: Annotated[str, StringConstraints(pattern=r"^gateway\.(db|toml)$")]


class StoredEnrolment(Record):
    """Where the gateway was enrolled. All of it is public."""

    central: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,300}$")]
    catalogue_key: PublicText
    community: Annotated[str, Field(min_length=1, max_length=64)]
    label: Annotated[str, Field(min_length=1, max_length=120)]


class Contents(Record):
    """Counts in the store. `gifts`: registered and not delivered, among `parcels`; `lost`: missing after repairs."""

    gifts: Annotated[int, Field(ge=0)]
    parcels: Annotated[int, Field(ge=0)]
    refused: Annotated[int, Field(ge=0)]
    lost: Annotated[int, Field(ge=0)]


class Manifest(Record):
    """`bound`: the central server may know records of `gateway`, so the backup is restored as this gateway only."""

    format: Literal[1]
    kind: Literal["gateway"]
    program: Annotated[str, Field(max_length=40)]
    made_at: AwareDatetime
    schema_version: Annotated[int, Field(ge=1)]
    environment: Environment
    gateway: GatewayId
    bound: bool
    enrolment: StoredEnrolment | None
    contents: Contents
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Source:
    identity: Identity
    environment: Environment
    settings: Path


def file_name(now: datetime) -> str:
    return f"beacon-gateway-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"


def take_backup(config: Path, state_dir: Path, target: Path, now: datetime) -> Manifest:
    """Write a backup to the new file `target`. Blocks. Raises BackupFailed."""
    source = _find_source(config, state_dir)
    if target.exists():
        raise BackupFailed(BackupFault.exists, str(target))
    try:
        with _copied_store(state_dir) as store:
            parts = {STORE: store, SETTINGS: source.settings}
            manifest = _manifest(source, parts, now)
            _write(target, manifest, parts)
    except SchemaTooNew as error:
        raise BackupFailed(BackupFault.schema_too_new, str(error)) from error
    except sqlite3.Error as error:
        fault = BackupFault.cannot_write if is_refusal(error, state_dir / STORE) else BackupFault.damaged
        raise BackupFailed(fault, f"{state_dir / STORE}: {error}") from error
    except OSError as error:
        raise BackupFailed(BackupFault.cannot_write, f"{error.filename or target}: {error.strerror}") from error
    return manifest


def read_manifest(file: BinaryIO) -> Manifest:
    """Raises ArchiveRefused, OSError."""
    manifest_json = backup_archive.read_manifest(file, FORMAT)
    try:
        manifest = Manifest.model_validate_json(manifest_json)
    except ValidationError as error:
        raise ArchiveRefused(ArchiveFault.manifest_foreign) from error
    for name in (STORE, SETTINGS):
        if not any(part.name == name for part in manifest.parts):
            raise ArchiveRefused(ArchiveFault.missing, name)
    return manifest


def count_contents(store: Path) -> Contents:
    """Raises sqlite3.Error."""
    query = """SELECT (SELECT count(*) FROM outbox WHERE kind = 'intent'), (SELECT count(*) FROM outbox),
               (SELECT count(*) FROM refused), (SELECT coalesce(sum(missing), 0) FROM repairs)"""
    with closing(connect_read_only(store)) as connection:
        ((gifts, parcels, refused, lost),) = connection.execute(query)
    return Contents(gifts=gifts, parcels=parcels, refused=refused, lost=lost)


def _find_source(config: Path, state_dir: Path) -> _Source:
    if not (state_dir / STORE).exists():
        readable = not state_dir.exists() or os.access(state_dir, os.R_OK | os.X_OK)
        raise BackupFailed(BackupFault.never_ran if readable else BackupFault.unreadable, str(state_dir))
    identity = stored_identity(state_dir)
    try:
        environment = Environment((state_dir / "environment").read_text("ascii").strip())
        config.stat()
    except OSError as error:
        raise BackupFailed(BackupFault.unreadable, str(error.filename)) from error
    except ValueError as error:
        raise BackupFailed(BackupFault.damaged, str(state_dir / "environment")) from error
    if identity is None:
        file = state_dir / IDENTITY
        readable = not file.exists() or os.access(file, os.R_OK)
        raise BackupFailed(BackupFault.damaged if readable else BackupFault.unreadable, str(file))
    return _Source(identity, environment, config)


@contextmanager
def _copied_store(state_dir: Path) -> Iterator[Path]:
    """Copy the store as the service's user, because SQLite may make side files. Raises BackupFailed, SchemaTooNew."""
    store = state_dir / STORE
    free, needed = shutil.disk_usage(state_dir).free, store.stat().st_size + MIN_FREE_BYTES
    if free < needed:
        raise BackupFailed(BackupFault.no_room, f"{state_dir}: {free / 1e6:.0f} MB < {needed / 1e6:.0f} MB")
    with as_owner(state_dir):
        for left in state_dir.glob(f"{_DRAFT}*"):  # of a killed process
            if time.time() - left.stat().st_mtime > _DRAFT_MAX_AGE_S:
                shutil.rmtree(left, ignore_errors=True)
        folder = state_dir / f"{_DRAFT}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
    try:
        with as_owner(state_dir):
            copy = folder / STORE
            with closing(connect_read_only(store)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            fault, _ = find_fault(copy)
            if fault:
                raise BackupFailed(BackupFault.damaged, fault)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _manifest(source: _Source, parts: Mapping[str, Path], now: datetime) -> Manifest:
    store, identity = parts[STORE], source.identity
    with closing(connect_read_only(store)) as connection:
        ((schema_version,),) = connection.execute("PRAGMA user_version")
    known = identity.enrolment
    measured = {name: backup_archive.measure(file) for name, file in parts.items()}
    return Manifest(
        format=FORMAT,
        kind="gateway",
        program=version("beacon-gateway"),
        made_at=now.astimezone(UTC).replace(microsecond=0),
        schema_version=schema_version,
        environment=source.environment,
        gateway=identity.gateway,
        bound=known is not None or identity.bound or _was_received(store),
        enrolment=_without_code(known) if known else None,
        contents=count_contents(store),
        parts=tuple(Part(name=name, size=size, sha256=digest) for name, (size, digest) in measured.items()),
    )


def _was_received(store: Path) -> bool:
    """Return whether a central server received a parcel: a gateway may be registered there without a code."""
    with closing(connect_read_only(store)) as connection:
        (found,) = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM sync_log WHERE event IN ('accepted', 'duplicate', 'conflict'))"
        ).fetchone()
    return bool(found)


def _without_code(known: Enrolment) -> StoredEnrolment:
    return StoredEnrolment(
        central=known.central, catalogue_key=known.catalogue_key, community=known.community, label=known.label
    )


def _write(target: Path, manifest: Manifest, parts: Mapping[str, Path]) -> None:
    """Write a draft beside the target and rename it: FAT file systems have no links. Raises OSError."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        # The mode is set at creation: FAT file systems cannot change it.
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600)) as file:
            content = manifest.model_dump_json(indent=1).encode()
            backup_archive.write(file, content, manifest.parts, parts, manifest.made_at)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent)
