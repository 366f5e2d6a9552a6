"""The first boot with an enrolment bundle on the boot partition: from a flashed card to a running kiosk, no input.

Each step can be repeated, and the completed ones are stored, so a power cut at any moment only repeats a step.
"""

import hashlib
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import GatewayError, KeysInUse, StateInUse
from beacon_gateway.setup.backup import SETTINGS, Manifest, read_manifest
from beacon_gateway.setup.bundle_file import BOOT_FOLDERS, erase_bundle, find_backup, find_bundle, read_bundle
from beacon_gateway.setup.device_changes import (
    check_settings,
    enable_services,
    place_settings,
    restart_services,
    set_time_zone,
)
from beacon_gateway.setup.device_enrolment import enrol_device
from beacon_gateway.setup.restore import RestoreFault, RestoreRefused, restore
from beacon_gateway.setup.site_file import SiteFacts, format_site_file
from beacon_gateway.setup.wifi_profile import connect, write_profile
from beacon_gateway.store.first_boot_progress import Progress, Step, clear_progress, read_progress, record_progress
from beacon_gateway.store.identity import Keys, enrolment_of, stored_identity
from beacon_gateway.store.restored_state import finish_restore
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer
from beacon_gateway.sync.ports import CentralUnreachable
from daemonkit.backup_archive import ArchiveRefused, measure
from daemonkit.state_owner import as_owner, make_state_folder
from daemonkit.toml import ConfigRefused
from sync_contract.enrolment import EnrolmentRefusal, Invitation
from sync_contract.enrolment_bundle import EnrolmentBundle

SERVICE = "beacon-gateway"


class FirstBootFault(StrEnum):
    """Why the first boot waits for a person. Worded in first_boot_wording."""

    no_bundle = "no_bundle"
    bundle_damaged = "bundle_damaged"
    backup_refused = "backup_refused"
    settings_refused = "settings_refused"
    code_unknown = "code_unknown"
    code_expired = "code_expired"
    code_used = "code_used"
    code_revoked = "code_revoked"
    device_refused = "device_refused"
    other_place = "other_place"
    other_server = "other_server"
    too_many = "too_many"
    no_wifi = "no_wifi"
    no_network = "no_network"
    no_answer = "no_answer"
    certificate = "certificate"
    disk = "disk"


PASSING = frozenset(
    (
        FirstBootFault.too_many,
        FirstBootFault.no_wifi,
        FirstBootFault.no_network,
        FirstBootFault.no_answer,
        FirstBootFault.certificate,
        FirstBootFault.disk,
    )
)
"""Faults that may end by themselves: the first boot tries again. The others need another bundle."""
_REFUSED = {
    EnrolmentRefusal.code_unknown: FirstBootFault.code_unknown,
    EnrolmentRefusal.code_expired: FirstBootFault.code_expired,
    EnrolmentRefusal.code_used: FirstBootFault.code_used,
    EnrolmentRefusal.code_revoked: FirstBootFault.code_revoked,
    EnrolmentRefusal.key_known: FirstBootFault.device_refused,
    EnrolmentRefusal.other_place: FirstBootFault.other_place,
    EnrolmentRefusal.too_many: FirstBootFault.too_many,
}
_UNREACHABLE = {
    "name_unknown": FirstBootFault.no_network,
    "no_connection": FirstBootFault.no_network,
    "certificate": FirstBootFault.certificate,
}


