"""Define the program and the options that its commands share."""

from pathlib import Path
from typing import Annotated

import typer

from daemonkit.command_line import make_app

DEFAULT_CONFIG = Path("/etc/beacon-gateway/gateway.toml")
DEFAULT_STATE = Path("/var/lib/beacon-gateway")
SHIPPED_CONFIG = Path("/usr/share/beacon-gateway/gateway.toml")

app = make_app("An iBeacon gateway for community giving.")

Config = Annotated[Path, typer.Option("--config", help="The gateway's TOML file.")]
StateDir = Annotated[
    Path, typer.Option("--state-dir", readable=False, help="The folder of the gateway's key and store.")
]
"""Not checked by typer: only the service may read the folder, and each command reports what it cannot read."""
Url = Annotated[str, typer.Option(help="Address of the running kiosk; the default is that of the settings.")]
