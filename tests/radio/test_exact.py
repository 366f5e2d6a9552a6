"""Apple's exact layout through the radio helper, as btmon and another radio see it."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.hci.advertising_reports import read_reports
from beacon_gateway.radio.hci.btsnoop import Losses, read_events
from beacon_gateway.radio.hci.mgmt_socket import Change, ManagementSocket
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.ports import Advertiser, RadioLost
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from tests.radio.lab_control import (
    end_bluetoothd,
    hciconfig,
    power,
    radios_ready,
    radios_up,
    recording,
    send_bluetoothd,
    start_bluetoothd,
)
from tests.radio.waiting import Ear, running, until

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 4660, 22136, -59)
IBEACON_AD = "1a ff 4c 00 02 15 5f 9b 2c 1e 7d 40 4c 6a 9a 3e 0c 1d 2e 3f 4a 5b 12 34 56 78 c5"
FLAGS_AD = "02 01 06"
NONCONN, CONNECTABLE = 0x0010, 0x0013
"""Event types of a legacy ADV_NONCONN_IND and ADV_IND: Core Specification 5.4, Vol 4 Part E 7.7.65.13."""
ONLY_NET_ADMIN = ["--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin"]


@contextmanager
def helper(folder: Path, serves: str = "root") -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Run the real program as user nobody with CAP_NET_ADMIN only; yield its socket and process."""
    path = folder / "helper"
    line = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *ONLY_NET_ADMIN, "--no-new-privs"]
    line += [sys.executable, "-m", "beacon_gateway", "radio-helper", "--user", serves, "--socket", str(path)]
    for above in (folder, *folder.parents):
        os.chmod(above, 0o777)
    with subprocess.Popen(line) as process:
        try:
            yield path, process
        finally:
            process.terminate()


@asynccontextmanager
async def on_air(advertiser: Advertiser) -> AsyncIterator[None]:
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
        yield


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    await radios_ready()
    with helper(tmp_path) as (listening, _):
        await until(listening.is_socket)
        yield listening


async def seen_by_btmon(advertiser: Advertiser, folder: Path) -> set[tuple[int, bytes]]:
    """Return event type and data of every report while another radio scans actively."""
    file, ear = folder / "air.btsnoop", Ear()

    def seen() -> list[tuple[int, bytes]]:
        events = [event.data for event in read_events(file.read_bytes(), Losses())]
        return [
            (int.from_bytes(event[4:6], "little"), report.data)
            for event in events
            for report in read_reports(event)
            if report.data
        ]

    with recording(file):
        async with ear.at(AdapterScanner("hci1")), on_air(advertiser):
            await until(lambda: len(ear.heard) >= 5)
            await until(lambda: len(seen()) >= 5)  # btmon may be later than bluetoothd
    return set(seen())


async def test_flags_come_first_and_it_is_not_connectable(path: Path, tmp_path: Path) -> None:
    seen = await seen_by_btmon(ExactAdvertiser("hci0", FRAME, helper=path), tmp_path)
    assert seen == {(NONCONN, bytes.fromhex(f"{FLAGS_AD} {IBEACON_AD}"))}


async def test_bluez_has_no_flags_or_flags_last_and_connectable(tmp_path: Path) -> None:
    await radios_ready()
    broadcast = await seen_by_btmon(BlueZAdvertiser("hci0", FRAME, mode="broadcast"), tmp_path)
    assert broadcast == {(NONCONN, bytes.fromhex(IBEACON_AD))}
    peripheral = await seen_by_btmon(BlueZAdvertiser("hci0", FRAME, mode="peripheral"), tmp_path)
    assert peripheral == {(CONNECTABLE, bytes.fromhex(f"{IBEACON_AD} {FLAGS_AD}"))}


async def restart(number: signal.Signals) -> None:
    await end_bluetoothd(number)
    start_bluetoothd()


async def off_and_on() -> None:
    await power("hci0", False)
    await power("hci0", True)


async def reset() -> None:
    hciconfig("hci0", "reset")


DISTURBANCES: dict[str, Callable[[], Awaitable[None]]] = {
    "bluetoothd terminated": lambda: restart(signal.SIGTERM),
    "the adapter off and on": off_and_on,
    "the controller reset": reset,
}


