"""beacon-central backup: take a backup."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.backups.archive import Manifest
from central_server.backups.backup import BackupFailed, Source, megabytes, take
from central_server.backups.backup_files import file_name, folder, keep
from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.commands.store_selection import source
from central_server.state_files import RECEIPTS_KEY, StateRefused
from daemonkit.state_owner import become_owner
from daemonkit.toml import ConfigRefused
from sync_contract.permit import OFFICIAL_TIME


def run(config: Path, state: Path, file: Path | None, *, with_receipts_key: bool) -> int:
    """`file`: a folder takes one under a name with its time; None is the state folder's own `backups`."""
    now = datetime.now(UTC)
    try:
        of = source(config, state)
        made, manifest = _taken(of, file, now, with_receipts_key)
    except (ConfigRefused, StateRefused) as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    except (BackupFailed, OSError) as error:
        print(f"no backup was made: {error}", file=sys.stderr)
        return FAILURE
    print(describe_backup(made, manifest))
    return 0


def _taken(of: Source, file: Path | None, now: datetime, with_receipts_key: bool) -> tuple[Path, Manifest]:
    if file is None or file.resolve() == folder(of.state).resolve():
        if with_receipts_key:
            raise BackupFailed("with receipts.key it belongs elsewhere than beside that key: name a FILE")
        become_owner(of.state)
        return keep(of, now)
    target = file / file_name(now) if file.is_dir() else file
    return target, take(of, target, now, with_receipts_key=with_receipts_key)


def describe_backup(made: Path, manifest: Manifest) -> str:
    keys = sum(part.name.startswith("state/") for part in manifest.parts)
    has_receipts_key = manifest.holds(f"state/{RECEIPTS_KEY}")
    lines = [
        f"{made}: {megabytes(made.stat().st_size)}",
        f"as of {manifest.made_at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M:%S}, schema {manifest.revision}:"
        f" the database, {keys} keys{' and central.toml' if manifest.holds('central.toml') else ''}",
        "IT HOLDS SECRETS: with its keys anybody can publish as this server. Keep it where",
        "only you can read it, and not only on this machine.",
        f"Not in it: {'' if has_receipts_key else 'receipts.key and '}the bank's keys. Keep copies of them elsewhere.",
    ]
    return "\n".join(lines)
