"""Several identities of one gateway on one adapter, and what is read back of interval and power."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from beacon_gateway import settings_mapping
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.advertise.advertiser_group import Adverts
from beacon_gateway.radio.radio_factory import make_radios
from beacon_gateway.radio.scan.scanner import BlueZScanner
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from tests.paths import ROOT
from tests.radio.inside import (
    Ear,
    end_bluetoothd,
    make_connectable,
    power,
    radios_ready,
    radios_up,
    running,
    start_bluetoothd,
    until,
)

pytestmark = pytest.mark.lab

CONFIG = ROOT / "config" / "gateway.toml"
UUID_OF_SITE = "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"
FRAME = IBeacon(UUID(UUID_OF_SITE), 1, 1, -59)
MORE = """
[[advertise.more]]
uuid = "{uuid}"
major = 1
minor = {minor}
"""


async def adverts(folder: Path, *, more: int) -> Adverts:
    """The adverts of a gateway whose TOML names so many further identities."""
    text = CONFIG.read_text("utf-8").replace('adapter = ""', 'adapter = "hci0"\ntx_power = 4')
    tables = "".join(MORE.format(uuid=UUID_OF_SITE, minor=11 + number) for number in range(more))
    file = folder / "gateway.toml"
    file.write_text(text.replace("\n[presence]", f"{tables}\n[presence]"), "utf-8")
    chosen = make_radios("bluez", settings_mapping.radio_plan(load(file, Settings))).adverts
    assert chosen is not None
    return chosen


def identities(told: Adverts) -> list[dict[str, Any]]:
    found = told.describe()["identities"]
    assert isinstance(found, list)
    return found


def states(told: Adverts) -> list[str]:
    return [one["state"] for one in identities(told)]


@asynccontextmanager
async def all_heard(ear: Ear, minors: set[int]) -> AsyncIterator[None]:
    async with ear.at(BlueZScanner("hci1")):
        await until(lambda: {sighting.beacon.minor for sighting in ear.heard} == minors)
        yield


async def test_three_identities_are_on_the_air_each_with_its_seconds_and_come_back(tmp_path: Path) -> None:
    await radios_ready()
    ours, ear = await adverts(tmp_path, more=2), Ear()
    async with running(ours.keep_on_air()):
        await until(lambda: ours.describe()["state"] == "on_air")
        async with all_heard(ear, {1, 11, 12}):
            seconds = ours.seconds_on_air()
            assert [beacon.minor for beacon in seconds] == [1, 11, 12]
            assert min(seconds.values()) > 0
        await power("hci0", False)
        await until(lambda: set(states(ours)) == {"off"})
        await power("hci0", True)
        await until(lambda: ours.describe()["state"] == "on_air", 5)
        await end_bluetoothd(signal.SIGTERM)
        start_bluetoothd()
        await radios_up()
        await until(lambda: ours.describe()["state"] == "on_air", 5)
        async with all_heard(Ear(), {1, 11, 12}):
            pass


async def test_an_identity_too_many_is_refused_alone_and_said(tmp_path: Path) -> None:
    await radios_ready()
    ours, ear = await adverts(tmp_path, more=3), Ear()
    async with running(ours.keep_on_air()):
        await until(lambda: sorted(states(ours)) == ["on_air", "on_air", "on_air", "refused"])
        assert ours.describe()["state"] == "refused"
        refused = identities(ours)[states(ours).index("refused")]["refused"]
        assert refused == "adapter hci0 has no free advertisement set (Maximum advertisements reached)"
        async with ear.at(BlueZScanner("hci1")):
            await until(lambda: len({sighting.beacon for sighting in ear.heard}) == 3)


async def test_what_bluez_reports_is_read_back(tmp_path: Path) -> None:
    await radios_ready()
    ours = await adverts(tmp_path, more=1)
    async with running(ours.keep_on_air()):
        await until(lambda: ours.describe()["state"] == "on_air")
        one = identities(ours)[0]
        assert one["tx_power_dbm"] == 4
        assert one["interval_ms"] == 100
        counts = [
            (told["reported"]["active_instances"], told["reported"]["free_instances"]) for told in identities(ours)
        ]
        assert max(counts) == (2, 1)
        assert {key: one["reported"][key] for key in one["reported"] if "instances" not in key} == {
            "tx_power_dbm": 0,  # btvirt's choice, whatever it is asked
            "tx_power_can_be_set": True,
            "tx_power_range_dbm": [-34, 7],
            "octets_at_most": 31,
            "taken_in_turns": False,
            "adapter_is_connectable": False,
        }


@pytest.mark.parametrize("mode", ["broadcast", "peripheral"])
async def test_a_power_is_taken_with_either_layout_and_one_out_of_range_with_none(mode: Any) -> None:
    await radios_ready()
    advertiser = BlueZAdvertiser("hci0", FRAME, mode=mode, power_dbm=-127)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
    with pytest.raises(ValueError, match="-127 to 20 dBm"):
        BlueZAdvertiser("hci0", FRAME, power_dbm=21)


async def test_an_adapter_that_another_program_made_connectable_is_reported() -> None:
    """Then the kernel sends even a broadcast as ADV_IND from the public address, and BlueZ says nothing of it."""
    await radios_ready()
    await make_connectable(0, True)
    try:
        advertiser = BlueZAdvertiser("hci0", FRAME)
        async with running(advertiser.keep_on_air()):
            await until(lambda: advertiser.describe()["state"] == "on_air")
            reported = advertiser.describe()["reported"]
            assert isinstance(reported, dict)
            assert reported["adapter_is_connectable"]
    finally:
        await power("hci0", False)  # else the kernel may refuse, and advertises by itself for a while afterwards
        await make_connectable(0, False)
        await power("hci0", True)
