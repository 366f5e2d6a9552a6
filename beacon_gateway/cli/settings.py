"""Define the commands of the settings file."""

from pathlib import Path
from typing import Annotated

import typer

from beacon_gateway.cli.options import DEFAULT_CONFIG, DEFAULT_STATE, SHIPPED_CONFIG, Config, StateDir, app
from daemonkit.command_line import Json, make_app

config_ = make_app("Read and change single settings; comments stay.")
app.add_typer(config_, name="config")


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
