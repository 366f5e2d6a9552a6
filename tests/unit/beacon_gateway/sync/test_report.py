"""What a gateway reports about itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from beacon_gateway.model.hall_status import HallState
from beacon_gateway.model.radio_status import (
    AdvertStatus,
    BatteryStatus,
    ClassBatteries,
    LivenessStatus,
    PlaceBattery,
    RadioStatus,
)
from beacon_gateway.store.database import open_database
from beacon_gateway.store.server_acceptance import open_acceptance
from beacon_gateway.sync.report import ReportLoop, build_report, classify_hearing
from sync_contract.gateway_report import CATALOGUE_OLDER, GatewayReport, Hearing
from tests.fakes.central import FakeCentral
from tests.unit.beacon_gateway.sync.test_drain import CLOCK, KEY, connected, run_until

PROVED, LOST = LivenessStatus(by=("east gate",), expected=1), LivenessStatus(lost=("east gate",), expected=1)


def report_of(radio: RadioStatus, hall: HallState = HallState.accepted) -> GatewayReport:
    return build_report(
        clock=CLOCK,
        epoch="0" * 16,
        uptime_s=1,
        hearing=Hearing.simulated,
        radio=radio,
        advert=AdvertStatus(),
        parcels={},
        catalogue_version=0,
        hall=hall,
    )


@pytest.mark.parametrize(
    ("radio", "word"),
    [
        (RadioStatus("hearing", asks_a_person=True), "hearing"),
        (RadioStatus("hearing", trouble="transmitter_lost", asks_a_person=True), "transmitter_lost"),
        (RadioStatus("hearing", trouble="transmitter_lost"), "hearing"),
        (RadioStatus("silent", trouble="deaf", asks_a_person=True), "silent"),
        (RadioStatus("No word"), "unknown"),
    ],
)
def test_the_report_shows_trouble_once_staff_are_needed(radio: RadioStatus, word: str) -> None:
    assert report_of(radio).radio == word


def test_a_changed_hall_is_reported_where_the_radio_misses_nothing() -> None:
    assert report_of(RadioStatus("hearing"), HallState.changed).radio == "hall_changed"
    lost = RadioStatus("hearing", trouble="transmitter_lost", asks_a_person=True)
    assert report_of(lost, HallState.changed).radio == "transmitter_lost"
    assert report_of(RadioStatus("silent"), HallState.changed).radio == "silent"


@pytest.mark.parametrize("place", [True, False])
def test_a_low_battery_is_reported_where_the_radio_misses_nothing(place: bool) -> None:
    low = PlaceBattery("1/2", "wall", low=place, age_s=1.0)
    batteries = BatteryStatus((low,), {"volunteer": ClassBatteries(3, int(not place))})
    heard = RadioStatus("hearing", batteries=batteries)
    assert report_of(heard, HallState.changed).radio == "low_battery"
    assert report_of(replace(heard, state="silent")).radio == "silent"


@pytest.mark.parametrize(
    ("name", "radio", "hearing"),
    [
        ("simulated", RadioStatus("off"), Hearing.simulated),
        ("capture", RadioStatus("replaying"), Hearing.simulated),
        ("bluez", RadioStatus("hearing", liveness=PROVED), Hearing.proved),
        ("bluez", RadioStatus("hearing", trouble="transmitter_lost", liveness=LOST), Hearing.not_proved),
        ("bluez", RadioStatus("silent", trouble="deaf", liveness=LOST), Hearing.deaf),
        ("bluez", RadioStatus("listening", trouble="deaf_from_start"), Hearing.deaf),
        ("bluez", RadioStatus("hearing", trouble="advert_lost", liveness=PROVED), Hearing.proved),
        ("bluez", RadioStatus("no_adapter", liveness=LivenessStatus()), Hearing.deaf),
        ("bluez", RadioStatus(), Hearing.not_proved),
    ],
)
def test_hearing_is_derived_from_the_scanners_status(name: str, radio: RadioStatus, hearing: Hearing) -> None:
    assert classify_hearing(name, radio) is hearing


async def test_a_noticed_word_is_reported_once(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    noticed = {CATALOGUE_OLDER}
    answered: list[int] = []

    async def roll(age_s: int) -> None:
        answered.append(age_s)

    async def build() -> GatewayReport:
        return report_of(RadioStatus("simulated"))

    async def done() -> bool:
        return len(answered) == reports

    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        acceptance = await open_acceptance(database)
        for reports in (1, 2):  # noqa: B007 - read by done()
            loop = ReportLoop(client, acceptance, lambda: Hearing.simulated, build, roll, noticed)
            await run_until(done, loop.run(lambda: None))
    assert central.noticed == [CATALOGUE_OLDER]
    assert not noticed
    assert answered == [5, 5]
