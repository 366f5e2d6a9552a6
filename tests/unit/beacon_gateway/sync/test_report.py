"""What a gateway reports about itself."""

from pathlib import Path

import pytest

from beacon_gateway.store.database import open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import open_acceptance
from beacon_gateway.sync.report import ReportLoop, build_report, classify_hearing
from sync_contract.gateway_report import CATALOGUE_OLDER, GatewayReport, Hearing
from tests.fakes.central import FakeCentral
from tests.unit.beacon_gateway.sync.test_drain import CLOCK, KEY, connected, run_until


def report_of(scanner: dict[str, object]) -> GatewayReport:
    return build_report(
        clock=CLOCK,
        epoch="0" * 16,
        uptime_s=1,
        hearing=Hearing.simulated,
        scanner=scanner,
        adverts={},
        parcels={},
        catalogue_version=0,
    )


@pytest.mark.parametrize(
    ("scanner", "word"),
    [
        ({"state": "hearing", "trouble": None, "asks_a_person": True}, "hearing"),
        ({"state": "hearing", "trouble": "transmitter_lost", "asks_a_person": True}, "transmitter_lost"),
        ({"state": "hearing", "trouble": "transmitter_lost", "asks_a_person": False}, "hearing"),
        ({"state": "silent", "trouble": "deaf", "asks_a_person": True}, "silent"),
        ({"state": "No word"}, "unknown"),
    ],
)
def test_the_report_shows_trouble_once_staff_are_needed(scanner: dict[str, object], word: str) -> None:
    assert report_of(scanner).radio == word


@pytest.mark.parametrize(
    ("name", "scanner", "hearing"),
    [
        ("simulated", {"state": "off"}, Hearing.simulated),
        ("capture", {"state": "replaying"}, Hearing.simulated),
        ("bluez", {"state": "hearing", "liveness": {"proof": "proved"}}, Hearing.proved),
        (
            "bluez",
            {"state": "hearing", "trouble": "transmitter_lost", "liveness": {"proof": "lost"}},
            Hearing.not_proved,
        ),
        ("bluez", {"state": "silent", "trouble": "deaf", "liveness": {"proof": "lost"}}, Hearing.deaf),
        ("bluez", {"state": "listening", "trouble": "deaf_from_start"}, Hearing.deaf),
        ("bluez", {"state": "hearing", "trouble": "advert_lost", "liveness": {"proof": "proved"}}, Hearing.proved),
        ("bluez", {"state": "no_adapter", "liveness": {"proof": "not_proved"}}, Hearing.deaf),
        ("bluez", {}, Hearing.not_proved),
    ],
)
def test_hearing_is_derived_from_the_scanners_description(
    name: str, scanner: dict[str, object], hearing: Hearing
) -> None:
    assert classify_hearing(name, scanner) is hearing


async def test_a_noticed_word_is_reported_once(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    noticed = {CATALOGUE_OLDER}
    answered: list[int] = []

    async def roll(age_s: int) -> None:
        answered.append(age_s)

    async def build() -> GatewayReport:
        return report_of({"epoch": await Outbox(database).epoch()})

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
