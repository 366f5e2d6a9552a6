"""Statistics wait in memory for five minutes, and longer while the disk refuses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.statistics import StatisticsRecorder
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import BeaconStatistics, ClockReading, Door, Parcel, ScreenStatistics
from sync_contract.wire_record import decode

CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
WALL = Beacon(BeaconId(UUID(int=1), 1, 1), BeaconKind.place, "wall")


async def waiting(database: Database) -> Sequence[Parcel]:
    found = await Outbox(database).waiting(parcels=10, size=100_000)
    return [decode(Parcel, parcel.text) for parcel in found]


def recorder(
    database: Database, collector: Collector, use: ScreenUse, *, on_air_s: float = 0.0, imagined: bool = False
) -> StatisticsRecorder:
    return StatisticsRecorder(
        collector,
        Outbox(database),
        use=use,
        advertised=lambda: {WALL.id: on_air_s} if on_air_s else {},
        read_clock=lambda: CLOCK,
        parcel_put=lambda: None,
        imagined=imagined,
    )


async def test_counts_that_the_disk_refused_are_put_at_the_next_call(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        collector, use = Collector([WALL]), ScreenUse()
        statistics = recorder(database, collector, use, on_air_s=12.0)
        for number in range(3):
            collector.add_frame(Sighting(WALL.id, -60, float(number), -59, "hci0"))
        use.add_visit(("lunch", None, Door.tag))
        await database.read(lambda tables: tables.execute("PRAGMA query_only = ON"))
        with pytest.raises(StoreUnavailable):
            await statistics.put()
        await database.read(lambda tables: tables.execute("PRAGMA query_only = OFF"))
        collector.add_frame(Sighting(WALL.id, -60, 9.0, -59, "hci0"))
        await statistics.put()
        parcels = await waiting(database)
    assert [parcel.n for parcel in parcels] == [1, 2, 3]
    radio = [parcel.body for parcel in parcels if isinstance(parcel.body, BeaconStatistics)]
    assert [body.places[0].frames for body in radio] == [3, 1]
    assert sum(row.seconds for body in radio for row in body.advertised) == 12.0
    screen = [parcel.body for parcel in parcels if isinstance(parcel.body, ScreenStatistics)]
    assert [(each.project, each.visits) for body in screen for each in body.counts] == [("lunch", 1)]


async def test_the_first_screen_record_has_no_counts_and_a_quiet_radio_has_no_record(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        statistics = recorder(database, Collector([WALL]), ScreenUse())
        for _ in range(2):
            await statistics.put()
        (parcel,) = await waiting(database)
    assert isinstance(parcel.body, ScreenStatistics)
    assert parcel.body.counts == ()


async def test_a_simulated_radio_is_not_recorded_but_touches_are(tmp_path: Path) -> None:
    collector, use = Collector([WALL]), ScreenUse()
    async with open_database(tmp_path / "g.db") as database:
        collector.add_frame(Sighting(WALL.id, -60, 1.0, -59, "simulated"))
        use.add_visit((None, None, Door.touch))
        await recorder(database, collector, use, on_air_s=12.0, imagined=True).put()
        assert [parcel.body.kind for parcel in await waiting(database)] == ["screen"]
