"""Define the commands about records on the device and their delivery."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, Config, StateDir, Url, app
from daemonkit.command_line import Json, make_app

sync = make_app("Show what was delivered to the central server, and deliver now.")
app.add_typer(sync, name="sync")
outbox = make_app("Look at the parcels on this device; send refused ones again.")
app.add_typer(outbox, name="outbox")
privacy = make_app("Show which data this device stores.")
app.add_typer(privacy, name="privacy")


@sync.command("status")
def sync_status(
    state_dir: StateDir = DEFAULT_STATE,
    url: Url = "",
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