class FirstBootStopped(GatewayError):
    """A person must act. `detail`: the cause for a technician; it contains no secret."""

    def __init__(self, fault: FirstBootFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Device:
    """The places that the first boot reads and writes."""

    config: Path
    state_dir: Path
    boot_folders: tuple[Path, ...] = BOOT_FOLDERS
    etc: Path = field(default=Path("/etc"))


def run_first_boot(device: Device, report: Callable[[Step, str], None]) -> None:
    """Complete every step but the start of the services. Blocks. Raises FirstBootStopped.

    `report` receives each step before it begins, with the hall's name.
    """
    try:
        make_state_folder(device.state_dir, SERVICE)
        path = find_bundle(device.boot_folders)
        bundle = read_bundle(path) if path else None
        progress = read_progress(device.state_dir)
        if bundle is not None:
            _use_bundle(device, bundle, progress, report)
        elif enrolment_of(device.state_dir) is None:
            raise FirstBootStopped(FirstBootFault.no_bundle)
        mark = _mark(bundle) if bundle else progress.bundle if progress else ""
        report(Step.erase, "")
        if path is not None:
            erase_bundle(path)
        while backup := find_backup(device.boot_folders):
            backup.unlink()
        _record(device, mark, Step.erase)
        report(Step.start, "")
        enable_services()
        _record(device, mark, Step.start)
    except ConfigRefused as refused:
        raise FirstBootStopped(FirstBootFault.bundle_damaged, str(refused.faults[0])) from None
    except (OSError, StoreUnavailable, KeysInUse, StateInUse, sqlite3.Error, subprocess.SubprocessError) as error:
        raise FirstBootStopped(FirstBootFault.disk, str(error)) from error


def read_rotation(device: Device) -> int | None:
    """Return the rotation of the screen in the bundle; None without a good bundle."""
    path = find_bundle(device.boot_folders)
    try:
        bundle = read_bundle(path) if path else None
    except ConfigRefused:
        return None
    return bundle.site.rotation if bundle else None


def start_services(device: Device) -> None:
    """Start gateway and kiosk, then forget the progress. Raises FirstBootStopped."""
    try:
        restart_services()
        clear_progress(device.state_dir)
    except (OSError, subprocess.SubprocessError) as error:
        raise FirstBootStopped(FirstBootFault.disk, str(error)) from error


def _use_bundle(
    device: Device, bundle: EnrolmentBundle, progress: Progress | None, report: Callable[[Step, str], None]
) -> None:
    """Do the steps that need the bundle and are not done with it yet."""
    mark, wifi_problem = _mark(bundle), ""
    steps = list(Step)
    done = steps.index(progress.done) if progress and progress.bundle == mark else -1
    for step in steps[done + 1 : steps.index(Step.erase)]:
        report(step, bundle.site.hall)
        match step:
            case Step.time_zone:
                set_time_zone(device.etc, bundle.site.time_zone)
            case Step.network:
                wifi_problem = _join_network(device.etc, bundle)
            case Step.restore:
                _restore(device)
            case Step.enrol:
                _enrol(device.state_dir, bundle, wifi_problem)
            case Step.settings if find_backup(device.boot_folders) is None:
                _write_settings(device, bundle)
            case _:
                pass  # the settings of the backup remain, with the calibration
        if not wifi_problem or step is not Step.network:
            _record(device, mark, step)


def _mark(bundle: EnrolmentBundle) -> str:
    """Return a hash of the content: every step is done again with a bundle that somebody corrected."""
    return hashlib.sha256(bundle.model_dump_json().encode()).hexdigest()[:16]


def _record(device: Device, mark: str, step: Step) -> None:
    with as_owner(device.state_dir):
        record_progress(device.state_dir, Progress(mark, step))


def _join_network(etc: Path, bundle: EnrolmentBundle) -> str:
    """Return why Wi-Fi does not work. A cable may, so this is no fault yet."""
    if not bundle.network.wifi:
        return ""
    write_profile(etc, bundle.network)
    return connect()


def _restore(device: Device) -> None:
    """Restore the backup beside the bundle, as the gateway of both. Raises FirstBootStopped."""
    backup = find_backup(device.boot_folders)
    if backup is None:
        return
    try:
        with as_owner(device.state_dir):
            finish_restore(device.state_dir)
        with backup.open("rb") as file:
            manifest = read_manifest(file)
            identity = stored_identity(device.state_dir)
            ours = identity is not None and identity.gateway == manifest.gateway
            if identity and ours and (identity.enrolment or _has_settings(device.config, manifest)):
                return  # done before a power cut, or in service with newer records
            restore(file, manifest, device.config, device.state_dir, datetime.now(UTC), replace=ours)
    except RestoreRefused as refused:
        occupied = refused.fault is RestoreFault.occupied
        fault = FirstBootFault.other_place if occupied else FirstBootFault.backup_refused
        raise FirstBootStopped(fault, str(refused)) from refused
    except (ArchiveRefused, ConfigRefused) as refused:
        raise FirstBootStopped(FirstBootFault.backup_refused, f"{backup.name}: {refused}") from None


def _has_settings(config: Path, manifest: Manifest) -> bool:
    wanted = next(part for part in manifest.parts if part.name == SETTINGS)
    return config.exists() and measure(config) == (wanted.size, wanted.sha256)


def _enrol(state_dir: Path, bundle: EnrolmentBundle, wifi_problem: str) -> None:
    wanted = bundle.enrolment
    invitation = Invitation(wanted.server, wanted.code, wanted.fingerprint)
    try:
        with as_owner(state_dir):
            enrol_device(state_dir, Keys(state_dir), invitation, wanted.certificate_sha256, pauses=())
    except EnrolmentRefused as refused:
        raise FirstBootStopped(_REFUSED[refused.refusal], refused.refusal.value) from refused
    except OtherServer as error:
        raise FirstBootStopped(FirstBootFault.other_server, wanted.server) from error
    except CentralUnreachable as error:
        if wifi_problem:
            raise FirstBootStopped(FirstBootFault.no_wifi, wifi_problem) from error
        fault = _UNREACHABLE.get(str(error), FirstBootFault.no_answer)
        raise FirstBootStopped(fault, f"{wanted.server}: {error}") from error


def _write_settings(device: Device, bundle: EnrolmentBundle) -> None:
    """Write gateway.toml; other settings, such as the shipped ones, remain beside it."""
    site, beacon, config = bundle.site, bundle.beacon, device.config
    hall = "".join(each if each.isprintable() else " " for each in site.hall)
    facts = SiteFacts(
        community=site.community,
        environment=site.environment,
        beacon=beacon.id if beacon else None,
        project=(beacon.project or "") if beacon else "",
        language=site.language,
        rotation=site.rotation,
    )
    text = format_site_file(facts, f"由登记文件写成 Written from the enrolment bundle: {hall}")
    try:
        check_settings(config, device.state_dir, text)
    except ConfigRefused as refused:
        raise FirstBootStopped(FirstBootFault.settings_refused, str(refused.faults[0])) from None
    place_settings(config, text, "before-first-boot")
