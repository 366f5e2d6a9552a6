"""The set-up is open until the first enrolment, and later only by root's permit of the last 15 minutes."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.setup.setup_permit import SetupPermit, read_boot_clock
from beacon_gateway.store.identity import Enrolment, Keys

_BOOT = "a" * 32


def _enrolled(folder: Path) -> Path:
    keys = Keys(folder)
    with keys.locked():
        keys.store_enrolment(
            keys.read().gateway, Ed25519PrivateKey.generate(), Enrolment("https://give.example", "key", "huada", "门口")
        )
    return folder


def test_a_permit_of_root_lasts_15_minutes_of_one_boot(tmp_path: Path) -> None:
    state, run = tmp_path / "state", tmp_path / "run"
    state.mkdir()
    run.mkdir()
    assert SetupPermit(run, state).is_open(), "never enrolled"
    Keys(state).read()
    assert SetupPermit(run, state).is_open(), "it has a key, but is not enrolled"
    _enrolled(state)
    now = [1000.0]
    permit = SetupPermit(run, state, lambda: now[0], lambda: _BOOT)
    assert not permit.is_open()
    permit.open()
    seen = {}
    for age_s in (0.0, 899.0, 900.0, -1.0):
        now[0] = 1000.0 + age_s
        seen[age_s] = permit.is_open()
    assert seen == {0.0: True, 899.0: True, 900.0: False, -1.0: False}
    now[0] = 1000.0
    assert not SetupPermit(run, state, lambda: now[0], lambda: "b" * 32).is_open(), "the device was restarted"
    permit.close()
    assert not permit.is_open()
    permit.close()


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"boot": 1, "opened_s": "x"}', "NaN", "\x00"])
def test_a_permit_that_cannot_be_read_opens_nothing(tmp_path: Path, content: str) -> None:
    _enrolled(tmp_path)
    permit = SetupPermit(tmp_path, tmp_path, lambda: 5.0, lambda: _BOOT)
    permit.open()
    (file,) = tmp_path.glob("beacon-gateway-setup.json")
    assert json.loads(file.read_bytes()) == {"boot": _BOOT, "opened_s": 5.0}
    file.write_text(content)
    assert not permit.is_open()


def test_an_identity_that_cannot_be_read_counts_as_enrolled(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_text("{")
    assert not SetupPermit(tmp_path, tmp_path).is_open()


def test_the_boot_clock_is_that_of_the_kernel() -> None:
    before = float(Path("/proc/uptime").read_text("ascii").split()[0])
    assert before - 0.02 <= read_boot_clock() <= float(Path("/proc/uptime").read_text("ascii").split()[0]) + 0.02
