"""What our advertiser puts on the air, as another radio and btmon see it."""

from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.advertise.advertising_parameters import AdvertTooLong
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.hci.advertising_reports import Report, manufacturer_data
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from tests.radio.lab_control import find_adapters, on_the_air, radios_ready
from tests.radio.waiting import Ear, running, until

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 4660, 22136, -59)
IBEACON_AD = "1a ff 4c 00 02 15 5f 9b 2c 1e 7d 40 4c 6a 9a 3e 0c 1d 2e 3f 4a 5b 12 34 56 78 c5"
FLAGS_AD = "02 01 06"


def ours(seen: list[Report]) -> list[bytes]:
    """Return the adverts without those that the kernel itself sends while it switches: name, power or nothing."""
    return [report.data for report in seen if manufacturer_data(report.data)]


@pytest.mark.parametrize(
    ("mode", "data"),
    [("broadcast", IBEACON_AD), ("peripheral", f"{IBEACON_AD} {FLAGS_AD}")],
    ids=lambda value: value[:10],
)
async def test_the_bytes_on_the_air_are_the_ibeacon_of_the_settings(
    mode: Literal["broadcast", "peripheral"], data: str, tmp_path: Path
) -> None:
    await radios_ready()
    ear = Ear()
    advertiser = BlueZAdvertiser("hci0", FRAME, interval_ms=100, mode=mode)
    with on_the_air(tmp_path) as seen:
        async with ear.at(AdapterScanner("hci1")), running(advertiser.keep_on_air()):
            await until(lambda: len(ear.heard) >= 5)
            await until(lambda: len(ours(seen())) >= 5)
            assert ours(seen()) == [bytes.fromhex(data)] * len(ours(seen()))
    assert {(sighting.beacon, sighting.rssi) for sighting in ear.heard} == {(FRAME.beacon, None)}
    assert {(sighting.measured_power, sighting.adapter) for sighting in ear.heard} == {(-59, "hci1")}


async def test_the_advert_has_the_interval_of_the_settings() -> None:
    await radios_ready()
    ear = Ear()
    async with ear.at(AdapterScanner("hci1")), running(BlueZAdvertiser("hci0", FRAME, interval_ms=500).keep_on_air()):
        await until(lambda: has_interval(ear.heard[-8:], interval_s=0.5))


def has_interval(heard: list[Sighting], interval_s: float) -> bool:
    """Return whether the median gap of eight frames is near the interval; a busy machine delays some of them."""
    gaps_s = [after.at - before.at for before, after in pairwise(heard)]
    return len(gaps_s) == 7 and median(gaps_s) == pytest.approx(interval_s, rel=0.5)


async def test_an_advert_over_31_bytes_is_not_registered(tmp_path: Path) -> None:
    class Longer(IBeacon):
        def encode(self) -> bytes:
            return super().encode() + bytes(5)

    await radios_ready()
    with on_the_air(tmp_path) as seen:
        with pytest.raises(AdvertTooLong, match="32 bytes"):
            BlueZAdvertiser("hci0", Longer(FRAME.uuid, FRAME.major, FRAME.minor, FRAME.measured_power))
        ear = Ear()
        async with ear.at(AdapterScanner("hci1")), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        assert {len(data) for data in ours(seen())} == {27}


async def test_without_a_name_the_first_adapter_that_is_on_is_used() -> None:
    await radios_ready()
    assert await find_adapters() == ("hci0", "hci1")
    advertiser = BlueZAdvertiser(None, FRAME)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
    assert advertiser.read_status().adapter == "hci0"
