"""What a running daemon, and a program that only prints its help, do not import."""

import subprocess
import sys

import pytest

from tests.paths import ROOT

UNUSED = ("rich", "pygments", "alembic", "openpyxl", "typst", "tomlkit", "prometheus_client", "typer.rich_utils")
STARTS = {
    "gateway": (
        "import contextlib, pathlib, typer; from beacon_gateway.cli import service\n"
        "with contextlib.suppress(typer.Exit): service.run(pathlib.Path('/no/such/file'))\n"
        "import beacon_gateway.daemon"
    ),
    "central server": (
        "import contextlib, pathlib, typer; from central_server import cli\n"
        "with contextlib.suppress(typer.Exit): cli.run(pathlib.Path('/no/such/file'))\n"
        "import central_server.server"
    ),
}
SLOW = ("structlog", "asyncio", "aiohttp", "pydantic", "sqlalchemy", "cryptography", "ssl", *UNUSED)


@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
def test_a_daemon_imports_no_library_that_it_does_not_use(start: str) -> None:
    code = f"import sys; {start}\nprint(*(name for name in {UNUSED!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize("package", ["beacon_gateway", "central_server"])
def test_help_imports_nothing_but_the_command_line(package: str) -> None:
    """Each of these costs a call of the program 10 to 120 ms of CPU."""
    code = (
        f"import contextlib, sys; from {package}.cli import main; sys.argv[1:] = ['--help']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        f"print('imported:', *(name for name in {SLOW!r} if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "imported:"
