"""beacon-central init: write default settings and make the state folder."""

import os
import pwd
import sys
from importlib.resources import files
from pathlib import Path

from central_server.commands.exit_codes import FAILURE

_SERVICE = "beacon-central"
"""User of systemd/beacon-central.service."""


def run(config: Path, state: Path) -> int:
    """Write commented settings and make the state folder; existing ones stay unchanged."""
    text = files("central_server").joinpath("central.toml").read_bytes()
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        written = _write_new(config, text)
        made = not state.is_dir()
        if made:
            _make(state)
    except OSError as error:
        print(f"{error.filename or config}: {error.strerror or error}", file=sys.stderr)
        return FAILURE
    options = "" if config == Path("/etc/beacon-central/central.toml") else f" --config {config}"
    options += "" if state == Path("/var/lib/beacon-central") else f" --state-dir {state}"
    as_service = f"sudo -u {_SERVICE} " if _service() is not None and os.geteuid() == 0 else ""
    print(f"{config}: {'written' if written else 'exists, not changed'}")
    print(f"{state}: {'made' if made else 'exists'}")
    print("\nEdit the settings, then:")
    print(f"  beacon-central check-config {config}")
    print(f"  {as_service}beacon-central user add NAME{options}")
    print(f"  {as_service}beacon-central doctor{options}")
    return 0


def _write_new(file: Path, text: bytes) -> bool:
    """Return False when the file exists."""
    try:
        with file.open("xb") as new:
            os.fchmod(new.fileno(), 0o644)  # it contains no secret
            new.write(text)
    except FileExistsError:
        return False
    return True


def _make(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True)
    account = _service()
    if os.geteuid() == 0 and account is not None:
        os.chown(state, account.pw_uid, account.pw_gid)


def _service() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(_SERVICE)
    except KeyError:
        return None
