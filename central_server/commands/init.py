"""beacon-central init: write default settings and make the state folder."""

import os
import sys
from importlib.resources import files
from pathlib import Path

from central_server.commands.exit_codes import FAILURE
from central_server.commands.store_selection import SERVICE
from daemonkit.files import write_new
from daemonkit.state_owner import make_state_folder


def run(config: Path, state: Path) -> int:
    """Write commented settings and make the state folder; existing ones stay unchanged."""
    text = files("central_server").joinpath("central.toml").read_bytes()
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        written = write_new(config, text, mode=0o644)  # it contains no secret
        made = make_state_folder(state, SERVICE)
    except OSError as error:
        print(f"{error.filename or config}: {error.strerror or error}", file=sys.stderr)
        return FAILURE
    options = "" if config == Path("/etc/beacon-central/central.toml") else f" --config {config}"
    options += "" if state == Path("/var/lib/beacon-central") else f" --state-dir {state}"
    sudo = "sudo " if os.geteuid() == 0 else ""
    print(f"{config}: {'written' if written else 'exists, not changed'}")
    print(f"{state}: {'made' if made else 'exists'}")
    print("\nEdit the settings, then:")
    print(f"  beacon-central check-config {config}")
    print(f"  {sudo}beacon-central user add NAME{options}")
    print(f"  {sudo}beacon-central doctor{options}")
    return 0
