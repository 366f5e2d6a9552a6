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
StateDir = Annotated[
    Path, typer.Option("--state-dir", readable=False, help="Where the gateway keeps its key and its store.")
]
"""Not checked here: it is closed to all but the service, and each command says what it could not read."""


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[
        str,
        typer.Option(
            help="bluez; in a drill also simulated or capture:FILE (btsnoop). auto: bluez, in a drill without any "
            "Bluetooth adapter the simulator."
        ),
    ] = "auto",
    port: Annotated[int | None, typer.Option(help="Instead of kiosk.port; 0 is a free one.")] = None,
    central_url: Annotated[str | None, typer.Option(help="Instead of central.url.")] = None,
    central_key: Annotated[str | None, typer.Option(help="Instead of central.catalogue_key.")] = None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    from beacon_gateway.commands.run import run as body

    raise typer.Exit(body(config, state_dir, radio, port, central_url, central_key))


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(help="The TOML file to check.")], state_dir: StateDir = DEFAULT_STATE
) -> None:
    """Print every fault of a TOML file at once, as file:line: key: reason; exit 78 when there is one."""
    from beacon_gateway.commands.check_config import check_config as body

    raise typer.Exit(body(file, state_dir))


@app.command()
def identity(state_dir: StateDir = DEFAULT_STATE) -> None:
    """Print this gateway's id and public key, for `beacon-central gateway add`; makes them on the first call."""
    from beacon_gateway.commands.identity import identity as body

    raise typer.Exit(body(state_dir))


@app.command()
def enrol(
    address: Annotated[
        str, typer.Argument(help="The server's address, or the whole text of the QR; asked for when left out.")
    ] = "",
    code: Annotated[str, typer.Argument(help="The code, with or without hyphens; asked for when left out.")] = "",
    roll: Annotated[bool, typer.Option("--roll", help="Nothing of that: only replace this device's key.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
) -> None:
    """Make this device the gateway for which staff made the code; `run` then knows its server from here."""
    from beacon_gateway.commands import enrol as body

    raise typer.Exit(body.roll(state_dir) if roll else body.enrol(state_dir, config, address, code))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A btsnoop capture (btmon -w), or a trace of our own (scan --trace).")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings to decide under; a trace brings its own, else /etc's.")
    ] = None,
    state_dir: StateDir = DEFAULT_STATE,
    pace: Annotated[str, typer.Option(help="max: at once; 1.0: as it happened; 10: ten times as fast.")] = "max",
    svg: Annotated[Path | None, typer.Option(help="Draw it: signal, zones and decisions over time.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One decision a line, as JSON.")] = False,
) -> None:
    """What would be decided from a recording, and why; try other settings on it. The same answer on every run."""
    from beacon_gateway.commands.replay import run as body

    raise typer.Exit(body(file, config, DEFAULT_CONFIG, state_dir, pace, svg, json))


@app.command()
def explain(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    url: Annotated[str, typer.Option(help="Of the kiosk that is asked; else the port of the settings, here.")] = "",
    last: Annotated[int, typer.Option(min=1, max=1000, help="So many decisions at most.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the last ten minutes. Delete it soon: who is here is in it.")
    ] = None,
) -> None:
    """Why the screen of the running gateway shows what it shows: each decision, its numbers and its rule."""
    from beacon_gateway.commands.explain import run as body

    raise typer.Exit(body(config, state_dir, url, last, json, svg))


@app.command("radio-helper")
def radio_helper(
    user: Annotated[str, typer.Option(help="The one user that is served.")] = "beacon-gateway",
    socket: Annotated[Path | None, typer.Option(help="Where to listen; systemd passes its own socket.")] = None,
) -> None:
    """Put iBeacons in Apple's layout on the air and reset adapters for the gateway; needs CAP_NET_ADMIN."""
    from beacon_gateway.commands.radio_helper import radio_helper as body

    raise typer.Exit(body(user, socket))


@app.command("kiosk-session")
def kiosk_session(
    config: Config = DEFAULT_CONFIG,
    browser: Annotated[str, typer.Option(help="The Chromium to start.")] = "chromium",
) -> None:
    """Within the compositor: the browser on the kiosk's page, the screen's hours; ends when the page is dead."""
    from beacon_gateway.commands.kiosk_session import kiosk_session as body

    raise typer.Exit(body(config, browser))


@app.command("kiosk-policy")
def kiosk_policy(
    config: Config = DEFAULT_CONFIG,
    write: Annotated[Path | None, typer.Option(help="Where to write it when it differs; else it is printed.")] = None,
) -> None:
    """The policy that keeps Chromium on the kiosk's pages."""
    from beacon_gateway.commands.kiosk_policy import kiosk_policy as body

    raise typer.Exit(body(config, write))


@app.command()
def scan(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE (btsnoop).")] = "auto",
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so long; else Ctrl-C ends it.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a table; people's tags by class.")] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="List unknown iBeacons too, to find a new tag. Nothing of them is kept.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option(help="At the end write what place beacons did, for `replay`; nothing of tags.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="At the end write the place beacons' frames as btsnoop, for `replay` and btmon.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="With --record: people's tags and strangers too; delete such a file soon.")
    ] = False,
) -> None:
    """A live table: each known beacon, its signal, distance and zone; which project would show, and why."""
    from beacon_gateway.commands.scan import Kept
    from beacon_gateway.commands.scan import run as body

    raise typer.Exit(body(config, state_dir, radio, seconds, plain, foreign, Kept(trace, record, everybody)))


@sync.command("status")
def sync_status(
    state_dir: StateDir = DEFAULT_STATE,
    url: Annotated[str, typer.Option(help="Of the running kiosk, when not where the settings say.")] = "",
) -> None:
    """How many parcels wait, were delivered, were refused; when the server was last reached; what the radio hears."""
    from beacon_gateway.commands.sync import status as body

    raise typer.Exit(body(state_dir, url))


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