@pytest.mark.parametrize("name", DISTURBANCES)
async def test_it_returns_after(name: str, path: Path) -> None:
    advertiser, ear = ExactAdvertiser("hci0", FRAME, helper=path, interval_ms=100), Ear()
    async with on_air(advertiser):
        await DISTURBANCES[name]()
        await until(lambda: advertiser.read_status().registrations != 1, 5)
        await until(lambda: advertiser.read_status().state == "on_air", 5)
        await radios_up()
        async with ear.at(AdapterScanner("hci1")):
            await ear.hears_again(5)


async def test_killing_bluetoothd_takes_nothing_off_the_air(path: Path) -> None:
    advertiser, ear = ExactAdvertiser("hci0", FRAME, helper=path, interval_ms=100), Ear()
    async with on_air(advertiser):
        await restart(signal.SIGKILL)
        await radios_up()
        async with ear.at(AdapterScanner("hci1")):
            await ear.hears_again(12)
        assert (advertiser.read_status().registrations, advertiser.read_status().state) == (1, "on_air")


async def test_it_goes_off_the_air_with_its_client(path: Path) -> None:
    ear = Ear()
    async with ear.at(AdapterScanner("hci1")):
        async with on_air(ExactAdvertiser("hci0", FRAME, helper=path)):
            await ear.hears_again()
        await ear.is_silent(1.0, limit_s=2.0)


async def test_it_goes_off_the_air_when_the_helper_stops(tmp_path: Path) -> None:
    await radios_ready()
    ear = Ear()
    with helper(tmp_path) as (path, process):
        await until(path.is_socket)
        advertiser = ExactAdvertiser("hci0", FRAME, helper=path)
        async with ear.at(AdapterScanner("hci1")):
            stage = asyncio.create_task(advertiser.keep_on_air())
            await ear.hears_again()
            process.terminate()
            await ear.is_silent(1.0, limit_s=3.0)
            with pytest.raises(RadioLost, match="the radio helper has ended"):
                await stage


async def test_several_identities_share_the_adapter_until_it_is_full(path: Path) -> None:
    frames = [IBeacon(FRAME.uuid, 1, minor, -59) for minor in range(4)]
    adverts = [ExactAdvertiser("hci0", frame, helper=path) for frame in frames]
    ear = Ear()
    async with ear.at(AdapterScanner("hci1")), on_air(adverts[0]), on_air(adverts[1]), on_air(adverts[2]):
        await until(lambda: {sighting.beacon.minor for sighting in ear.heard} == {0, 1, 2})
        async with running(adverts[3].keep_on_air()):
            await until(lambda: adverts[3].read_status().state == "refused")
            refusal = adverts[3].read_status().refusal
            assert refusal is not None
            assert refusal.detail == "hci0 holds no more adverts"


async def test_another_user_is_refused(tmp_path: Path) -> None:
    await radios_ready()
    assert pwd.getpwnam("daemon").pw_uid != os.getuid()
    with helper(tmp_path, serves="daemon") as (path, _):
        await until(path.is_socket)
        with pytest.raises(RadioLost, match="serves another user"):
            await ExactAdvertiser("hci0", FRAME, helper=path).keep_on_air()


async def test_the_kernel_resets_an_adapter_while_bluetoothd_is_stopped(path: Path) -> None:
    advertiser = ExactAdvertiser("hci0", FRAME, helper=path)
    changes: list[Change] = []
    with closing(ManagementSocket.open(changes.append)) as mgmt, ExitStack() as afterwards:
        async with on_air(advertiser):
            await mgmt.list_adapters()
            send_bluetoothd(signal.SIGSTOP)
            afterwards.callback(send_bluetoothd, signal.SIGCONT)
            await KernelHelper(path).reset("hci0")
            off_and_on = ["adapter switched off", "adapter switched on"]
            await until(lambda: [change.why for change in changes if change.instance is None] == off_and_on, 2)
            await until(lambda: advertiser.read_status().registrations != 1, 5)
            await until(lambda: advertiser.read_status().state == "on_air", 5)
