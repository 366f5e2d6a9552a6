"""Define the commands of beacon-gateway. The body of each is in commands/<command>.py and imported on use."""

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from daemonkit.command_line import HelpLanguage, Version, make_app, run_program
from daemonkit.light_structlog import import_structlog

DEFAULT_CONFIG = Path("/etc/beacon-gateway/gateway.toml")
DEFAULT_STATE = Path("/var/lib/beacon-gateway")
SHIPPED_CONFIG = Path("/usr/share/beacon-gateway/gateway.toml")

app = make_app("An iBeacon gateway for community giving.")
sync = make_app("Show what was delivered to the central server, and deliver now.")
app.add_typer(sync, name="sync")
outbox = make_app("Look at the parcels on this device; send refused ones again.")
app.add_typer(outbox, name="outbox")
privacy = make_app("Show which data this device stores.")
app.add_typer(privacy, name="privacy")
config_ = make_app("Read and change single settings; comments stay.")
app.add_typer(config_, name="config")

Config = Annotated[Path, typer.Option("--config", help="The gateway's TOML file.")]
StateDir = Annotated[
    Path, typer.Option("--state-dir", readable=False, help="The folder of the gateway's key and store.")
]
"""Not checked by typer: only the service may read the folder, and each command reports what it cannot read."""
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Url = Annotated[str, typer.Option(help="Address of the running kiosk; the default is that of the settings.")]


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
def init(
    config: Config = DEFAULT_CONFIG,
    template: Annotated[Path, typer.Option(help="The commented settings to copy.")] = SHIPPED_CONFIG,
) -> None:
    """Write a commented settings file with a new UUID; an existing file stays unchanged."""
    from beacon_gateway.commands.init import init as body

    raise typer.Exit(body(config, template))


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(help="The TOML file to check.")], state_dir: StateDir = DEFAULT_STATE
) -> None:
    """Print every fault of a TOML file at once, as file:line: key: reason; exit code 78 if there is one."""
    from beacon_gateway.commands.check_config import check_config as body

    raise typer.Exit(body(file, state_dir))


