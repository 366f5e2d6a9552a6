"""Statistics wait in memory for their five minutes, and for a disk that refuses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.database import open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.statistics import StatisticsKeeper
from beacon_gateway.store.sync_log import last_lines
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import BeaconStatistics, ClockReading, Door, Parcel, ParcelReceipt, Receipt, ScreenStatistics

CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
WALL = Beacon(BeaconId(UUID(int=1), 1, 1), BeaconKind.place, "wall")


async def waiting(outbox: Outbox) -> Sequence[Parcel]:
    return [Parcel.model_validate_json(w.text) for w in await outbox.waiting(parcels=10, octets=100_000)]


async def test_what_could_not_be_put_is_put_the_next_time(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        outbox, collector = Outbox(database), Collector([WALL])
        keeper = StatisticsKeeper(
            collector,
            outbox,
            use=ScreenUse(),
            advertised=lambda: {WALL.id: 12.0},
            read_clock=lambda: CLOCK,
            put_one=lambda: None,
        )
        for number in range(3):
            collector.heard(Sighting(WALL.id, -60, float(number), -59, "hci0"))
        await database.rows("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable):
            await keeper.put()
        await database.rows("PRAGMA query_only = OFF")
        collector.heard(Sighting(WALL.id, -60, 9.0, -59, "hci0"))
        await keeper.put()
        bodies = [parcel.body for parcel in await waiting(outbox)]
        assert all(isinstance(body, BeaconStatistics) for body in bodies)
        frames = [body.places[0].frames for body in bodies if isinstance(body, BeaconStatistics)]
        assert frames == [3, 1]
        seconds = sum(row.seconds for body in bodies if isinstance(body, BeaconStatistics) for row in body.advertised)
        assert seconds == 12.0


async def test_counts_of_the_screen_wait_for_a_server_that_takes_them_and_outlive_the_program(tmp_path: Path) -> None:
    """They have no number until then: an older server would see a gap."""
    use = ScreenUse()
    async with open_database(tmp_path / "g.db") as database:
        keeper = StatisticsKeeper(
            Collector([WALL]),
            Outbox(database),
            use=use,
            advertised=dict,
            read_clock=lambda: CLOCK,
            put_one=lambda: None,
        )
        await keeper.put()
        use.visit(("lunch", None, Door.tag))
        await database.rows("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable):
            await keeper.put()
        await database.rows("PRAGMA query_only = OFF")
        await keeper.put()
        await Outbox(database).put_statistics(CLOCK, quiet())
        assert [parcel.n for parcel in await waiting(Outbox(database))] == [1]
    async with open_database(tmp_path / "g.db") as database:
        outbox = Outbox(database)
        assert await outbox.let_go(CLOCK) == 2
        assert await outbox.let_go(CLOCK) == 0
        parcels = await waiting(outbox)
        assert [parcel.n for parcel in parcels] == [1, 2, 3]
        first, second = (parcel.body for parcel in parcels[1:])
        assert isinstance(first, ScreenStatistics)
        assert isinstance(second, ScreenStatistics)
        assert first.counts == ()
        assert [(each.project, each.visits) for each in second.counts] == [("lunch", 1)]


async def test_what_an_older_server_does_not_know_is_held_again_and_nothing_else_is(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        outbox, use = Outbox(database), ScreenUse()
        for _ in range(2):
            use.visit((None, None, Door.touch))
            for screen in use.harvest(CLOCK, 300.0):
                await outbox.hold_screen(screen)
        await outbox.let_go(CLOCK)
        unknown, malformed = await waiting(outbox)
        await outbox.settle(
            [
                ParcelReceipt(id=unknown.id, receipt=Receipt.refused, reason="unknown_kind"),
                ParcelReceipt(id=malformed.id, receipt=Receipt.refused, reason="invalid: body"),
            ]
        )
        assert await waiting(outbox) == []
        assert await outbox.let_go(CLOCK) == 1
        (again,) = await waiting(outbox)
        assert again.body == unknown.body
        assert again.id != unknown.id


async def test_a_damaged_count_is_noted_and_the_others_go(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        outbox, use = Outbox(database), ScreenUse()
        for _ in range(2):
            use.visit((None, None, Door.touch))
            (screen,) = use.harvest(CLOCK, 300.0)
            await outbox.hold_screen(screen)
        async with database.transaction() as connection:
            await connection.execute("UPDATE held SET body = replace(body, '300', '301') WHERE line = 1")
        assert await outbox.let_go(CLOCK) == 1
        (line,) = await last_lines(database, 9)
        assert (line.event, line.kind) == ("damaged", "screen")


def quiet() -> BeaconStatistics:
    return BeaconStatistics(start=CLOCK, seconds=300, foreign_frames=1, places=(), classes=(), advertised=())


async def test_nothing_counted_is_no_parcel(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        keeper = StatisticsKeeper(
            Collector([WALL]),
            Outbox(database),
            use=ScreenUse(),
            advertised=dict,
            read_clock=lambda: CLOCK,
            put_one=lambda: None,
        )
        await keeper.put()
        assert await waiting(Outbox(database)) == []


async def test_of_an_imagined_radio_nothing_is_told_as_a_figure_but_touches_are(tmp_path: Path) -> None:
    use = ScreenUse()
    async with open_database(tmp_path / "g.db") as database:
        outbox, collector = Outbox(database), Collector([WALL])
        keeper = StatisticsKeeper(
            collector,
            outbox,
            use=use,
            advertised=lambda: {WALL.id: 12.0},
            read_clock=lambda: CLOCK,
            put_one=lambda: None,
            imagined=True,
        )
        collector.heard(Sighting(WALL.id, -60, 1.0, -59, "simulated"))
        use.visit((None, None, Door.touch))
        await keeper.put()
        assert await waiting(outbox) == []
        assert await outbox.let_go(CLOCK) == 1
        assert [parcel.body.kind for parcel in await waiting(outbox)] == ["screen"]
