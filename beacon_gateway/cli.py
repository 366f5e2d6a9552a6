"""beacon-gateway: one line a command; each command's body is in commands/<command>.py and imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/beacon-gateway/gateway.toml")
DEFAULT_STATE = Path("/var/lib/beacon-gateway")

app = typer.Typer(
    help="An iBeacon gateway for community giving. 社区献爱心信标网关。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sync = typer.Typer(help="What was delivered to the central server, also without a network.", no_args_is_help=True)
app.add_typer(sync, name="sync")

Config = Annotated[Path, typer.Option("--config", help="The gateway's TOML file.")]
StateDir = Annotated[Path, typer.Option("--state-dir", help="Where the gateway keeps its key and its store.")]


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE (btsnoop).")] = "auto",
    port: Annotated[int | None, typer.Option(help="Instead of kiosk.port; 0 is a free one.")] = None,
    central_url: Annotated[str | None, typer.Option(help="Instead of central.url.")] = None,
    central_key: Annotated[str | None, typer.Option(help="Instead of central.catalogue_key.")] = None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    from beacon_gateway.commands.run import run as body

    raise typer.Exit(body(config, state_dir, radio, port, central_url, central_key))


@app.command("check-config")
def check_config(file: Annotated[Path, typer.Argument(help="The TOML file to check.")]) -> None:
    """Print every fault of a TOML file at once, as file:line: key: reason; exit 78 when there is one."""
    from beacon_gateway.commands.check_config import check_config as body

    raise typer.Exit(body(file))


@app.command()
def identity(state_dir: StateDir = DEFAULT_STATE) -> None:
    """Print this gateway's id and public key, for `beacon-central gateway add`; makes them on the first call."""
    from beacon_gateway.commands.identity import identity as body

    raise typer.Exit(body(state_dir))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A btsnoop capture (btmon -w), or a trace of our own (scan --trace).")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings to decide under; a trace brings its own, else /etc's.")
    ] = None,
    pace: Annotated[str, typer.Option(help="max: at once; 1.0: as it happened; 10: ten times as fast.")] = "max",
    svg: Annotated[Path | None, typer.Option(help="Draw it: signal, zones and decisions over time.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One decision a line, as JSON.")] = False,
) -> None:
    """What would be decided from a recording, and why; try other settings on it. The same answer on every run."""
    from beacon_gateway.commands.replay import run as body

    raise typer.Exit(body(file, config, DEFAULT_CONFIG, pace, svg, json))


@app.command("radio-helper")
def radio_helper(
    user: Annotated[str, typer.Option(help="The one user that is served.")] = "beacon-gateway",
    socket: Annotated[Path | None, typer.Option(help="Where to listen; systemd passes its own socket.")] = None,
) -> None:
    """Put iBeacons in Apple's layout on the air and reset adapters for the gateway; needs CAP_NET_ADMIN."""
    from beacon_gateway.commands.radio_helper import radio_helper as body

    raise typer.Exit(body(user, socket))


@app.command()
def scan(
    config: Config = DEFAULT_CONFIG,
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE (btsnoop).")] = "auto",
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so long; else Ctrl-C ends it.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a table; people's tags by class.")] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="List unknown iBeacons too, to find a new tag. Nothing of them is kept.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option(help="At the end write what place beacons did, for `replay`; nothing of tags.")
    ] = None,
) -> None:
    """A live table: each known beacon, its signal, distance and zone; which project would show, and why."""
    from beacon_gateway.commands.scan import run as body

    raise typer.Exit(body(config, radio, seconds, plain, foreign, trace))


@sync.command("status")
def sync_status(state_dir: StateDir = DEFAULT_STATE) -> None:
    """How many parcels wait, were delivered, were refused; and when the server was last reached."""
    from beacon_gateway.commands.sync import status as body

    raise typer.Exit(body(state_dir))


@sync.command("log")
def sync_log(
    state_dir: StateDir = DEFAULT_STATE,
    lines: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest lines.")] = 50,
) -> None:
    """The newest lines of the sync log, one a fact, in Chinese and English."""
    from beacon_gateway.commands.sync import log as body

    raise typer.Exit(body(state_dir, lines))


@app.command()
def demo(
    state_dir: StateDir = Path("var/demo"),
    config_dir: Annotated[Path, typer.Option(help="Where gateway.toml and central.toml of the demo are.")] = Path(
        "config/demo"
    ),
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE.")] = "auto",
) -> None:
    """The whole product on this machine: sandbox bank, central server and gateway; Ctrl-C stops all three."""
    from beacon_gateway.commands.demo import demo as body

    raise typer.Exit(body(state_dir, config_dir, radio))


def main() -> None:
    app()


if __name__ == "__main__":
    main()
