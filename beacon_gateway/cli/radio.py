"""Define the commands that show what the radio receives and what the settings make of it."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, Config, StateDir, Url, app
from daemonkit.command_line import Json


@app.command()
def scan(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="bluez, simulated or capture:FILE (btsnoop).")] = "bluez",
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="End after this many seconds; the default is to run until Ctrl-C.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print lines instead of a table; people's tags by class.")
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="List unknown iBeacons too, to find a new tag. They are not stored.")
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option(help="At the end, write the activity of place beacons, for `replay`; without people's tags."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="At the end, write the frames of place beacons as btsnoop, for `replay` and btmon."),
    ] = None,
    everybody: Annotated[
        bool,
        typer.Option("--all", help="With --record: also people's tags and unknown beacons; delete such a file soon."),
    ] = False,
) -> None:
    """Show a live table of known beacons: signal, distance and zone; which project would be shown, and why."""
    from beacon_gateway.commands.scan import ScanOutputs
    from beacon_gateway.commands.scan import run as body

    raise typer.Exit(body(config, state_dir, radio, seconds, plain, foreign, ScanOutputs(trace, record, everybody)))


@app.command()
def explain(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    url: Url = "",
    last: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of decisions.")] = 30,
    json: Json = False,
    svg: Annotated[
        Path | None,
        typer.Option(help="Write a picture of the last ten minutes. It shows who is present: delete it soon."),
    ] = None,
) -> None:
    """Print why the running gateway shows its current screen: each decision with its numbers and reason."""
    from beacon_gateway.commands.explain import run as body

    raise typer.Exit(body(config, state_dir, url, last, json, svg))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A btsnoop capture (btmon -w), or a trace (scan --trace).")],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="Settings to use; the default is those in the trace, or for a capture those in /etc."
        ),
    ] = None,
    state_dir: StateDir = DEFAULT_STATE,
    pace: Annotated[str, typer.Option(help="max: without waiting; 1.0: real time; 10: ten times as fast.")] = "max",
    svg: Annotated[Path | None, typer.Option(help="Write a picture: signal, zones and decisions over time.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one decision per line, as JSON.")] = False,
) -> None:
    """Print what the settings decide from a recording, and why. The result is the same on every run."""
    from beacon_gateway.commands.replay import run as body

    raise typer.Exit(body(file, config, DEFAULT_CONFIG, state_dir, pace, svg, json))
