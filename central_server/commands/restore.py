"""beacon-central restore: restore a backup."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from central_server.backups import backup_restore
from central_server.backups.archive import SETTINGS, ArchiveRefused, Manifest, read_manifest
from central_server.backups.backup import Source
from central_server.backups.backup_restore import Restored, RestoreFailed, RestoreRefused
from central_server.backups.state_folder_lock import UNFINISHED, StateInUse
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.commands.store_selection import source
from central_server.receipts.sealed_data import Seal
from central_server.state_files import RECEIPTS_KEY, StateRefused
from daemonkit.state_owner import become_owner
from daemonkit.toml import ConfigRefused
from sync_contract.permit import OFFICIAL_TIME


def run(config: Path, state: Path, file: Path, *, yes: bool) -> int:
    """Return 78 for a backup that does not fit, 75 while a server runs, 1 for a damaged one or without `yes`."""
    now = datetime.now(UTC)
    try:
        into = source(config, state)
        with file.open("rb") as content:  # open it before root switches to the state's owner, who may not read it
            become_owner(state)
            manifest = read_manifest(content)
            backup_restore.check(manifest, into)
            if (there := backup_restore.occupied(into)) and not yes:
                print(_needs_yes(file, manifest, there, now), file=sys.stderr)
                return FAILURE
            done = backup_restore.restore(content, manifest, into, now)
    except (ConfigRefused, StateRefused) as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    except RestoreRefused as refused:
        print(f"{file}: {refused}. Nothing was changed.", file=sys.stderr)
        return CONFIGURATION
    except ArchiveRefused as refused:
        print(f"{file}: {refused}. Nothing was changed.", file=sys.stderr)
        return FAILURE
    except StateInUse as error:
        print(f"{error}. Nothing was changed.", file=sys.stderr)
        return TRY_AGAIN
    except (RestoreFailed, OSError) as error:
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"not restored: {reason}", file=sys.stderr)
        if (state / UNFINISHED).exists():
            print(f"{state} is incomplete: correct the cause, then run this again with --yes", file=sys.stderr)
        return FAILURE
    print(_describe(file, done, into, config, now))
    return 0


def _needs_yes(file: Path, manifest: Manifest, there: Sequence[str], now: datetime) -> str:
    return (
        f"{_describe_backup(file, manifest, now)}\n"
        f"A server's state exists: {', '.join(there)}.\n"
        "Nothing was changed. With --yes it is moved aside, not deleted, and replaced by the backup."
    )


def _describe_backup(file: Path, manifest: Manifest, now: datetime) -> str:
    at = manifest.made_at.astimezone(OFFICIAL_TIME)
    return (
        f"{file}: made {at:%Y-%m-%d %H:%M} by program {manifest.program}, {_ago(now - manifest.made_at)},"
        f" schema {manifest.revision}"
    )


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 0:
        return "later than this machine's clock"
    if minutes < 120:
        return f"{minutes} minutes ago"
    return f"{minutes // 60} hours ago" if minutes < 72 * 60 else f"{minutes // 1440} days ago"


def _describe(file: Path, done: Restored, into: Source, config: Path, now: datetime) -> str:
    manifest = done.manifest
    day = manifest.made_at.astimezone(OFFICIAL_TIME)
    lines = [f"restored from {_describe_backup(file, manifest, now)}"]
    if done.aside is not None:
        lines.append(f"previous state: {done.aside}")
    lines += [
        "",
        f"What happened after {day:%Y-%m-%d %H:%M} is not in this database:",
        "- Gifts and figures that gateways delivered since then. A gateway does not send",
        "  again what was once acknowledged, and nothing asks for it. What still waits in",
        "  a gateway comes by itself. Missing numbers become a task for staff.",
        f"- Payments since then. The bank's files of {day:%Y-%m-%d} and later have them:",
        "  the server reads those each night. A payment whose gift is missing here is a",
        "  difference that staff settle. By hand: beacon-central reconcile --file FILE.",
        "- Refunds, receipts, spending, accounts and changes of the catalogue since then:",
        "  enter them again. Before giving money back, look at the bank whether it went.",
        "- Published figures: halls that saw newer ones refuse older ones until this",
        "  server has caught up. Delete nothing there.",
    ]
    lines += ["", *_missing(into), "Next:"]
    if manifest.holds(SETTINGS) and not config.exists():
        lines.append(f"  tar -xOf {file} {SETTINGS} > {config}")
    lines += [
        "  beacon-central doctor",
        "  sudo systemctl start beacon-central",
        "  beacon-central reconcile",
    ]
    return "\n".join(lines)


def _missing(into: Source) -> list[str]:
    key = into.state / RECEIPTS_KEY
    own_key = Seal(key.read_bytes(), key).fingerprint if key.exists() else ""
    shut = sum(count for opened_by, count in backup_restore.sealed_donors(into).items() if opened_by != own_key)
    if not shut:
        return []
    return [
        f"NEEDED: the receipts.key of that server, as {key} (mode 0600):",
        f"without it the data of {shut} people stay sealed and the server does not start.",
        "",
    ]
