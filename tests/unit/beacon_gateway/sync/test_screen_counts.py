"""Counts of the screen, between a gateway and servers that know them, do not know them, and know them no more."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import open_welcome
from beacon_gateway.store.sync_log import last_lines
from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.drain import Drain
from beacon_gateway.sync.report import keep_reporting, report
from sync_contract.gateway_report import CATALOGUE_OLDER, GatewayReport, Hearing
from sync_contract.records import KINDS, Door
from tests.fakes.central import FakeCentral
from tests.unit.beacon_gateway.sync.test_drain import CLOCK, KEY, connected, until

OLD = frozenset(("intent", "statistics"))


async def test_what_is_counted_waits_for_a_server_that_takes_it(tmp_path: Path) -> None:
    """The older server hears of nothing, so its staff read of no refusal; the newer one gets all of it."""
    central = FakeCentral(KEY.public_key(), kinds=OLD)
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        await touched_once(Outbox(database))
        await told_how_it_is(database, client, central)
        await drained(database, client)
        assert central.parcels == {}
        assert await Outbox(database).counts() == {}
        central.kinds = KINDS
        await told_how_it_is(database, client, central)
        await drained(database, client)
        assert [each.body.kind for each in central.parcels.values()] == ["screen"]
        assert [each.n for each in central.parcels.values()] == [1], "no number was used up meanwhile"


async def test_a_server_that_is_older_again_loses_nothing(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        await touched_once(Outbox(database))
        await told_how_it_is(database, client, central)
        central.kinds = OLD
        await drained(database, client)
        for _ in range(3):
            await told_how_it_is(database, client, central)
            await drained(database, client)
        assert [line.event for line in await last_lines(database, 9)] == ["refused"], "once, not for ever"
        central.kinds = KINDS
        await told_how_it_is(database, client, central)
        await drained(database, client)
        assert [each.body.kind for each in central.parcels.values()] == ["screen"]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"state": "hearing", "trouble": None, "asks_a_person": True}, "hearing"),
        ({"state": "hearing", "trouble": "transmitter_lost", "asks_a_person": True}, "transmitter_lost"),
        ({"state": "hearing", "trouble": "transmitter_lost", "asks_a_person": False}, "hearing"),
        ({"state": "silent", "trouble": "deaf", "asks_a_person": True}, "silent"),
        ({"state": "hearing", "trouble": "never_heard", "asks_a_person": True}, "never_heard"),
        ({"state": "No word"}, "unknown"),
    ],
)
def test_what_a_radio_misses_is_told_in_a_field_that_takes_any_word(told: dict[str, object], word: str) -> None:
    """A server of before shows a word that it does not know: `hearing` has only those that it knows."""
    made = report(
        clock=CLOCK,
        epoch="0" * 16,
        uptime_s=1,
        hears=Hearing.not_proved,
        scanner=told,
        adverts={},
        parcels={},
        catalogue_version=0,
    )
    assert made.radio == word
    assert set(Hearing) == {"proved", "not_proved", "deaf", "simulated"}


async def touched_once(outbox: Outbox) -> None:
    use = ScreenUse()
    use.visit((None, None, Door.touch))
    for screen in use.harvest(CLOCK, 300.0):
        await outbox.hold_screen(screen)


async def told_how_it_is(
    database: Database, client: Central, central: FakeCentral, noticed: set[str] | None = None
) -> None:
    """One report and its answer, with all that follows from it."""
    before, outbox = central.requests, Outbox(database)
    answered: list[bool] = []

    async def tell() -> GatewayReport:
        return report(
            clock=CLOCK,
            epoch=await outbox.epoch(),
            uptime_s=1,
            hears=Hearing.simulated,
            scanner={},
            adverts={},
            parcels=await outbox.counts(),
            catalogue_version=0,
        )

    async def let_go() -> None:
        await outbox.let_go(CLOCK)

    async def done() -> bool:
        return central.requests > before and bool(answered)

    await until(
        done,
        keep_reporting(
            client,
            tell,
            lambda: Hearing.simulated,
            await open_welcome(database),
            roll=_nothing,
            screens_taken=let_go,
            progress=lambda: answered.append(True),
            noticed=noticed,
        ),
    )


async def drained(database: Database, client: Central) -> None:
    outbox = Outbox(database)
    await until(_none_waits(outbox), Drain(outbox, client, progress=lambda: None).run())


def _none_waits(outbox: Outbox) -> Callable[[], Awaitable[bool]]:
    async def none() -> bool:
        return (await outbox.counts()).get("waiting", 0) == 0

    return none


async def _nothing(_age_s: int) -> None:
    """No key is rolled here."""


async def test_what_the_gateway_noticed_is_told_once(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    noticed = {CATALOGUE_OLDER}
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        for _ in range(2):
            await told_how_it_is(database, client, central, noticed)
    assert central.noticed == [CATALOGUE_OLDER]
    assert not noticed
