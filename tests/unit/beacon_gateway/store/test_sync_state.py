"""The sync state that staff on site read, from a real store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from beacon_gateway.clock import read_clock
from beacon_gateway.store.database import open_database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import open_acceptance
from beacon_gateway.store.sync_state import sync_state
from sync_contract.records import BeaconStatistics, ParcelReceipt, Receipt

URL = "https://give.example.org"


async def test_the_state_follows_the_servers_answers(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        outbox = Outbox(database)
        fresh = await sync_state(database, "")
        assert (fresh.parcels["waiting"], fresh.delivered_at, fresh.reachable, fresh.lines) == (0, None, None, ())
        now = datetime.now(UTC)
        figures = BeaconStatistics(
            start=read_clock(), seconds=300, foreign_frames=0, places=(), classes=(), advertised=()
        )
        await outbox.put_statistics(read_clock(), [figures] * 3)
        await outbox.log_event("unreachable", "no_answer")
        lost = await sync_state(database, URL)
        assert (lost.central, lost.parcels["waiting"], lost.reachable) == (URL, 3, False)
        assert [(line.event, line.detail) for line in lost.lines] == [("unreachable", "no_answer")]
        sent = await outbox.waiting(parcels=10, size=10**6)
        await outbox.settle(sent, [ParcelReceipt(id=sent[0].id, receipt=Receipt.accepted)])
        await outbox.settle(sent, [ParcelReceipt(id=sent[1].id, receipt=Receipt.refused, reason="unknown_kind")])
        back = await sync_state(database, URL)
        assert back.reachable, "a delivery proves reachability without a log line"
        assert back.parcels == {"waiting": 1, "refused": 1, "damaged": 0}
        assert [line.event for line in back.lines] == ["refused", "accepted", "unreachable"]
        assert back.delivered_at is not None
        assert timedelta() <= now - back.delivered_at + timedelta(seconds=1) < timedelta(minutes=1)
        await (await open_acceptance(database)).record("key_revoked")
        assert (await sync_state(database, URL)).barred == "key_revoked"
