"""Define the commands of beacon-central; their implementations are in commands/."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from central_server.bank_emulator.unionpay.faults import FAULTS
from daemonkit.command_line import HelpLanguage, Json, Version, make_app, run_program
from daemonkit.light_structlog import import_structlog

app = make_app("The central server of beacon gateways.")
user = make_app("Accounts of staff.")
gateway = make_app("Gateways that may deliver.")
place = make_app("The tree of places.")
app.add_typer(user, name="user")
app.add_typer(place, name="place")
app.add_typer(gateway, name="gateway")

Config = Annotated[Path, typer.Option(help="The TOML file.")]
State = Annotated[Path, typer.Option(help="Folder of the database and of the server's own keys.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the configured one; 0: any free port.")]
PlaceKindName = Literal["city", "street", "community", "site", "grid"]
RoleName = Literal["viewer", "staff", "finance", "admin", "family", "steward", "liaison", "chief"]
PaperName = Literal["a4", "a3", "stickers", "nfc"]
FileKind = Literal["beacons", "projects", "bindings"]
BankKind = Literal["sandbox", "unionpay"]
FAULTS_HELP = "A fault to simulate, only for unionpay; may be repeated.\n\n" + "\n\n".join(map(str, FAULTS))
DEFAULT_CONFIG = Path("/etc/beacon-central/central.toml")
DEFAULT_STATE = Path("/var/lib/beacon-central")


@app.callback()
def options(version: Version = False, lang: HelpLanguage = "") -> None:
    """Define the options of the program itself; the help above describes it."""


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    port: Port = None,
    public_url: Annotated[str, typer.Option(help="The address for phones; empty: the server's own.")] = "",
    bank_url: Annotated[str, typer.Option(help="Instead of the configured one.")] = "",
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Serve gateways, phones, the bank and staff until SIGTERM."""
    import_structlog()
    from central_server.commands.run import run as body

    raise typer.Exit(body(config, state_dir, port, public_url, bank_url, bank_credentials))


