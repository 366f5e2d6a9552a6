"""Tests of `run` in the real environment: a simulated radio is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.beacon_gateway.settings.test_settings import MINIMAL

USAGE = 2


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("simulated", "模拟或录下的信号只能用于演练"),
        ("capture:walk.btsnoop", "模拟或录下的信号只能用于演练"),
        ("magic", "--radio magic"),
    ],
)
def test_a_real_gateway_refuses_a_simulated_radio(word: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(MINIMAL, "utf-8")
    place = ["--config", str(tmp_path / "gateway.toml"), "--state-dir", str(tmp_path / "state"), "--port", "0"]
    command = [sys.executable, "-m", "beacon_gateway", "run", *place, "--radio", word]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (USAGE, "")
    assert message in ended.stderr
