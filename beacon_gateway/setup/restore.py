"""Restore a gateway's backup on a new card: the same kiosk, with a new key and a new epoch of parcel numbers."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from beacon_gateway.donations.ports import MIN_FREE_BYTES
from beacon_gateway.errors import GatewayError
from beacon_gateway.settings import Settings
from beacon_gateway.setup.backup import SETTINGS, Contents, Manifest, count_contents
from beacon_gateway.store import restored_state, state_folder
from beacon_gateway.store.identity import Keys, stored_identity, write_restored
from beacon_gateway.store.inspection import SchemaTooNew, find_fault, has_numbered_parcels
from beacon_gateway.store.restored_state import ENVIRONMENT, STORE
from daemonkit import backup_archive
from daemonkit.files import sync_folder, write_atomically
from daemonkit.state_owner import as_owner, make_state_folder
from daemonkit.toml import load_text, read_text

SERVICE = "beacon-gateway"


class RestoreFault(StrEnum):
    """Why nothing was restored. `detail` of RestoreRefused: the fault, a path or a number."""

    newer_schema = "newer_schema"
    store_damaged = "store_damaged"
    other_environment = "other_environment"
    """The settings in it are for another environment than its store."""
    no_room = "no_room"
    occupied = "occupied"
    """The device has records or an enrolment, and the caller did not agree to move them aside."""


class RestoreRefused(GatewayError):
    """Nothing was changed."""

    def __init__(self, fault: RestoreFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: the folder with the previous state; `settings_aside`: the previous settings. None: there were none."""

    contents: Contents
    epoch: str
    aside: Path | None
    settings_aside: Path | None


def check_room(manifest: Manifest, state_dir: Path) -> None:
    """Raises RestoreRefused, OSError."""
    folder = next(each for each in (state_dir, *state_dir.absolute().parents) if each.exists())
    free, needed = shutil.disk_usage(folder).free, manifest.size + MIN_FREE_BYTES
    if free < needed:
        raise RestoreRefused(RestoreFault.no_room, f"{folder}: {free / 1e6:.0f} MB < {needed / 1e6:.0f} MB")


def restore(
    file: BinaryIO, manifest: Manifest, config: Path, state_dir: Path, now: datetime, *, replace: bool
) -> Restored:
    """Restore store, environment and settings; the identity gets a new key. Blocks.

    `replace`: move a state with records aside. Raises RestoreRefused, ArchiveRefused, ConfigRefused, StateInUse,
    KeysInUse, OSError. Nothing is changed then; only if the last rename fails, the old settings remain.
    """
    check_room(manifest, state_dir)
    made = make_state_folder(state_dir, SERVICE)
    try:
        with ExitStack() as stack:
            with as_owner(state_dir):
                stack.enter_context(state_folder.locked(state_dir))
                stack.enter_context(Keys(state_dir).locked())
                restored_state.finish_restore(state_dir)
                draft = stack.enter_context(restored_state.open_draft(state_dir))
                backup_archive.unpack(file, manifest.parts, draft)
                epoch, contents = _check_store(draft / STORE)
                settings = _check_settings(draft / SETTINGS, manifest)
                aside = _place_aside(state_dir, now, replace=replace)
                write_restored(draft, manifest.gateway, bound=manifest.bound)
                write_atomically(draft / ENVIRONMENT, f"{manifest.environment.value}\n".encode())
            with _settings_draft(config, settings) as settings_draft:
                with as_owner(state_dir):
                    restored_state.commit(draft, aside)
                made = False
                settings_aside = _put_settings(settings_draft, config, now)
    finally:
        if made:
            shutil.rmtree(state_dir, ignore_errors=True)
    return Restored(contents, epoch, aside, settings_aside)


def _check_store(store: Path) -> tuple[str, Contents]:
    """Check every row, then begin a new epoch; return it. Raises RestoreRefused."""
    try:
        fault, _ = find_fault(store)
        if not fault:
            return restored_state.begin_new_epoch(store), count_contents(store)
    except SchemaTooNew as error:
        raise RestoreRefused(RestoreFault.newer_schema, str(error)) from error
    except sqlite3.Error as error:
        fault = str(error)
    raise RestoreRefused(RestoreFault.store_damaged, fault)


def _check_settings(file: Path, manifest: Manifest) -> bytes:
    """Return the settings after checking them as the gateway does. Raises ConfigRefused, RestoreRefused."""
    known = manifest.enrolment
    fill = {"central": {"url": known.central, "catalogue_key": known.catalogue_key}} if known else {}
    settings = load_text(file.relative_to(file.parent), read_text(file), Settings, fill=fill)
    if settings.site.environment is not manifest.environment:
        detail = f"{settings.site.environment} / {manifest.environment}"
        raise RestoreRefused(RestoreFault.other_environment, detail)
    return file.read_bytes()


def _place_aside(state_dir: Path, now: datetime, *, replace: bool) -> Path | None:
    """Return an unused name for the folder of the old state; None without one. Raises RestoreRefused."""
    if not restored_state.find_old(state_dir):
        return None
    if not replace and _has_records(state_dir):
        raise RestoreRefused(RestoreFault.occupied, str(state_dir))
    return _unused(state_dir / _aside_name("", now))


def _has_records(state_dir: Path) -> bool:
    identity, store = stored_identity(state_dir), state_dir / STORE
    if identity is None or identity.enrolment or identity.bound:
        return True
    try:
        return store.exists() and has_numbered_parcels(store)
    except sqlite3.Error:
        return True


@contextmanager
def _settings_draft(config: Path, settings: bytes) -> Iterator[Path]:
    """Write the settings beside their place, so that only a rename is left after the state is exchanged."""
    config.parent.mkdir(parents=True, exist_ok=True)
    draft = config.with_name(f".{config.name}.{secrets.token_hex(8)}.tmp")
    try:
        write_atomically(draft, settings, mode=0o644)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _put_settings(draft: Path, config: Path, now: datetime) -> Path | None:
    """Rename the draft to `config`; return the name under which other settings remain."""
    aside = None
    if config.exists() and config.read_bytes() != draft.read_bytes():
        aside = _unused(config.with_name(_aside_name(f"{config.name}.", now)))
        os.replace(config, aside)
    os.replace(draft, config)
    sync_folder(config.parent)
    return aside


def _aside_name(prefix: str, now: datetime) -> str:
    return f"{prefix}before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _unused(wanted: Path) -> Path:
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 100))
    return next(each for each in (wanted, *numbered) if not each.exists())