@app.command()
def bank_emulator(
    state_dir: Annotated[Path, typer.Option(help="Folder of keys and orders.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    kind: Annotated[BankKind, typer.Option(help="The bank.")] = "sandbox",
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME[=VALUE]", help=FAULTS_HELP)] = None,
    config: Annotated[Path, typer.Option(help="The server's settings; refuses to run in production.")] = DEFAULT_CONFIG,
) -> None:
    """Emulate a bank for drills, on this machine only, until SIGTERM."""
    import_structlog()
    from central_server.commands.bank_emulator import run as body

    raise typer.Exit(body(state_dir, port, kind, fault or [], config))


@app.command()
def demo_history(
    days: Annotated[int, typer.Option(min=1, max=366, help="Days before today that are recorded in detail.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same history.")] = 2015,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Record made-up use of the last year, the last days in detail, in the empty store of a drill with one gateway."""
    from central_server.commands.demo_history import run as body

    raise typer.Exit(body(config, state_dir, days, seed))


@app.command()
def check_config(config: Annotated[Path, typer.Argument(help="The TOML file.")] = DEFAULT_CONFIG) -> None:
    """Print every fault of a settings file."""
    from central_server.commands.check_config import run as body

    raise typer.Exit(body(config))


@app.command("import")
def import_(
    kind: Annotated[FileKind, typer.Argument(help="The content of the file.")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False)],
    place: Annotated[str, typer.Option(help="Place of rows without one; others must be at or below it.")] = "all",
    yes: Annotated[bool, typer.Option("--yes", help="Import; without it, only print the changes.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Import beacons, projects or bindings from a file: all rows or none; print every invalid row."""
    from central_server.commands.import_ import run as body

    raise typer.Exit(body(config, state_dir, kind, file, place, yes))


@app.command()
def export(
    kind: Annotated[FileKind, typer.Argument(help="The content of the file.")],
    file: Annotated[Path, typer.Argument(help="Output; .xlsx for a workbook, else CSV.")],
    place: Annotated[str, typer.Option(help="Only this place and those below.")] = "all",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Write beacons, projects or bindings to a file that import can read."""
    from central_server.commands.export import run as body

    raise typer.Exit(body(config, state_dir, kind, file, place))


@app.command()
def poster(
    uuid: Annotated[str, typer.Argument(help="UUID of the beacon.")],
    major: Annotated[int, typer.Argument(min=0, max=65535)],
    minor: Annotated[int, typer.Argument(min=0, max=65535)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PDF file.")],
    paper: Annotated[PaperName, typer.Option(help="A poster, or a sheet of stickers.")] = "a4",
    language: Annotated[
        list[str] | None,
        typer.Option(help="zh-Hans (default), zh-Hant or en; may be repeated: the first is larger."),
    ] = None,
    project: Annotated[str, typer.Option(help="Project id; empty: the beacon's current project.")] = "",
    phone: Annotated[str | None, typer.Option(help="Number for residents; default: the published one.")] = None,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Make a beacon's poster or stickers, with a QR code of its page."""
    from central_server.commands.poster import PosterRequest
    from central_server.commands.poster import run as body
    from kiosk_ui.paper.poster import Paper

    request = PosterRequest(uuid, major, minor, Paper(paper), tuple(language or ["zh-Hans"]), project, phone)
    raise typer.Exit(body(config, state_dir, request, output))


@app.command()
def reconcile(
    day: Annotated[str, typer.Option(help="A settlement day such as 2026-11-23; default: all due days.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="A manually downloaded file of the bank.", exists=True, dir_okay=False)
    ] = None,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    bank_url: Annotated[str, typer.Option(help="Instead of the configured one.")] = "",
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Compare the bank's files with the ledger. Exit code 1: unsettled differences; 75: the bank does not answer."""
    from central_server.commands.reconcile import ReconcileRequest
    from central_server.commands.reconcile import run as body

    raise typer.Exit(body(config, state_dir, ReconcileRequest(day, file, bank_url, bank_credentials)))


@app.command()
def init(
    config: Annotated[Path, typer.Argument(help="The settings file to write.")] = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Write commented settings and create the state folder; overwrite nothing."""
    from central_server.commands.init import run as body

    raise typer.Exit(body(config, state_dir))


@app.command()
def migrate(
    without_backup: Annotated[bool, typer.Option("--without-backup", help="Make no backup first.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Migrate the database to this program's schema, after a backup."""
    from central_server.commands.migrate import run as body

    raise typer.Exit(body(config, state_dir, without_backup=without_backup))


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A file or a folder; default: `backups` in the state folder, for seven days.")
    ] = None,
    with_receipts_key: Annotated[
        bool,
        typer.Option("--with-receipts-key", help="Include the key of donors' data; then protect the file as well."),
    ] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Write database and keys to one file, also while the server runs. It contains secrets."""
    from central_server.commands.backup import run as body

    raise typer.Exit(body(config, state_dir, file, with_receipts_key=with_receipts_key))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file made by `backup`.", exists=True, dir_okay=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Set existing data aside.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Restore a backup while the server is stopped, and print what is newer than it."""
    from central_server.commands.restore import run as body

    raise typer.Exit(body(config, state_dir, file, yes=yes))


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Check everything a server needs, change nothing, and print remedies. Exit code 1: there are problems."""
    from central_server.commands.doctor import run as body

    raise typer.Exit(body(config, state_dir, bank_credentials))


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="Login name.")],
    password_file: Annotated[Path | None, typer.Option(help="The password is its first line; default: prompt.")] = None,
    place: Annotated[str, typer.Option(help="The role applies to this place and those below.")] = "all",
    role: Annotated[RoleName, typer.Option(help="The role.")] = "admin",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Add an account, or set a new password for one."""
    from central_server.commands.user import add as body

    raise typer.Exit(body(config, state_dir, name, password_file, place, role))


@user.command("reset-totp")
def user_reset_totp(
    name: Annotated[str, typer.Argument(help="Login name.")],
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Remove an account's second factor and end its sessions."""
    from central_server.commands.user import reset_factor as body

    raise typer.Exit(body(config, state_dir, name))


@user.command("confirm")
def user_confirm(
    name: Annotated[str, typer.Argument(help="Login name.")],
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Confirm that another person uses an account, so that it may decide about its maker's requests."""
    from central_server.commands.user import confirm as body

    raise typer.Exit(body(config, state_dir, name))


@user.command("list")
def user_list(config: Config = DEFAULT_CONFIG, state_dir: State = DEFAULT_STATE, json: Json = False) -> None:
    """Print all accounts with their roles, state and second step."""
    from central_server.commands.lists import print_users as body

    raise typer.Exit(body(config, state_dir, as_json=json))


@gateway.command("list")
def gateway_list(config: Config = DEFAULT_CONFIG, state_dir: State = DEFAULT_STATE, json: Json = False) -> None:
    """Print all gateways with their community, site and state."""
    from central_server.commands.lists import print_gateways as body

    raise typer.Exit(body(config, state_dir, as_json=json))


@place.command("add")
def place_add(
    place_id: Annotated[str, typer.Argument(metavar="ID", help="Lowercase letters, digits, hyphens.")],
    kind: Annotated[PlaceKindName, typer.Option(help="A street is a 街道 (street office).")],
    under: Annotated[str, typer.Option(help="Id of the parent place.")] = "all",
    hans: Annotated[str, typer.Option(help="Its name in simplified Chinese.")] = "",
    hant: Annotated[str, typer.Option(help="Its name in traditional Chinese.")] = "",
    english: Annotated[str, typer.Option(help="Its name in English.")] = "",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Add a place to the tree."""
    from central_server.commands.place import add as body

    raise typer.Exit(body(config, state_dir, place_id, kind, under, (hans, hant, english)))


@place.command("list")
def place_list(config: Config = DEFAULT_CONFIG, state_dir: State = DEFAULT_STATE) -> None:
    """Print the tree of places."""
    from central_server.commands.place import print_places as body

    raise typer.Exit(body(config, state_dir))


# A public key is base64url and may begin with a hyphen, so unknown options are arguments.
@gateway.command("add", context_settings={"ignore_unknown_options": True})
def gateway_add(
    gateway_id: Annotated[str, typer.Argument(help="16 hexadecimal digits.")],
    public_key: Annotated[str, typer.Argument(help="43 characters; the gateway prints them.")],
    community: Annotated[str, typer.Option(help="The community to which the gateway belongs.")],
    label: Annotated[str, typer.Option(help="Location, for staff.")] = "",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Register a gateway's key and print the catalogue's public key for it to pin."""
    from central_server.commands.gateway import add as body

    raise typer.Exit(body(config, state_dir, gateway_id, public_key, community, label))


@gateway.command("invite")
def gateway_invite(
    community: Annotated[str, typer.Option(help="Community of a new gateway.")] = "",
    label: Annotated[str, typer.Option(help="Location of a new gateway, for staff.")] = "",
    site: Annotated[str, typer.Option(help="Site of a new gateway, in the community.")] = "",
    gateway_id: Annotated[
        str, typer.Option("--gateway", help="An existing gateway, to replace or enrol again its device.")
    ] = "",
    url: Annotated[str, typer.Option(help="Address for gateways; default: [server] public_url.")] = "",
    only_text: Annotated[bool, typer.Option("--text", help="Print only the content of the QR code.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Make a one-time code for `beacon-gateway enrol`, valid for 15 minutes."""
    from central_server.commands.gateway import InviteRequest
    from central_server.commands.gateway import invite as body

    raise typer.Exit(
        body(config, state_dir, InviteRequest(gateway_id, community, label, site), url, only_text=only_text)
    )


def main() -> None:
    run_program(app, "beacon-central")
