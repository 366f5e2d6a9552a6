"""Change the device as root: its settings file, its time zone and its services."""

import os
import subprocess
from pathlib import Path

from beacon_gateway.settings import Settings
from beacon_gateway.store.identity import enrolment_of
from daemonkit.files import sync_folder, write_atomically
from daemonkit.toml import load_text

UNITS = ("beacon-gateway.service", "beacon-kiosk.service")
_ZONES = Path("/usr/share/zoneinfo")


def check_settings(config: Path, state_dir: Path, text: str) -> Settings:
    """Return the settings that the gateway would read from `text`. Raises ConfigRefused."""
    known = enrolment_of(state_dir)
    fill = {"central": {"url": known.central, "catalogue_key": known.catalogue_key}} if known else {}
    return load_text(config, text, Settings, fill=fill)


def place_settings(config: Path, text: str, suffix: str) -> Path | None:
    """Write the settings file; other settings remain beside it under `suffix`. Return where. Raises OSError."""
    config.parent.mkdir(parents=True, exist_ok=True)
    before = config.read_bytes() if config.exists() else text.encode()
    aside = None
    if before != text.encode():
        aside = config.with_name(f"{config.name}.{suffix}")
        write_atomically(aside, before, mode=0o644)
    write_atomically(config, text.encode(), mode=0o644)
    return aside


def set_time_zone(etc: Path, zone: str) -> None:
    """Link /etc/localtime, as localtime(5) describes it. Raises OSError."""
    draft = etc / ".localtime.beacon"
    draft.unlink(missing_ok=True)
    draft.symlink_to(_ZONES / zone)
    os.replace(draft, etc / "localtime")
    sync_folder(etc)


def enable_services() -> None:
    """Start gateway and kiosk at each boot. Raises OSError, subprocess.SubprocessError."""
    _systemctl("enable", "--quiet", *UNITS)


def restart_services() -> None:
    """Raises OSError, subprocess.SubprocessError."""
    _systemctl("restart", "--no-block", *UNITS)


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=True, capture_output=True, timeout=90)  # noqa: S603, S607  (constants; systemd sets PATH)
