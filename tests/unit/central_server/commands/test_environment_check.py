"""Every command refuses a state of the other environment; a new command must be added to this list."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from central_server import cli
from central_server.commands.exit_codes import CONFIGURATION
from central_server.state_files import claim_state
from central_server.store.engine.database import open_database
from central_server.store.engine.installation import claim_environment
from tests.sqlite import put_database
from tests.unit.central_server.donations.test_environments import REAL

BEACON = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
COMMANDS = {
    "import": ("beacons", "FILE"),
    "export": ("beacons", "OUT"),
    "poster": (BEACON, "1", "2", "-o", "OUT"),
    "reconcile": ("--file", "FILE"),
    "user add": ("chen", "--password-file", "FILE"),
    "user reset-totp": ("chen",),
    "user confirm": ("chen",),
    "user list": (),
    "gateway list": (),
    "place add": ("huada", "--kind", "community"),
    "place list": (),
    "gateway add": ("0" * 16, "A" * 43, "--community", "huada"),
    "gateway invite": ("--community", "huada", "--label", "door", "--url", "https://gifts.charity.org"),
}
ONLY_FILES = {"migrate": (), "backup": ("OUT",), "restore": ("FILE",)}
"""They work on the folder as a whole."""
WITHOUT_DATA = {"bank-emulator", "check-config", "init"}
CHECKED_ELSEWHERE = {"run", "doctor", "demo-history"}
"""The first at its start; doctor reports; a made-up history demands a drill."""


def test_every_command_is_listed() -> None:
    groups = {"": cli.app, "user ": cli.user, "place ": cli.place, "gateway ": cli.gateway}
    every = {
        prefix + (each.name or each.callback.__name__.replace("_", "-"))
        for prefix, group in groups.items()
        for each in group.registered_commands
        if each.callback is not None
    }
    assert every == {*COMMANDS, *ONLY_FILES, *WITHOUT_DATA, *CHECKED_ELSEWHERE}


@pytest.mark.parametrize("marked", ["database", "folder"])
def test_every_command_refuses_the_state_of_a_drill_for_real_settings(tmp_path: Path, marked: str) -> None:
    config, state, file, out = (tmp_path / name for name in ("central.toml", "state", "file.csv", "out"))
    state.mkdir(mode=0o700)
    config.write_text(REAL, encoding="utf-8")
    file.write_text("long enough!\n", encoding="utf-8")

    async def put() -> None:
        url = await put_database(state / "central.db")
        if marked == "database":
            async with open_database(url) as database:
                await claim_environment(database, "drill")

    asyncio.run(put())
    if marked == "folder":
        claim_state(state, "drill")
    before = (state / "central.db").read_bytes()
    codes = {}
    for command, arguments in (COMMANDS if marked == "database" else COMMANDS | ONLY_FILES).items():
        words = [{"FILE": str(file), "OUT": str(out)}.get(word, word) for word in arguments]
        words = [*command.split(), *words, "--config", str(config), "--state-dir", str(state)]
        result = CliRunner().invoke(cli.app, words)
        codes[command] = (result.exit_code, "environment" in result.output)
    assert codes == dict.fromkeys(codes, (CONFIGURATION, True))
    assert not out.exists()
    assert marked == "database" or (state / "central.db").read_bytes() == before
