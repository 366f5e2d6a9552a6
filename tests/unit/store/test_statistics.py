"""Statistics wait in memory for their five minutes, and for a disk that refuses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.database import open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.statistics import StatisticsKeeper
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import BeaconStatistics, ClockReading, Parcel

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


async def test_nothing_counted_is_no_parcel(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        keeper = StatisticsKeeper(
            Collector([WALL]),
            Outbox(database),
            advertised=dict,
            read_clock=lambda: CLOCK,
            put_one=lambda: None,
        )
        await keeper.put()
        assert await waiting(Outbox(database)) == []
