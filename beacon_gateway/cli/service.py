"""Define the commands that services and the kiosk's screen run."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, Config, StateDir, app
from daemonkit.command_line import HelpLanguage, Version
from daemonkit.light_structlog import import_structlog


@app.callback()
def options(version: Version = False, lang: HelpLanguage = "") -> None:
    """Define the options of the program itself; the help above describes it."""


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[
        str,
        typer.Option(
            help="auto, bluez, simulated or capture:FILE (btsnoop); the last two only in a drill. auto selects bluez, "
            "or in a drill without a Bluetooth adapter the simulator."
        ),
    ] = "auto",
    port: Annotated[int | None, typer.Option(help="Replaces kiosk.port; 0 selects a free port.")] = None,
    central_url: Annotated[str | None, typer.Option(help="Replaces central.url.")] = None,
    central_key: Annotated[str | None, typer.Option(help="Replaces central.catalogue_key.")] = None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    import_structlog()
    from beacon_gateway.commands.run import run as body

    raise typer.Exit(body(config, state_dir, radio, port, central_url, central_key))


@app.command()
def rehearse(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    always: Annotated[bool, typer.Option("--always", help="Also when this version has passed before.")] = False,
) -> None:
    """Migrate a copy of the store and try this version on it, before it serves the kiosk; the store is unchanged."""
    import_structlog()
    from beacon_gateway.commands.rehearse import rehearse as body

    raise typer.Exit(body(config, state_dir, always=always))


@app.command("update-hours")
def update_hours(config: Config = DEFAULT_CONFIG, state_dir: StateDir = DEFAULT_STATE) -> None:
    """State whether the site permits an update now: 0, or 75 outside the hours of [updates]."""
    from beacon_gateway.commands.update_hours import update_hours as body

    raise typer.Exit(body(config, state_dir))


@app.command("radio-helper")
def radio_helper(
    user: Annotated[str, typer.Option(help="The only user that is served.")] = "beacon-gateway",
    socket: Annotated[
        Path | None, typer.Option(help="The socket's path; not needed when systemd passes a socket.")
    ] = None,
) -> None:
    """Send iBeacons in Apple's layout and reset adapters for the gateway; needs CAP_NET_ADMIN."""
    from beacon_gateway.commands.radio_helper import radio_helper as body

    raise typer.Exit(body(user, socket))


@app.command("kiosk-session")
def kiosk_session(
    config: Config = DEFAULT_CONFIG,
    browser: Annotated[str, typer.Option(help="The Chromium to start.")] = "chromium",
) -> None:
    """Run the kiosk's browser inside the compositor and apply the screen's hours; end when the page fails."""
    from beacon_gateway.commands.kiosk_session import kiosk_session as body

    raise typer.Exit(body(config, browser))


@app.command("kiosk-policy")
def kiosk_policy(
    config: Config = DEFAULT_CONFIG,
    write: Annotated[
        Path | None, typer.Option(help="Write it to this file if it differs; the default is to print it.")
    ] = None,
) -> None:
    """Print the policy that restricts Chromium to the kiosk's pages."""
    from beacon_gateway.commands.kiosk_policy import kiosk_policy as body

    raise typer.Exit(body(config, write))


@app.command()
def demo(
    state_dir: StateDir = Path("var/demo"),
    config_dir: Annotated[
        Path | None,
        typer.Option(help="The folder with gateway.toml and central.toml of the demo; the default is the shipped one."),
    ] = None,
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE.")] = "auto",
) -> None:
    """Run sandbox bank, central server and gateway on this machine; Ctrl-C stops all three."""
    from beacon_gateway.commands.demo import demo as body

    raise typer.Exit(body(state_dir, config_dir, radio))
