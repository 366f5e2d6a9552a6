"""beacon-central: one line a command; each command's body is in commands/."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The central server of beacon gateways.")
user = typer.Typer(no_args_is_help=True, help="Accounts of staff.")
gateway = typer.Typer(no_args_is_help=True, help="Gateways that may deliver.")
app.add_typer(user, name="user")
app.add_typer(gateway, name="gateway")

Config = Annotated[Path, typer.Option(help="The TOML file.")]
State = Annotated[Path, typer.Option(help="Folder of the database and of the server's own keys.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the TOML's; 0 is a free one.")]
RoleName = Literal["viewer", "staff", "finance", "admin"]
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
) -> None:
    """The sandbox bank for drills, on this machine only, until SIGTERM."""
    from central_server.commands.bank_emulator import run as body

    raise typer.Exit(body(state_dir, port))


@app.command()
def check_config(config: Annotated[Path, typer.Argument(help="The TOML file.")] = DEFAULT_CONFIG) -> None:
    """Name every fault of a TOML file at once."""
    from central_server.commands.check_config import run as body

    raise typer.Exit(body(config))


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


def main() -> None:
    app()
