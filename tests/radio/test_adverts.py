"""Several identities of one gateway on one adapter, and the interval and power that BlueZ reports."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from beacon_gateway import settings_mapping
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import AdvertRefusal, AppliedAdvert, HeardAdvert, RefusalReason
from beacon_gateway.radio.advertise.advertiser_group import AdvertiserGroup
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.radio_factory import make_radios
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from tests.paths import ROOT
from tests.radio.lab_control import end_bluetoothd, make_connectable, power, radios_ready, radios_up, start_bluetoothd
from tests.radio.waiting import Ear, running, until

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


async def load_adverts(folder: Path, *, more: int) -> AdvertiserGroup:
    """Return the adverts of a gateway with `more` further identities in its TOML."""
    text = CONFIG.read_text("utf-8").replace('adapter = ""', 'adapter = "hci0"\ntx_power = 4')
    tables = "".join(MORE.format(uuid=UUID_OF_SITE, minor=11 + number) for number in range(more))
    file = folder / "gateway.toml"
    file.write_text(text.replace("\n[presence]", f"{tables}\n[presence]"), "utf-8")
    adverts = make_radios("bluez", settings_mapping.radio_plan(load(file, Settings))).adverts
    assert adverts is not None
    return adverts


def states(group: AdvertiserGroup) -> list[str]:
    return [identity.state for identity in group.read_status().identities]


@asynccontextmanager
async def hearing_all(ear: Ear, minors: set[int]) -> AsyncIterator[None]:
    async with ear.at(AdapterScanner("hci1")):
        await until(lambda: {sighting.beacon.minor for sighting in ear.heard} == minors)
        yield


async def test_three_identities_count_their_seconds_and_return_after_disturbances(tmp_path: Path) -> None:
    await radios_ready()
    ours, ear = await load_adverts(tmp_path, more=2), Ear()
    async with running(ours.keep_on_air()):
        await until(lambda: ours.read_status().state == "on_air")
        async with hearing_all(ear, {1, 11, 12}):
            seconds = ours.seconds_on_air()
            assert [beacon.minor for beacon in seconds] == [1, 11, 12]
            assert min(seconds.values()) > 0
        await power("hci0", False)
        await until(lambda: set(states(ours)) == {"off"})
        await power("hci0", True)
        await until(lambda: ours.read_status().state == "on_air", 5)
        await end_bluetoothd(signal.SIGTERM)
        start_bluetoothd()
        await radios_up()
        await until(lambda: ours.read_status().state == "on_air", 5)
        async with hearing_all(Ear(), {1, 11, 12}):
            pass


async def test_a_second_adapter_proves_an_advert_and_measures_its_interval(tmp_path: Path) -> None:
    await radios_ready()
    text = CONFIG.read_text("utf-8").replace('adapter = ""', 'adapter = "hci0"')
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    radios = make_radios("bluez", settings_mapping.radio_plan(load(file, Settings)))
    assert radios.adverts is not None
    read = radios.adverts.read_status
    async with running(radios.adverts.keep_on_air()):
        await until(lambda: read().state == "on_air")
        assert read().identities[0].heard is None, "nobody receives it yet"
        async with running(radios.scanner.hear(lambda _sighting: None)):
            await until(lambda: measures_the_interval(read().identities[0].heard))
            heard = read().identities[0].heard
            assert heard is not None
            assert heard.adapter == "hci1"


def measures_the_interval(heard: HeardAdvert | None) -> bool:
    """After a pause for lack of a processor a measurement is another one for a while."""
    return heard is not None and heard.per_s > 5 and 95 <= heard.interval_ms <= 130


async def test_one_identity_too_many_is_refused_and_affects_no_other(tmp_path: Path) -> None:
    await radios_ready()
    ours, ear = await load_adverts(tmp_path, more=3), Ear()
    async with running(ours.keep_on_air()):
        await until(lambda: sorted(states(ours)) == ["on_air", "on_air", "on_air", "refused"])
        assert ours.read_status().state == "refused"
        refusal = ours.read_status().identities[states(ours).index("refused")].refusal
        assert refusal == AdvertRefusal(RefusalReason.no_free_set, "hci0", "Maximum advertisements reached")
        async with ear.at(AdapterScanner("hci1")):
            await until(lambda: len({sighting.beacon for sighting in ear.heard}) == 3)


async def test_what_bluez_reports_is_read_back(tmp_path: Path) -> None:
    await radios_ready()
    ours = await load_adverts(tmp_path, more=1)
    async with running(ours.keep_on_air()):
        await until(lambda: ours.read_status().state == "on_air")
        identities = ours.read_status().identities
        assert (identities[0].tx_power_dbm, identities[0].interval_ms) == (4, 100)
        reported = [identity.reported for identity in identities if identity.reported]
        assert max((each.active_instances, each.free_instances) for each in reported) == (2, 1)
        assert replace(reported[0], active_instances=None, free_instances=None) == AppliedAdvert(
            tx_power_dbm=0,  # btvirt's choice, whatever is requested
            tx_power_can_be_set=True,
            tx_power_range_dbm=(-34, 7),
            max_bytes=31,
            taken_in_turns=False,
        )


@pytest.mark.parametrize("mode", ["broadcast", "peripheral"])
async def test_a_power_is_accepted_with_either_layout_unless_out_of_range(mode: Any) -> None:
    await radios_ready()
    advertiser = BlueZAdvertiser("hci0", FRAME, mode=mode, power_dbm=-127)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
    with pytest.raises(ValueError, match="-127 to 20 dBm"):
        BlueZAdvertiser("hci0", FRAME, power_dbm=21)


async def test_an_adapter_made_connectable_by_another_program_is_reported() -> None:
    """The kernel then sends even a broadcast as ADV_IND from the public address, which BlueZ does not report."""
    await radios_ready()
    await make_connectable(0, True)
    try:
        advertiser = BlueZAdvertiser("hci0", FRAME)
        async with running(advertiser.keep_on_air()):
            await until(lambda: advertiser.read_status().state == "on_air")
            reported = advertiser.read_status().reported
            assert reported is not None
            assert reported.adapter_is_connectable
    finally:
        await power("hci0", False)  # otherwise the kernel may refuse, and continue to advertise for a while
        await make_connectable(0, False)
        await power("hci0", True)
