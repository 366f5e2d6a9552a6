"""Define the commands that find a fault."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, Config, StateDir, Url, app
from daemonkit.command_line import Json


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    state_dir: StateDir = DEFAULT_STATE,
    lang: Annotated[str, typer.Option(help="zh or en; the default is that of LANG.")] = "",
    url: Url = "",
    json: Json = False,
) -> None:
    """Check the device, its radio, network and settings; print each fault with its remedy. Changes nothing."""
    from beacon_gateway.commands.doctor import run as body

    raise typer.Exit(body(config, state_dir, lang, url, json))


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
