"""Options that all programs have."""

import os
from importlib.metadata import version

import typer


def print_version(wanted: bool) -> None:
    """Print the version and end the program, if `wanted`."""
    if wanted:
        print(version("beacon-gateway"))
        raise typer.Exit


def run_program(app: typer.Typer, name: str) -> None:
    """Run the command line `app`; answer a shell that completes a word (see debian/manual.py)."""
    if f"_{name.replace('-', '_').upper()}_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
        app(prog_name=name)
    else:
        app()
