"""The two privileged steps, asked of systemd; whatever keeps it from them is said in words."""

from collections.abc import AsyncIterator

import pytest

from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.recovery import systemd_units
from beacon_gateway.radio.recovery.systemd_units import SystemdHelper
from tests.unit.beacon_gateway.radio.fake_systemd import FakeSystemd, fake_systemd


@pytest.fixture
async def manager(bus: str) -> AsyncIterator[FakeSystemd]:
    async with fake_systemd(bus) as fake:
        yield fake


async def test_both_steps_are_the_jobs_that_the_polkit_rule_allows(manager: FakeSystemd) -> None:
    helper = SystemdHelper()
    await helper.restart_bluetoothd()
    await helper.reset_hardware("hci1")
    assert manager.jobs == [
        ("RestartUnit", "bluetooth.service", "replace"),
        ("StartUnit", "beacon-radio-reset@hci1.service", "replace"),
    ]


async def test_a_job_that_fails_is_told(manager: FakeSystemd) -> None:
    manager.result = "failed"
    with pytest.raises(HelpRefused, match=r"beacon-radio-reset@hci0.service: failed"):
        await SystemdHelper().reset_hardware("hci0")


async def test_a_job_that_does_not_end_is_given_up(manager: FakeSystemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd_units, "JOB_LIMIT_S", 0.2)
    manager.result = ""
    with pytest.raises(HelpRefused, match="was not done in"):
        await SystemdHelper().restart_bluetoothd()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "polkit does not allow bluetooth.service"),
        ("org.freedesktop.DBus.Error.AccessDenied", "polkit does not allow bluetooth.service"),
        ("org.freedesktop.systemd1.NoSuchUnit", "bluetooth.service is not installed"),
        ("org.freedesktop.systemd1.UnitMasked", "UnitMasked: why"),
    ],
)
async def test_a_refusal_says_what_is_missing(manager: FakeSystemd, error: str, said: str) -> None:
    manager.errors["bluetooth.service"] = (error, "why")
    with pytest.raises(HelpRefused, match=said):
        await SystemdHelper().restart_bluetoothd()


async def test_without_systemd_it_says_so(bus: str) -> None:
    with pytest.raises(HelpRefused, match="systemd is not on the bus"):
        await SystemdHelper().restart_bluetoothd()


async def test_without_a_bus_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/dev/null")
    with pytest.raises(HelpRefused, match="no D-Bus system bus"):
        await SystemdHelper().reset_hardware("hci0")


@pytest.mark.parametrize("name", ["", "hci", "hci0.service", "../hci0", "hci0@x", "hci1234"])
async def test_nothing_but_an_adapter_is_reset(manager: FakeSystemd, name: str) -> None:
    with pytest.raises(HelpRefused, match="is no adapter's name"):
        await SystemdHelper().reset_hardware(name)
    assert manager.jobs == []
