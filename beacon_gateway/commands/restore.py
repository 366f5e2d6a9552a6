"""beacon-gateway restore: put a backup on a new card and enrol it as the same gateway with one code."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from beacon_gateway.commands import backup_wording as wording
from beacon_gateway.commands import enrol
from beacon_gateway.commands.backup import describe_manifest, print_gateway
from beacon_gateway.commands.enrol import MalformedInvitation
from beacon_gateway.commands.enrol_wording import SETTINGS_OVERRIDE
from beacon_gateway.errors import KeysInUse, StateInUse
from beacon_gateway.setup.backup import Manifest, read_manifest
from beacon_gateway.setup.device_enrolment import enrol_device
from beacon_gateway.setup.restore import Restored, RestoreFault, RestoreRefused, restore
from beacon_gateway.store.identity import Keys
from daemonkit.backup_archive import ArchiveRefused
from daemonkit.toml import ConfigRefused
from sync_contract.enrolment import EnrolmentAnswer, Invitation, fingerprint, group_code
from sync_contract.keys import read_public

FAILURE, USAGE, TRY_AGAIN, CONFIGURATION = 1, 2, 75, 78
_EXIT_CODES = {
    RestoreFault.newer_schema: CONFIGURATION,
    RestoreFault.other_environment: CONFIGURATION,
    RestoreFault.no_room: TRY_AGAIN,
}


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """`code`: an enrolment code or the complete text of its QR; `server`: replaces the server of the backup."""

    code: str = ""
    server: str = ""
    yes: bool = False
    as_json: bool = False


def run(file: Path, config: Path, state_dir: Path, options: RestoreOptions) -> int:
    """Return the exit code: 78 for a backup that does not fit, 75 while a gateway runs or the server is unreachable,
    1 for a damaged backup, for existing records without --yes, and for a refused code.
    """
    try:
        with file.open("rb") as content:  # before root acts as the state folder's owner, who may not read it
            manifest = read_manifest(content)
            invitation = _invite(manifest, options)
            done = restore(content, manifest, config, state_dir, datetime.now(UTC), replace=options.yes)
    except MalformedInvitation as malformed:
        return _refuse(malformed.args[0], USAGE)
    except ArchiveRefused as refused:
        zh, en = wording.ARCHIVE_REFUSED[refused.fault]
        return _refuse((zh.format(name=refused.name), en.format(name=refused.name)), FAILURE, str(file))
    except RestoreRefused as refused:
        code = _EXIT_CODES.get(refused.fault, FAILURE)
        return _refuse(wording.RESTORE_REFUSED[refused.fault], code, refused.detail)
    except ConfigRefused as refused:
        return _refuse(wording.SETTINGS_REFUSED, CONFIGURATION, after=str(refused))
    except (StateInUse, KeysInUse):
        return _refuse(wording.RUNNING, TRY_AGAIN)
    except OSError as error:
        print(f"beacon-gateway restore: {error.filename or file}: {error.strerror}", file=sys.stderr)
        return FAILURE
    if not options.as_json:
        _print_restored(manifest, done, file)
    answers: list[EnrolmentAnswer] = []
    code = enrol.with_keys(state_dir, _enrolment(invitation, answers)) if invitation else 0
    return _finish(manifest, done, config, invitation, answers, code, options)


def _invite(manifest: Manifest, options: RestoreOptions) -> Invitation | None:
    """Return the invitation, before anything is changed; None when nobody gives a code. Raises MalformedInvitation.

    The backup names the server and the key that it must prove, so a code alone is enough.
    """
    known, code = manifest.enrolment, options.code
    if not code and known and sys.stdin.isatty() and not options.as_json:
        code = input(wording.ASK_CODE).strip()
    if not code:
        return None
    if code.startswith("beacon-enrol:"):
        return enrol.read_typed_invitation(code, "")
    server = options.server or (known.central if known else "")
    if not server:
        raise MalformedInvitation(wording.NO_SERVER)
    typed = enrol.read_typed_invitation(server, code)
    return Invitation(typed.url, typed.code, fingerprint(read_public(known.catalogue_key)) if known else "")


def _enrolment(invitation: Invitation, answers: list[EnrolmentAnswer]) -> Callable[[Keys], int]:
    def work(keys: Keys) -> int:
        answers.append(enrol_device(keys.state_dir, keys, invitation))
        return 0

    return work


def _print_restored(manifest: Manifest, done: Restored, file: Path) -> None:
    print(f"已恢复 restored: {file}")
    print_gateway(manifest)
    if done.aside:
        print(f"  原来的记录 previous records: {done.aside}")
    if done.settings_aside:
        print(f"  原来的设置 previous settings: {done.settings_aside}")
    at = f"{manifest.made_at.astimezone():%Y-%m-%d %H:%M}"
    for sentences in (
        *wording.describe_contents(done.contents),
        (
            f"旧卡在 {at} 以后登记、还没送达的捐款不在备份里;旧卡若还能用,请先接上网络让它送完,再登记新卡。",
            f"Gifts that the old card registered after {at} and did not deliver are not in the backup. If it still "
            "works, connect it until it has delivered them, and enrol the new card afterwards.",
        ),
    ):
        for sentence in sentences:
            print(sentence)


def _finish(
    manifest: Manifest,
    done: Restored,
    config: Path,
    invitation: Invitation | None,
    answers: list[EnrolmentAnswer],
    code: int,
    options: RestoreOptions,
) -> int:
    if options.as_json:
        facts = {
            **describe_manifest(manifest),
            "contents": done.contents.model_dump(),
            "epoch": done.epoch,
            "aside": str(done.aside) if done.aside else None,
            "settings_aside": str(done.settings_aside) if done.settings_aside else None,
            "enrolled": bool(answers),
        }
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    if answers:
        if not options.as_json:
            print(f"登记成功 enrolled: {answers[0].label} ({answers[0].gateway})")
        assert invitation is not None, "it was answered"
        if enrol.settings_override(config, invitation.url, answers[0].catalogue_key):
            _print_lines(SETTINGS_OVERRIDE)
    elif manifest.enrolment or invitation:
        _print_lines(wording.NOT_ENROLLED)
        url = invitation.url if invitation else manifest.enrolment.central if manifest.enrolment else ""
        typed = group_code(invitation.code) if invitation and code == TRY_AGAIN else "CODE"
        print(f"  sudo beacon-gateway enrol {url} {typed}", file=sys.stderr)
    elif not options.as_json:
        _print_lines(wording.NEVER_ENROLLED)
    if not options.as_json:
        for sentence in wording.START:
            print(sentence)
        print(wording.START_COMMAND)
    return code


def _refuse(sentences: tuple[str, str], code: int, subject: str = "", after: str = "") -> int:
    print(f"beacon-gateway restore: {subject or sentences[0]}", file=sys.stderr)
    _print_lines(sentences if subject else sentences[1:])
    if after:
        print(after, file=sys.stderr)
    _print_lines(wording.UNCHANGED)
    return code


def _print_lines(sentences: tuple[str, ...]) -> None:
    for sentence in sentences:
        print(f"  {sentence}", file=sys.stderr)
