"""BackendSelector: a real site never uses a simulated radio, however slow the real one is."""

import os
from pathlib import Path

import pytest

from beacon_gateway.radio.backend_selection import BackendSelector, is_service, refuse_simulated_radio
from sync_contract.strict_model import Environment
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

DRILL, REAL = Environment.drill, Environment.real


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """The kernel's list of adapters, still empty."""
    folder = tmp_path / "bluetooth"
    folder.mkdir()
    return folder


@pytest.fixture
def no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")


@pytest.mark.usefixtures("no_bus")
@pytest.mark.parametrize(("environment", "by_systemd"), [(REAL, False), (REAL, True), (DRILL, True)])
async def test_on_a_real_site_or_as_a_service_auto_is_bluez_even_without_bluetooth(
    environment: Environment, by_systemd: bool, sysfs: Path
) -> None:
    assert await BackendSelector("auto", by_systemd=by_systemd, sysfs=sysfs).resolve(environment) == "bluez"


@pytest.mark.usefixtures("no_bus")
async def test_a_drill_on_a_machine_without_bluetooth_is_simulated(sysfs: Path) -> None:
    assert await BackendSelector("auto", by_systemd=False, sysfs=sysfs).resolve(DRILL) == "simulated"


@pytest.mark.usefixtures("no_bus")
async def test_an_adapter_without_bluetoothd_is_not_replaced_even_in_a_drill(sysfs: Path) -> None:
    (sysfs / "hci0").mkdir()
    assert await BackendSelector("auto", by_systemd=False, sysfs=sysfs).resolve(DRILL) == "bluez"


async def test_a_bluetoothd_without_replies_is_not_replaced(bluez: FakeBlueZ, sysfs: Path) -> None:
    bluez.unanswered = {"GetManagedObjects"}
    selector = BackendSelector("auto", by_systemd=False, sysfs=sysfs, call_limit_s=0.3)
    assert await selector.resolve(DRILL) == "bluez"


async def test_the_backend_is_resolved_once(bluez: FakeBlueZ, sysfs: Path) -> None:
    selector = BackendSelector("auto", by_systemd=False, sysfs=sysfs)
    assert await selector.resolve(DRILL) == "bluez"
    bluez.unanswered = {"GetManagedObjects"}
    assert await selector.resolve(DRILL) == "bluez"


@pytest.mark.usefixtures("no_bus")
async def test_a_drill_that_becomes_real_gets_a_real_radio(sysfs: Path) -> None:
    selector = BackendSelector("auto", by_systemd=False, sysfs=sysfs)
    assert await selector.resolve(DRILL) == "simulated"
    (sysfs / "hci0").mkdir()
    assert await selector.resolve(DRILL) == "simulated"
    assert await selector.resolve(REAL) == "bluez"


@pytest.mark.parametrize("backend", ["simulated", "capture:walk.btsnoop"])
async def test_a_requested_simulated_radio_is_refused_on_a_real_site(backend: str) -> None:
    assert await BackendSelector(backend).resolve(REAL) == backend
    refuse_simulated_radio(backend, DRILL)
    with pytest.raises(ValueError, match=r"只能用于演练 only for a drill"):
        refuse_simulated_radio(backend, REAL)
    refuse_simulated_radio("bluez", REAL)


def test_only_the_process_that_systemd_started_is_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYSTEMD_EXEC_PID", raising=False)
    assert not is_service()
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    assert is_service()
    monkeypatch.setenv("SYSTEMD_EXEC_PID", "1")
    assert not is_service(), "a terminal that systemd started, for one"
