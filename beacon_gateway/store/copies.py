"""Copies of the store: one a day and one before each migration; the newest two remain."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from beacon_gateway.donations.ports import MIN_FREE_BYTES, StoreUnavailable
from beacon_gateway.store.inspection import connect_read_only, find_fault, is_refusal
from daemonkit.files import sync_file, sync_folder

log = structlog.get_logger()
_MAX_COPIES = 2
_DAY_S = 24 * 3600.0
_CHECK_S = 600.0


def list_copies(path: Path) -> list[Path]:
    """Return the copies of the store, the newest first."""
    copies = path.parent.glob(f"{path.name}.copy-[0-9]*")
    return sorted(copies, key=lambda copy: int(copy.name.rpartition("-")[2]), reverse=True)


def write_copy(path: Path) -> str:
    """Copy the store beside itself, while it is in use. Return the fault that the copy has and the store may have.

    Delivered parcels are not in the store, so they are not in the copy. A faulty copy is deleted.
    Raises OSError, sqlite3.Error.
    """
    draft = path.with_name(f"{path.name}.copying")
    draft.unlink(missing_ok=True)
    with closing(connect_read_only(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(draft),))
    sync_file(draft)
    fault, _ = find_fault(draft)
    if fault:
        draft.unlink()
        return fault
    earlier = list_copies(path)
    number = int(earlier[0].name.rpartition("-")[2]) + 1 if earlier else 1
    draft.rename(path.with_name(f"{path.name}.copy-{number}"))
    sync_folder(path.parent)
    for old in list_copies(path)[_MAX_COPIES:]:
        old.unlink()
    return ""


async def copy_daily(path: Path, found_damage: Callable[[], None]) -> None:
    """Write a copy when the newest one is a day old, until cancelled. Raises StoreUnavailable.

    No copy is written that would leave less than the space that gifts need.
    """
    while True:
        await asyncio.sleep(_CHECK_S)
        if not _is_due(path):
            continue
        if shutil.disk_usage(path.parent).free < MIN_FREE_BYTES + path.stat().st_size:
            log.warning("store.not_copied", reason="disk_full")
            continue
        try:
            fault = await asyncio.to_thread(write_copy, path)
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and not is_refusal(error, path):
                found_damage()
            raise StoreUnavailable(f"the store was not copied: {error}") from error
        if fault:
            log.error("store.damaged", reason=fault)
            found_damage()


def _is_due(path: Path) -> bool:
    copies = list_copies(path)
    return not copies or not 0 <= time.time() - copies[0].stat().st_mtime < _DAY_S
