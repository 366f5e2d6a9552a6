"""PrivilegedHelper against a fake systemd: the two jobs, and the reasons why they fail."""

from collections.abc import AsyncIterator

import pytest

from beacon_gateway.radio.ports import HelperRefused
from beacon_gateway.radio.recovery.adapter_reset import NoHelper, PrivilegedHelper
from tests.unit.beacon_gateway.radio.fake_systemd import FakeSystemd, fake_systemd
from tests.unit.beacon_gateway.radio.recovery.broken_radio import StepHelper


@pytest.fixture
async def systemd(bus: str) -> AsyncIterator[FakeSystemd]:
    async with fake_systemd(bus) as fake:
        yield fake


@pytest.fixture
def helper() -> PrivilegedHelper:
    return PrivilegedHelper(NoHelper().reset, job_limit_s=0.5)


async def test_both_steps_are_the_jobs_that_the_polkit_rule_allows(
    systemd: FakeSystemd, helper: PrivilegedHelper
) -> None:
    await helper.restart_bluetoothd()
    await helper.reset_hardware("hci1")
    assert systemd.jobs == [
        ("RestartUnit", "bluetooth.service", "replace"),
        ("StartUnit", "beacon-radio-reset@hci1.service", "replace"),
    ]


@pytest.mark.parametrize(
    ("result", "reason"), [("failed", r"bluetooth.service: failed"), ("", "was not done in")], ids=["failed", "endless"]
)
async def test_a_job_that_fails_or_does_not_end_is_refused(
    systemd: FakeSystemd, helper: PrivilegedHelper, result: str, reason: str
) -> None:
    systemd.result = result
    with pytest.raises(HelperRefused, match=reason):
        await helper.restart_bluetoothd()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "polkit does not allow bluetooth.service"),
        ("org.freedesktop.DBus.Error.AccessDenied", "polkit does not allow bluetooth.service"),
        ("org.freedesktop.systemd1.NoSuchUnit", "bluetooth.service is not installed"),
        ("org.freedesktop.systemd1.UnitMasked", "UnitMasked: why"),
    ],
)
async def test_a_refusal_names_what_is_missing(
    systemd: FakeSystemd, helper: PrivilegedHelper, error: str, reason: str
) -> None:
    systemd.errors["bluetooth.service"] = (error, "why")
    with pytest.raises(HelperRefused, match=reason):
        await helper.restart_bluetoothd()


async def test_without_systemd_or_a_bus_the_reason_says_so(
    bus: str, helper: PrivilegedHelper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HelperRefused, match="systemd is not on the bus"):
        await helper.restart_bluetoothd()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/dev/null")
    with pytest.raises(HelperRefused, match="no D-Bus system bus"):
        await helper.reset_hardware("hci0")


@pytest.mark.parametrize("name", ["", "hci", "hci0.service", "../hci0", "hci0@x", "hci1234"])
async def test_only_an_adapter_is_reset(systemd: FakeSystemd, helper: PrivilegedHelper, name: str) -> None:
    with pytest.raises(HelperRefused, match="is no adapter's name"):
        await helper.reset_hardware(name)
    assert systemd.jobs == []


async def test_bluetoothd_is_restarted_once_for_all_adapters(systemd: FakeSystemd) -> None:
    """A refusal would make the second adapter's ladder ask a person at once."""
    steps = StepHelper()
    helper = PrivilegedHelper(steps.reset)
    await helper.restart_bluetoothd()
    await helper.restart_bluetoothd()
    await helper.reset("hci0")
    assert (len(systemd.jobs), steps.steps) == (1, ["reset hci0"])