@config_.command("get")
def config_get(
    key: Annotated[str, typer.Argument(help="Such as kiosk.port or beacons[0].label; all settings if omitted.")] = "",
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Print the value that is in effect, also where the file does not set it."""
    from beacon_gateway.commands.config import get as body

    raise typer.Exit(body(config, state_dir, key, json))


# A value may begin with a hyphen, so unknown options are arguments.
@config_.command("set", context_settings={"ignore_unknown_options": True})
def config_set(
    key: Annotated[str, typer.Argument(help="Such as kiosk.port or beacons[0].label.")],
    value: Annotated[str, typer.Argument(help='A TOML value, such as 8080, true or "text"; other words are text.')],
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
) -> None:
    """Write one value; refuse it if the settings would be invalid."""
    from beacon_gateway.commands.config import set_value as body

    raise typer.Exit(body(config, state_dir, key, value))


@config_.command("diff")
def config_diff(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    template: Annotated[Path, typer.Option(help="The settings to compare with.")] = SHIPPED_CONFIG,
    json: Json = False,
) -> None:
    """Print each setting that differs from the shipped ones."""
    from beacon_gateway.commands.config import diff as body

    raise typer.Exit(body(config, state_dir, template, json))


@config_.command("schema")
def config_schema(
    template: Annotated[Path, typer.Option(help="The commented settings, for the descriptions.")] = SHIPPED_CONFIG,
) -> None:
    """Print the JSON Schema of the settings, for editors, with descriptions in Chinese and English."""
    from beacon_gateway.commands.config import print_schema as body

    raise typer.Exit(body(template))


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    lang: Annotated[str, typer.Option(help="zh or en; the default is that of LANG.")] = "",
    url: Annotated[str, typer.Option(help="Address of the running kiosk; the default is that of the settings.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the device, its radio, network and settings; print each fault with its remedy. Changes nothing."""
    from beacon_gateway.commands.doctor import run as body

    raise typer.Exit(body(config, state_dir, lang, url, json))


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
def backup(
    file: Annotated[Path, typer.Argument(help="A new file, or a folder for a file named by the time.")] = Path(),
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Write records, catalogue and settings to one file while the gateway runs; its key is never in it."""
    from beacon_gateway.commands.backup import run as body

    raise typer.Exit(body(file, config, state_dir, json))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    code: Annotated[
        str, typer.Argument(help="An enrolment code of this gateway, or the complete text of its QR code.")
    ] = "",
    server: Annotated[str, typer.Option(help="The server's address, if it is no longer that of the backup.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Move the records of this device aside.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Make a new card the gateway of a backup, with a new key; the old card is no longer accepted."""
    from beacon_gateway.commands.restore import RestoreOptions
    from beacon_gateway.commands.restore import run as body

    raise typer.Exit(body(file, config, state_dir, RestoreOptions(code, server, yes, json)))


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


@app.command()
def explain(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    url: Annotated[
        str, typer.Option(help="Address of the kiosk; the default is this device, with the port of the settings.")
    ] = "",
    last: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of decisions.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    svg: Annotated[
        Path | None,
        typer.Option(help="Write a picture of the last ten minutes. It shows who is present: delete it soon."),
    ] = None,
) -> None:
    """Print why the running gateway shows its current screen: each decision with its numbers and reason."""
    from beacon_gateway.commands.explain import run as body

    raise typer.Exit(body(config, state_dir, url, last, json, svg))


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


@sync.command("status")
def sync_status(
    state_dir: StateDir = DEFAULT_STATE,
    url: Annotated[str, typer.Option(help="Address of the running kiosk; the default is that of the settings.")] = "",
) -> None:
    """Print the number of parcels by state, the last delivery, and the state of the radio."""
    from beacon_gateway.commands.sync import status as body

    raise typer.Exit(body(state_dir, url))


@sync.command("log")
def sync_log(
    state_dir: StateDir = DEFAULT_STATE,
    lines: Annotated[int, typer.Option(min=1, max=10_000, help="Number of lines.")] = 50,
) -> None:
    """Print the newest lines of the sync log, in Chinese and English."""
    from beacon_gateway.commands.sync import log as body

    raise typer.Exit(body(state_dir, lines))


@sync.command("push")
def sync_push(
    state_dir: StateDir = DEFAULT_STATE,
    url: Url = "",
    json: Json = False,
) -> None:
    """Deliver what waits to the central server now, and print the result."""
    from beacon_gateway.commands.delivery import push as body

    raise typer.Exit(body(state_dir, url, json))


@outbox.command("list")
def outbox_list(
    state_dir: StateDir = DEFAULT_STATE,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of parcels of each state.")] = 50,
    json: Json = False,
) -> None:
    """Print the newest refused and waiting parcels; works without a network."""
    from beacon_gateway.commands.outbox import list_parcels as body

    raise typer.Exit(body(state_dir, limit, json))


@outbox.command("show")
def outbox_show(
    parcel: Annotated[str, typer.Argument(help="The parcel's id, or its last digits as in the list.")],
    state_dir: StateDir = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Print one parcel as it is sent, and why it was refused."""
    from beacon_gateway.commands.outbox import show as body

    raise typer.Exit(body(state_dir, parcel, json))


@outbox.command("retry")
def outbox_retry(
    parcels: Annotated[list[str] | None, typer.Argument(help="Ids, or their last digits as in the list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All refused parcels.")] = False,
    state_dir: StateDir = DEFAULT_STATE,
    url: Url = "",
    json: Json = False,
) -> None:
    """Send refused parcels again under their own numbers, and print the result."""
    from beacon_gateway.commands.outbox import retry as body

    raise typer.Exit(body(state_dir, url, parcels or [], everything, json))


@privacy.command("report")
def privacy_report(config: Config = DEFAULT_CONFIG, state_dir: StateDir = DEFAULT_STATE, json: Json = False) -> None:
    """Print which data are on this device, how many, whether they are personal, and when they are deleted."""
    from beacon_gateway.commands.privacy_report import report as body

    raise typer.Exit(body(config, state_dir, json))


@app.command("support-bundle")
def support_bundle(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    output: Annotated[
        Path | None, typer.Option(help="The archive to write; the default is a new one in the current folder.")
    ] = None,
    lines: Annotated[int, typer.Option(min=0, max=100_000, help="Newest lines of the journal.")] = 2000,
    url: Url = "",
    json: Json = False,
) -> None:
    """Write an archive for whoever helps: diagnosis, versions, settings, log, metrics; no secret or personal value."""
    from beacon_gateway.commands.support_bundle import write as body

    raise typer.Exit(body(config, state_dir, output, lines, url, json))


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


def main() -> None:
    try:
        run_program(app, "beacon-gateway")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(
            f"beacon-gateway: {error.strerror}; 磁盘满了,输出没有写完 the disk is full; the output is not complete"
        )


if __name__ == "__main__":
    main()
