"""beacon-central: one line a command; each command's body is in commands/."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from central_server.bank_emulator.unionpay.faults import FAULTS

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The central server of beacon gateways.")
user = typer.Typer(no_args_is_help=True, help="Accounts of staff.")
gateway = typer.Typer(no_args_is_help=True, help="Gateways that may deliver.")
place = typer.Typer(no_args_is_help=True, help="The tree of places.")
app.add_typer(user, name="user")
app.add_typer(place, name="place")
app.add_typer(gateway, name="gateway")

Config = Annotated[Path, typer.Option(help="The TOML file.")]
State = Annotated[Path, typer.Option(help="Folder of the database and of the server's own keys.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the TOML's; 0 is a free one.")]
PlaceKindName = Literal["city", "street", "community", "site"]
RoleName = Literal["viewer", "staff", "finance", "admin"]
PaperName = Literal["a4", "a3", "stickers", "nfc"]
FileKind = Literal["beacons", "projects", "bindings"]
BankKind = Literal["sandbox", "unionpay"]
FAULTS_HELP = "What goes wrong; may be given again, of unionpay only.\n\n" + "\n\n".join(map(str, FAULTS))
DEFAULT_CONFIG = Path("/etc/beacon-central/central.toml")
DEFAULT_STATE = Path("/var/lib/beacon-central")


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    port: Port = None,
    public_url: Annotated[str, typer.Option(help="Where phones reach this server; empty: its own address.")] = "",
    bank_url: Annotated[str, typer.Option(help="Instead of the TOML's.")] = "",
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Serve gateways, phones, the bank and staff until SIGTERM."""
    from central_server.commands.run import run as body

    raise typer.Exit(body(config, state_dir, port, public_url, bank_url, bank_credentials))


