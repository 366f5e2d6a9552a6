"""beacon-gateway backup: write the records and settings of this gateway to one file, without its key."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from beacon_gateway.commands import backup_wording as wording
from beacon_gateway.setup.backup import BackupFailed, BackupFault, Manifest, file_name, take_backup

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78
_EXIT_CODES = {BackupFault.no_room: TRY_AGAIN, BackupFault.cannot_write: TRY_AGAIN}


def run(file: Path, config: Path, state_dir: Path, as_json: bool) -> int:
    """Return the exit code: 75 without space. `file`: a new file, or a folder for one named by the time."""
    now = datetime.now(UTC)
    target = file / file_name(now) if file.is_dir() else file
    try:
        manifest = take_backup(config, state_dir, target, now)
    except BackupFailed as failed:
        print(f"beacon-gateway backup: {failed.detail}", file=sys.stderr)
        for sentence in wording.BACKUP_FAILED[failed.fault]:
            print(f"  {sentence}", file=sys.stderr)
        return _EXIT_CODES.get(failed.fault, FAILURE)
    if as_json:
        print(json.dumps({"file": str(target), **describe_manifest(manifest)}, ensure_ascii=False, indent=1))
        return 0
    print(f"已备份 backup written: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    print_gateway(manifest)
    for sentences in (*wording.describe_contents(manifest.contents), wording.SECRET_FREE):
        for sentence in sentences:
            print(sentence)
    return 0


def describe_manifest(manifest: Manifest) -> dict[str, object]:
    """Return the facts of a backup for a program: gateway, time, program and what is in it, without the digests."""
    facts: dict[str, object] = manifest.model_dump(mode="json", exclude={"parts", "format", "kind"})
    return facts


def print_gateway(manifest: Manifest) -> None:
    known = manifest.enrolment
    name = f"{known.label} / {known.community} / {known.central}" if known else "没有登记 not enrolled"
    print(f"  网关 gateway: {name} ({manifest.gateway})")
    print(
        f"  时间 as of: {manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S}, {manifest.program}, {manifest.environment}"
    )
