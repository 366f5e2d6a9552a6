"""Options that all programs have."""

from importlib.metadata import version

import typer


def print_version(wanted: bool) -> None:
    """Print the version and end the program, if `wanted`."""
    if wanted:
        print(version("beacon-gateway"))
        raise typer.Exit