@app.command()
def bank_emulator(
    state_dir: Annotated[Path, typer.Option(help="Folder of its keys and orders.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 0,
    kind: Annotated[BankKind, typer.Option(help="Which bank.")] = "sandbox",
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME[=VALUE]", help=FAULTS_HELP)] = None,
    config: Annotated[
        Path, typer.Option(help="A server's settings: where they say real, none is played.")
    ] = DEFAULT_CONFIG,
) -> None:
    """A bank for drills, on this machine only, until SIGTERM."""
    from central_server.commands.bank_emulator import run as body

    raise typer.Exit(body(state_dir, port, kind, fault or [], config))


@app.command()
def check_config(config: Annotated[Path, typer.Argument(help="The TOML file.")] = DEFAULT_CONFIG) -> None:
    """Name every fault of a TOML file at once."""
    from central_server.commands.check_config import run as body

    raise typer.Exit(body(config))


@app.command("import")
def import_(
    kind: Annotated[FileKind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False)],
    place: Annotated[str, typer.Option(help="Rows that name no place go there; none goes outside of it.")] = "all",
    yes: Annotated[bool, typer.Option("--yes", help="Import; without it you see what would change.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Bring beacons, projects or bindings in from a file: all rows or none, every bad row named."""
    from central_server.commands.import_ import run as body

    raise typer.Exit(body(config, state_dir, kind, file, place, yes))


@app.command()
def export(
    kind: Annotated[FileKind, typer.Argument(help="What is wanted.")],
    file: Annotated[Path, typer.Argument(help="Where to; .xlsx for a workbook, else CSV.")],
    place: Annotated[str, typer.Option(help="At this place and all below.")] = "all",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Write beacons, projects or bindings to a file, as import reads it."""
    from central_server.commands.export import run as body

    raise typer.Exit(body(config, state_dir, kind, file, place))


@app.command()
def poster(
    uuid: Annotated[str, typer.Argument(help="The beacon's.")],
    major: Annotated[int, typer.Argument(min=0, max=65535)],
    minor: Annotated[int, typer.Argument(min=0, max=65535)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the PDF goes.")],
    paper: Annotated[PaperName, typer.Option(help="A poster, or a sheet of stickers.")] = "a4",
    language: Annotated[
        list[str] | None,
        typer.Option(help="zh-Hans, zh-Hant or en; one, or two: the first is the larger. Else zh-Hans."),
    ] = None,
    project: Annotated[str, typer.Option(help="Its id; empty: the one that the beacon brings now.")] = "",
    phone: Annotated[str | None, typer.Option(help="For residents; left out: the number published there.")] = None,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Make a beacon's poster or stickers, with the code that leads phones to its page."""
    from central_server.commands.poster import PosterRequest
    from central_server.commands.poster import run as body
    from kiosk_ui.paper.poster import Paper

    request = PosterRequest(uuid, major, minor, Paper(paper), tuple(language or ["zh-Hans"]), project, phone)
    raise typer.Exit(body(config, state_dir, request, output))


@app.command()
def reconcile(
    day: Annotated[str, typer.Option(help="A settlement day, as 2026-11-23; else all that are due.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="The bank's file, downloaded by hand.", exists=True, dir_okay=False)
    ] = None,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    bank_url: Annotated[str, typer.Option(help="Instead of the TOML's.")] = "",
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Compare the bank's files with the ledger; 1 while differences wait for somebody, 75 when the bank is silent."""
    from central_server.commands.reconcile import Asked
    from central_server.commands.reconcile import run as body

    raise typer.Exit(body(config, state_dir, Asked(day, file, bank_url, bank_credentials)))


@app.command()
def init(
    config: Annotated[Path, typer.Argument(help="Where the settings go.")] = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Write commented settings and make the state folder; nothing that is there is overwritten."""
    from central_server.commands.init import run as body

    raise typer.Exit(body(config, state_dir))


@app.command()
def migrate(
    without_backup: Annotated[bool, typer.Option("--without-backup", help="When you have one of your own.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Bring the database to this program's schema, after a backup."""
    from central_server.commands.migrate import run as body

    raise typer.Exit(body(config, state_dir, without_backup=without_backup))


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A file or a folder; left out: `backups` in the state folder, seven days.")
    ] = None,
    with_receipts_key: Annotated[
        bool, typer.Option("--with-receipts-key", help="Also the key to donors' data: then guard the file like those.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Keep database and keys as one file, while the server runs. It holds secrets."""
    from central_server.commands.backup import run as body

    raise typer.Exit(body(config, state_dir, file, with_receipts_key=with_receipts_key))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` made.", exists=True, dir_okay=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Set aside what is there already.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Put a backup back, with the server stopped, and say what is missing since it was made."""
    from central_server.commands.restore import run as body

    raise typer.Exit(body(config, state_dir, file, yes=yes))


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
    bank_credentials: Annotated[Path | None, typer.Option(help="Folder with the bank's keys.")] = None,
) -> None:
    """Look at everything a server needs, change nothing, and say what to do; 1 when something needs a person."""
    from central_server.commands.doctor import run as body

    raise typer.Exit(body(config, state_dir, bank_credentials))


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="What the person logs in with.")],
    password_file: Annotated[Path | None, typer.Option(help="Its first line; asked for when absent.")] = None,
    place: Annotated[str, typer.Option(help="Where the role holds: at this place and all below.")] = "all",
    role: Annotated[RoleName, typer.Option(help="What the person may do there.")] = "admin",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Add an account, or set a new password for one."""
    from central_server.commands.user import add as body

    raise typer.Exit(body(config, state_dir, name, password_file, place, role))


@user.command("reset-totp")
def user_reset_totp(
    name: Annotated[str, typer.Argument(help="Of somebody who lost the phone with the codes.")],
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Take away an account's second factor and end its sessions."""
    from central_server.commands.user import reset_factor as body

    raise typer.Exit(body(config, state_dir, name))


@place.command("add")
def place_add(
    place_id: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits, hyphens.")],
    kind: Annotated[PlaceKindName, typer.Option(help="A street is a 街道 (street office).")],
    under: Annotated[str, typer.Option(help="The id of the place above it.")] = "all",
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
    """Show the tree of places."""
    from central_server.commands.place import listed as body

    raise typer.Exit(body(config, state_dir))


# A public key is base64url and may begin with a hyphen: what is no option of ours is an argument.
@gateway.command("add", context_settings={"ignore_unknown_options": True})
def gateway_add(
    gateway_id: Annotated[str, typer.Argument(help="16 hexadecimal digits.")],
    public_key: Annotated[str, typer.Argument(help="43 characters, as the gateway prints them.")],
    community: Annotated[str, typer.Option(help="The community to which the gateway belongs.")],
    label: Annotated[str, typer.Option(help="Where it stands, for staff.")] = "",
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Register a gateway's key; prints the catalogue's public key for it to pin."""
    from central_server.commands.gateway import add as body

    raise typer.Exit(body(config, state_dir, gateway_id, public_key, community, label))


@gateway.command("invite")
def gateway_invite(
    community: Annotated[str, typer.Option(help="Of a new gateway: the community to which it belongs.")] = "",
    label: Annotated[str, typer.Option(help="Of a new gateway: where it stands, for staff.")] = "",
    site: Annotated[str, typer.Option(help="Of a new gateway: a site of the community.")] = "",
    gateway_id: Annotated[
        str, typer.Option("--gateway", help="A known one: a new device for it, or the same one again.")
    ] = "",
    url: Annotated[str, typer.Option(help="Where gateways reach this server; else [server] public_url.")] = "",
    only_text: Annotated[bool, typer.Option("--text", help="Print only what the QR holds.")] = False,
    config: Config = DEFAULT_CONFIG,
    state_dir: State = DEFAULT_STATE,
) -> None:
    """Make a one-time code, good for 15 minutes, with which a device becomes a gateway: see `beacon-gateway enrol`."""
    from central_server.commands.gateway import InviteRequest
    from central_server.commands.gateway import invite as body

    raise typer.Exit(
        body(config, state_dir, InviteRequest(gateway_id, community, label, site), url, only_text=only_text)
    )


def main() -> None:
    app()
