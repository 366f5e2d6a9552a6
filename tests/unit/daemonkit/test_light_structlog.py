"""What a running daemon does not import."""

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
    "central server": "import central_server.cli, central_server.server",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
def test_a_daemon_imports_no_library_that_it_does_not_use(start: str) -> None:
    code = f"import sys; {start}\nprint(*(name for name in {UNUSED!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
