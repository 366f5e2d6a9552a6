"""Who is asked for the ladder's privileged steps, and what is said when nobody can."""

import pytest

from beacon_gateway.radio import privileged
from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.privileged import Privileged


class Helper:
    """`can`: takes the steps; else refuses with its name."""

    def __init__(self, name: str, done: list[str], *, can: bool = True) -> None:
        self.name, self.done, self.can = name, done, can

    async def restart_bluetoothd(self) -> None:
        await self._take("restart")

    async def reset(self, adapter: str) -> None:
        await self._take(adapter)

    async def _take(self, what: str) -> None:
        if not self.can:
            raise HelpRefused(f"{self.name} cannot")
        self.done.append(f"{self.name}: {what}")


@pytest.fixture
def done() -> list[str]:
    return []


async def test_bluetoothd_is_restarted_by_systemd(done: list[str]) -> None:
    await Privileged(kernel=Helper("kernel", done), systemd=Helper("systemd", done)).restart_bluetoothd()
    assert done == ["systemd: restart"]


async def test_the_kernel_resets_first_and_when_that_did_not_last_the_hardware_is(done: list[str]) -> None:
    both = Privileged(kernel=Helper("kernel", done), systemd=Helper("systemd", done))
    await both.reset("hci0")
    await both.reset("hci1")
    await both.reset("hci0")
    await both.reset("hci0")
    assert done == ["kernel: hci0", "kernel: hci1", "systemd: hci0", "kernel: hci0"]


async def test_a_reset_long_ago_is_no_failure(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    both = Privileged(kernel=Helper("kernel", done), systemd=Helper("systemd", done))
    await both.reset("hci0")
    monkeypatch.setattr(privileged, "SOON_S", 0.0)
    await both.reset("hci0")
    assert done == ["kernel: hci0", "kernel: hci0"]


@pytest.mark.parametrize("able", ["kernel", "systemd"])
async def test_what_one_refuses_is_asked_of_the_other(able: str, done: list[str]) -> None:
    kernel, systemd = (Helper(name, done, can=name == able) for name in ("kernel", "systemd"))
    both = Privileged(kernel=kernel, systemd=systemd)
    await both.reset("hci0")
    await both.reset("hci0")
    assert done == [f"{able}: hci0"] * 2


async def test_when_nobody_can_both_reasons_are_said(done: list[str]) -> None:
    nobody = Privileged(kernel=Helper("kernel", done, can=False), systemd=Helper("systemd", done, can=False))
    with pytest.raises(HelpRefused, match=r"^kernel cannot; systemd cannot$"):
        await nobody.reset("hci0")
