"""Tests of what `run` refuses: a simulated radio for real gifts, and a folder in use, open, or of the other kind."""

import subprocess
from pathlib import Path

import pytest

from beacon_gateway.store import state_folder
from beacon_gateway.store.state_folder import locked
from sync_contract.strict_model import Environment
from tests.fakes.forked_programs import run_program
from tests.unit.beacon_gateway.settings.test_settings import MINIMAL

USAGE, TRY_AGAIN, CONFIGURATION = 2, 75, 78


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("simulated", "模拟或录下的信号只能用于演练"),
        ("capture:walk.btsnoop", "模拟或录下的信号只能用于演练"),
        ("magic", "--radio magic"),
    ],
)
def test_a_real_gateway_refuses_a_simulated_radio(word: str, message: str, tmp_path: Path) -> None:
    ended = start(tmp_path, MINIMAL, word)
    assert (ended.returncode, ended.stdout) == (USAGE, "")
    assert message in ended.stderr


def start(folder: Path, settings: str, radio: str = "simulated") -> subprocess.CompletedProcess[str]:
    (folder / "gateway.toml").write_text(settings, "utf-8")
    place = ("--config", str(folder / "gateway.toml"), "--state-dir", str(folder / "state"), "--port", "0")
    return run_program("beacon_gateway", "run", *place, "--radio", radio)


def test_a_second_gateway_on_one_state_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    with locked(tmp_path / "state"):
        ended = start(tmp_path, MINIMAL.replace('"real"', '"drill"'))
    assert (ended.returncode, "another gateway runs on" in ended.stderr) == (TRY_AGAIN, True), ended.stderr
    with locked(tmp_path / "state"):
        assert not list((tmp_path / "state").glob("gateway.db*")), "nothing was opened"


def test_a_folder_of_the_other_environment_prevents_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    state_folder.claim(state, Environment.drill)
    ended = start(tmp_path, MINIMAL, "bluez")
    assert (ended.returncode, "belongs to the environment drill" in ended.stderr) == (CONFIGURATION, True), ended.stderr
    assert not list(state.glob("gateway.db*")), "nothing was opened"
    (state / "environment").write_bytes(b"\xff")  # a damaged word stops no gateway
    state_folder.claim(state, Environment.real)
    assert (state / "environment").read_bytes() == b"real\n"


def test_a_gateway_refuses_secrets_that_others_may_open(tmp_path: Path) -> None:
    state, key = tmp_path / "state", tmp_path / "state" / "identity.json"
    state.mkdir(mode=0o700)
    key.touch(0o600)
    for path, mode, remedy in ((state, 0o755, "chmod 0750"), (key, 0o640, "chmod 0600")):
        proper = path.stat().st_mode
        path.chmod(mode)
        ended = start(tmp_path, MINIMAL.replace('"real"', '"drill"'))
        assert (ended.returncode, f"{remedy} {path}" in ended.stderr) == (CONFIGURATION, True), ended.stderr
        path.chmod(proper)
