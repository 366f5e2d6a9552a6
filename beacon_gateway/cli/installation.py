"""Define the commands that an installer uses at the site."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, Config, StateDir, Url, app
from daemonkit.command_line import Json
from daemonkit.light_structlog import import_structlog


@app.command()
def identity(state_dir: StateDir = DEFAULT_STATE) -> None:
    """Print this gateway's id and public key, for `beacon-central gateway add`; creates them on the first call."""
    from beacon_gateway.commands.identity import identity as body

    raise typer.Exit(body(state_dir))


@app.command()
def enrol(
    address: Annotated[
        str, typer.Argument(help="The server's address, or the complete text of the QR code; requested if omitted.")
    ] = "",
    code: Annotated[str, typer.Argument(help="The code, with or without hyphens; requested if omitted.")] = "",
    roll: Annotated[bool, typer.Option("--roll", help="Only replace the key of an enrolled device.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
) -> None:
    """Enrol this device as the gateway for which staff created the code; `run` then uses the enrolled server."""
    from beacon_gateway.commands import enrol as body

    raise typer.Exit(body.roll(state_dir) if roll else body.enrol(state_dir, config, address, code))


@app.command()
def setup(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="auto, bluez, simulated or capture:FILE (btsnoop).")] = "auto",
    etc: Annotated[Path, typer.Option(help="The folder of the time zone.")] = Path("/etc"),
    url: Url = "",
    tag_seconds: Annotated[float, typer.Option(min=0, help="How long to wait for a tag.")] = 30.0,
    run_dir: Annotated[Path, typer.Option(help="The folder of the file that opens the set-up.")] = Path("/run"),
    open_: Annotated[
        bool, typer.Option("--open", help="Open the set-up of an enrolled device for 15 minutes, and end.")
    ] = False,
) -> None:
    """Set this device up in a dialogue: language, network, radio, enrolment, beacon, settings; at most 12 answers."""
    import_structlog()
    from beacon_gateway.commands.setup import open_setup
    from beacon_gateway.commands.setup import run as body
    from beacon_gateway.commands.setup_actions import DeviceActions, SetupPlaces, SetupWaits

    places = SetupPlaces(config, state_dir, etc, run=run_dir)
    actions = DeviceActions(places, radio, SetupWaits(tag_seconds), url)
    raise typer.Exit(open_setup(actions.permit) if open_ else body(actions))


@app.command("first-boot")
def first_boot(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    boot: Annotated[
        list[Path] | None, typer.Option(help="A folder to search for the bundle; the default is the boot partition.")
    ] = None,
    etc: Annotated[Path, typer.Option(help="The folder of time zone and network settings.")] = Path("/etc"),
    active: Annotated[Path, typer.Option(help="A file that exists while this runs.")] = Path(
        "/run/beacon-first-boot/active"
    ),
) -> None:
    """Set this device up from the enrolment bundle on its boot partition; beacon-first-boot.service runs it."""
    import_structlog()
    from beacon_gateway.commands.first_boot import run as body
    from beacon_gateway.setup.bundle_file import BOOT_FOLDERS
    from beacon_gateway.setup.first_boot import Device

    raise typer.Exit(body(Device(config, state_dir, tuple(boot or BOOT_FOLDERS), etc), active))


@app.command()
def calibrate(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="bluez, simulated or capture:FILE (btsnoop).")] = "bluez",
    tag: Annotated[
        str, typer.Option(help="MAJOR/MINOR or label of the tag; the default is the one received best at 1 m.")
    ] = "",
    door: Annotated[
        float | None, typer.Option(min=1.5, max=60, help="Metres from the kiosk to the door; requested if omitted.")
    ] = None,
    wall: Annotated[
        float | None, typer.Option(min=1.5, max=60, help="Metres to the farthest wall; requested if omitted.")
    ] = None,
    neighbour: Annotated[
        list[str] | None,
        typer.Option(help="Another kiosk in the hall, as NAME:METRES; may be repeated. The tag is measured there too."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Time at each spot.")] = 60.0,
    svg: Annotated[Path | None, typer.Option(help="Write a picture of the hall before the question.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write the proposal without a question.")] = False,
) -> None:
    """Measure a tag at 1 m, at the door and at the far wall; propose zones, and write them when accepted."""
    from beacon_gateway.commands.calibrate import WalkOptions, parse_spots
    from beacon_gateway.commands.calibrate import run as body

    spots = parse_spots(door, wall, neighbour or [])
    raise typer.Exit(body(config, state_dir, radio, WalkOptions(tag, spots, seconds, yes, svg)))


@app.command()
def commission(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    radio: Annotated[str, typer.Option(help="For the calibration walk: bluez, simulated or capture:FILE.")] = "bluez",
    walk: Annotated[
        bool | None,
        typer.Option("--walk/--no-walk", help="Calibrate now, or never; the default uses an accepted walk."),
    ] = None,
    seen: Annotated[
        list[str] | None,
        typer.Option(help="What you saw yourself: screen, tag or phone; may be repeated. Asked if omitted."),
    ] = None,
    url: Url = "",
    json: Json = False,
) -> None:
    """Make the acceptance sheet: measured, seen and not tested, signed with the device's key, for print and server."""
    from beacon_gateway.commands.commission import CommissionOptions
    from beacon_gateway.commands.commission import run as body

    raise typer.Exit(body(config, state_dir, CommissionOptions(radio, walk, seen, url, json)))


@app.command()
def nfc(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    beacon: Annotated[str, typer.Option(help="MAJOR/MINOR of a beacon; the default is the site's own.")] = "",
    url: Annotated[str, typer.Option(help="The central server as phones reach it; the default is central.url.")] = "",
    print_only: Annotated[
        bool, typer.Option("--print", help="Only print the bytes and the steps for a phone.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Also write a tag that has another address.")] = False,
    lock: Annotated[bool, typer.Option("--lock/--no-lock", help="Make the tag read-only for ever.")] = True,
) -> None:
    """Write the kiosk's address on an NFC tag, verify and lock it; without a reader, print the steps for a phone."""
    from beacon_gateway.commands.nfc_tag import TagOptions
    from beacon_gateway.commands.nfc_tag import run as body

    raise typer.Exit(body(config, state_dir, TagOptions(beacon, url, print_only, replace, lock)))
