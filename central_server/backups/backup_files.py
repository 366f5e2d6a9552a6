"""Manage the backups in the state folder: names, retention, and when the next one is due."""

import asyncio
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from central_server.backups.archive import Manifest
from central_server.backups.backup import BackupFailed, Source, take
from central_server.state_files import OWN_FILES
from central_server.store.engine.database import BeforeMigration
from central_server.store.engine.schema import StoreRefused, newest_revision
from sync_contract.permit import OFFICIAL_TIME

DAYS = 7
BEFORE_MIGRATIONS = 3
LATEST = timedelta(hours=26)
"""A backup is overdue after this age: one night and two hours."""
_AT = time(3, 30)
"""In official time."""
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"central-(\d{8}T\d{6}Z)(-before-\d{4})?\.tar")


def folder(state: Path) -> Path:
    return state / "backups"


def file_name(now: datetime, *, before: str = "") -> str:
    """Return a name with the time; `before` as in `keep`."""
    return f"central-{now.astimezone(UTC):{_STAMP}}{f'-before-{before}' if before else ''}.tar"


def keep(source: Source, now: datetime, *, before: str = "") -> tuple[Path, Manifest]:
    """Take a backup into the state folder and delete old ones: one per day remains. Raises BackupFailed.

    `before`: the revision of the following migration; such backups are counted separately.
    """
    folder_path = folder(source.state)
    try:
        folder_path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BackupFailed(f"{folder_path}: {error.strerror or error}") from error
    target = folder_path / file_name(now, before=before)
    manifest = take(source, target, now)
    _prune(folder_path)
    return target, manifest


def before_migration(source: Source) -> BeforeMigration | None:
    """Return the hook for `open_database`. None on PostgreSQL: a backup may take hours, and a migration is one
    transaction."""
    if source.kind == "postgresql":
        return None

    async def taken(_found: str) -> None:
        try:
            await asyncio.to_thread(keep, source, datetime.now(UTC), before=newest_revision())
        except BackupFailed as error:
            raise StoreRefused(
                f"the database is upgraded to schema {newest_revision()} only after a backup,"
                f" and none can be made: {error}"
            ) from error

    return taken


def newest(state: Path) -> tuple[Path, datetime] | None:
    """Return the newest backup, by its name. Raises OSError."""
    found = _found(folder(state))
    return max(((file, at) for file, at, _ in found), key=lambda one: one[1], default=None)


def due(state: Path, now: datetime) -> bool:
    """Whether no backup was taken since the last night's time. Raises OSError."""
    last = newest(state)
    night = datetime.combine(now.astimezone(OFFICIAL_TIME).date(), _AT, OFFICIAL_TIME)
    if night > now:
        night -= timedelta(days=1)
    return last is None or last[1] < night


def overdue(source: Source, now: datetime) -> datetime | None:
    """Return the time of the last automatic backup if it is overdue, else None. Raises OSError."""
    if source.kind == "postgresql":
        return None
    last = newest(source.state)
    key = source.state / OWN_FILES[0]
    if last is None and not key.exists():
        return None
    # Without any backup, count from the first start, which created the keys.
    since = last[1] if last else datetime.fromtimestamp(key.stat().st_mtime, UTC)
    return since if now - since > LATEST else None


def _prune(folder_path: Path) -> None:
    daily: dict[str, Path] = {}
    before: list[Path] = []
    for file, at, migration in sorted(_found(folder_path), key=lambda one: one[1]):
        if migration:
            before.append(file)
            continue
        day = str(at.astimezone(OFFICIAL_TIME).date())
        if day in daily:
            daily[day].unlink(missing_ok=True)
        daily[day] = file
    for file in (*[daily[day] for day in sorted(daily)][:-DAYS], *before[:-BEFORE_MIGRATIONS]):
        file.unlink(missing_ok=True)


def _found(folder_path: Path) -> list[tuple[Path, datetime, bool]]:
    """Return file, time, and whether it was taken before a migration."""
    named = [(file, _NAME.fullmatch(file.name)) for file in folder_path.iterdir()] if folder_path.is_dir() else []
    return [
        (file, datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC), bool(name[2])) for file, name in named if name
    ]
