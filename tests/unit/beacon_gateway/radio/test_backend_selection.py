"""Which radio is taken: invented people are never heard where gifts are real, however slow the real radio is."""

import os
from pathlib import Path

import pytest

from beacon_gateway.radio import bluez as bluez_module
from beacon_gateway.radio.backend_selection import Wish, is_service, refuse_imagined
from sync_contract.strict_model import Environment
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

DRILL, REAL = Environment.drill, Environment.real


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """Where the kernel lists its adapters: none yet."""
    folder = tmp_path / "bluetooth"
    folder.mkdir()
    return folder


@pytest.fixture
def no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")


@pytest.mark.usefixtures("no_bus")
@pytest.mark.parametrize(("environment", "by_systemd"), [(REAL, False), (REAL, True), (DRILL, True)])
async def test_where_gifts_are_real_or_systemd_started_it_auto_is_bluez_though_nothing_is_there(
    environment: Environment, by_systemd: bool, kernel: Path
) -> None:
    assert await Wish("auto", by_systemd=by_systemd, kernel=kernel).settled(environment) == "bluez"


@pytest.mark.usefixtures("no_bus")
async def test_a_drill_on_a_machine_without_bluetooth_is_simulated(kernel: Path) -> None:
    assert await Wish("auto", by_systemd=False, kernel=kernel).settled(DRILL) == "simulated"


@pytest.mark.usefixtures("no_bus")
async def test_an_adapter_without_bluetoothd_is_waited_for_also_in_a_drill(kernel: Path) -> None:
    (kernel / "hci0").mkdir()
    assert await Wish("auto", by_systemd=False, kernel=kernel).settled(DRILL) == "bluez"


async def test_a_bluetoothd_that_hangs_is_no_reason_to_simulate(
    bluez: FakeBlueZ, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluez_module, "CALL_LIMIT_S", 0.3)
    bluez.hung = {"GetManagedObjects"}
    assert await Wish("auto", by_systemd=False, kernel=kernel).settled(DRILL) == "bluez"


async def test_it_is_settled_once_and_a_radio_that_comes_or_goes_changes_nothing(
    bluez: FakeBlueZ, kernel: Path
) -> None:
    wish = Wish("auto", by_systemd=False, kernel=kernel)
    assert await wish.settled(DRILL) == "bluez"
    bluez.hung = {"GetManagedObjects"}
    assert await wish.settled(DRILL) == "bluez"


@pytest.mark.usefixtures("no_bus")
async def test_a_drill_that_becomes_real_takes_no_simulator_with_it(kernel: Path) -> None:
    wish = Wish("auto", by_systemd=False, kernel=kernel)
    assert await wish.settled(DRILL) == "simulated"
    (kernel / "hci0").mkdir()
    assert await wish.settled(DRILL) == "simulated"
    assert await wish.settled(REAL) == "bluez"


@pytest.mark.parametrize("word", ["simulated", "capture:walk.btsnoop"])
async def test_an_invented_radio_that_was_asked_for_is_refused_where_gifts_are_real(word: str) -> None:
    assert await Wish(word).settled(REAL) == word
    refuse_imagined(word, DRILL)
    with pytest.raises(ValueError, match=r"只能用于演练 only for a drill"):
        refuse_imagined(word, REAL)
    refuse_imagined("bluez", REAL)


def test_only_the_process_that_systemd_started_is_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYSTEMD_EXEC_PID", raising=False)
    assert not is_service()
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    assert is_service()
    monkeypatch.setenv("SYSTEMD_EXEC_PID", "1")
    assert not is_service(), "a terminal that systemd started, for one"
