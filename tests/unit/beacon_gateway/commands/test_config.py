"""`beacon-gateway config`: read and change single settings."""

import json
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.fakes.forked_programs import run_program
from tests.paths import ROOT

SHIPPED = ROOT / "config/gateway.toml"


def config(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    place = ("--config", str(file), "--state-dir", str(file.parent / "state"))
    return run_program("beacon_gateway", "config", *words, *place)


def test_one_value_is_changed_and_everything_else_stays(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_bytes(SHIPPED.read_bytes())
    assert config(file, "get", "beacons[0].label").stdout == "东门墙上 east gate wall\n"
    assert "reload beacon-gateway" in config(file, "set", "beacons[0].label", "西门 west").stdout
    expected = SHIPPED.read_text("utf-8").replace("东门墙上 east gate wall", "西门 west", 1)
    assert file.read_text("utf-8") == expected
    found = config(file, "diff", "--template", str(SHIPPED), "--json")
    assert json.loads(found.stdout) == {"beacons[0].label": ["东门墙上 east gate wall", "西门 west"]}

    refused = config(file, "set", "presence.near_m", "-4")
    assert (refused.returncode, "near_m" in refused.stderr) == (78, True)
    no_fixed_port = config(file, "set", "kiosk.port", "0")
    assert (no_fixed_port.returncode, "1 to 65535" in no_fixed_port.stderr) == (78, True)
    no_number = config(file, "set", "kiosk.port", "false")
    assert (no_number.returncode, "valid integer" in no_number.stderr) == (78, True)
    assert file.read_text("utf-8") == expected
    assert config(file, "get", "kiosk.nothing").returncode == 1


def test_a_program_prints_its_version() -> None:
    assert run_program("beacon_gateway", "--version").stdout == version("beacon-gateway") + "\n"
