"""The intake stores each parcel exactly once, under all faults of its delivery."""

import asyncio
import gzip
import json
import resource
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from central_server.store.engine.tables import intents as intents_table
from central_server.store.engine.tables import parcels as parcels_table
from central_server.store.parcels import parcels, sync_log
from central_server.store.parcels.log_queries import LogFilter
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import MAX_BATCH_BYTES, ParcelReceipts, PlaceBeaconStatistics, Receipt
from sync_contract.request_signature import Signer, content_digest
from sync_contract.wire_record import decode
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.unit.central_server.conftest import enrolled


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    fresh = aiohttp.TCPConnector(force_close=True)  # the server closes connections that are idle for long
    async with aiohttp.ClientSession(connector=fresh, timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield session


@pytest.fixture
async def central(tmp_path: Path, store_url: str) -> AsyncIterator[RunningCentral]:
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank, store=store_url) as central,
    ):
        yield central


@pytest.fixture
async def gateway(central: RunningCentral, session: aiohttp.ClientSession) -> DeliveringGateway:
    return await enrolled(central, DeliveringGateway(session, central.url))


async def count_parcels(central: RunningCentral) -> int:
    async with central.database() as database, database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(parcels_table))).scalar() or 0


async def test_twenty_concurrent_copies_of_a_batch_are_stored_once(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    batch = [gateway.intent() if number % 2 else gateway.statistics() for number in range(40)]
    answers = await asyncio.gather(*(gateway.deliver(batch) for _ in range(20)))
    results = Counter((receipt.id, receipt.receipt) for receipts in answers for receipt in receipts)
    assert results == {(parcel.id, Receipt.accepted): 1 for parcel in batch} | {
        (parcel.id, Receipt.duplicate): 19 for parcel in batch
    }
    assert await count_parcels(central) == 40
    async with central.database() as database, database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(intents_table))).scalar() == 20
        assert await parcels.gaps(connection, (TOP,)) == ()


async def test_the_same_id_with_other_content_is_a_conflict_and_both_are_stored(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    first = gateway.intent()
    second = replace(first, body=replace(first.body, amount_minor=1000))
    await gateway.deliver([first])
    receipts = await gateway.deliver([second, gateway.statistics()])
    assert [(receipt.receipt, receipt.reason) for receipt in receipts] == [
        (Receipt.conflict, "other_content"),
        (Receipt.accepted, ""),
    ]
    assert [receipt.receipt for receipt in await gateway.deliver([first])] == [Receipt.duplicate]
    async with central.database() as database, database.read() as connection:
        lines = await sync_log.of_parcel(connection, gateway.id, first.id)
    amounts = {line.result: json.loads(line.content or "")["body"]["amount_minor"] for line in lines}
    assert amounts == {Receipt.accepted: 5000, Receipt.duplicate: 5000, Receipt.conflict: 1000}


async def test_one_id_twice_in_a_batch_has_two_receipts(central: RunningCentral, gateway: DeliveringGateway) -> None:
    first = gateway.intent()
    other = replace(first, n=99)
    receipts = await gateway.deliver([first, first, first, other])
    assert [receipt.receipt for receipt in receipts] == [
        Receipt.accepted,
        Receipt.duplicate,
        Receipt.duplicate,
        Receipt.conflict,
    ]
    await gateway.deliver([first, first])
    async with central.database() as database, database.read() as connection:
        lines = await sync_log.of_parcel(connection, gateway.id, first.id)
    assert {line.result: line.times for line in lines} == {
        Receipt.accepted: 1,
        Receipt.duplicate: 4,
        Receipt.conflict: 1,
    }


async def test_two_gateways_may_use_one_id(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    neighbour = await enrolled(central, DeliveringGateway(session, central.url))
    parcel = gateway.intent()
    for sender in (gateway, neighbour):
        assert [receipt.receipt for receipt in await sender.deliver([parcel])] == [Receipt.accepted]


async def test_a_bad_parcel_never_blocks_the_others(central: RunningCentral, gateway: DeliveringGateway) -> None:
    def broken(**changes: object) -> dict[str, object]:
        return as_json(gateway.intent()) | changes

    deep: object = []
    for _ in range(200):
        deep = [deep]
    intent = as_json(gateway.intent())["body"]
    bad: list[tuple[object, str]] = [
        (broken(body={"kind": "poem"}), "invalid: body.kind"),
        (broken(body={}), "invalid: body"),
        (broken(n=0), "invalid: n"),
        (broken(n="1"), "invalid: n"),
        (broken(n=1.5), "invalid: n"),
        (broken(more=1), "invalid: parcel"),
        (broken(epoch="x"), "invalid: epoch"),
        (broken(clock=None), "invalid: clock"),
        (broken(body=intent | {"amount_minor": -1}), "invalid: body.amount_minor"),
        (broken(body=intent | {"currency": "USD"}), "invalid: body.currency"),
        (broken(body=intent | {"environment": "real"}), "other_environment"),
        (broken(body=deep), "invalid: body"),
        (broken(n=10**400), "invalid: n"),
        (broken(**{"more\0": 1}), "invalid: parcel"),
        (broken(**{"長" * 400: 1}), "invalid: parcel"),
    ]
    good = [gateway.intent() for _ in range(len(bad))]
    mixed = [entry for pair in zip((item for item, _ in bad), map(as_json, good), strict=True) for entry in pair]
    status, answer = await gateway.post_batch({"contract": 1, "parcels": [*mixed, None, 7, {}, {"id": "x"}]})
    assert status == 200
    receipts = decode(ParcelReceipts, answer).receipts
    named, nameless = receipts[:-4], receipts[-4:]
    assert [receipt.receipt for receipt in named] == [Receipt.refused, Receipt.accepted] * len(bad)
    for (_, reason), receipt in zip(bad, named[::2], strict=True):
        assert receipt.reason == reason
    for position, receipt in enumerate(nameless, len(mixed)):
        assert receipt.reason.startswith(f"parcels.{position}: invalid: "), receipt
    assert await count_parcels(central) == len(good)
    async with central.database() as database, database.read() as connection:
        refused = await sync_log.page(connection, LogFilter(result=Receipt.refused))
    assert len(refused) == len(bad) + 4


async def test_counts_that_do_not_add_up_are_refused(gateway: DeliveringGateway) -> None:
    sound = PlaceBeaconStatistics(
        beacon=BeaconId(UUID(int=1), 1, 2),
        frames=3,
        frames_without_rssi=1,
        frames_suspect=0,
        expected_frames=4,
        heard_of_expected=3,
        longest_gap_ms=900,
        gap_histogram=(0, 1, 1) + (0,) * 6,
        rssi_min=-70,
        rssi_max=-60,
        rssi_sum=-130,
        rssi_histogram=(0,) * 7 + (1, 0, 1) + (0,) * 6,
    )
    report = gateway.statistics()

    def with_place(**changes: object) -> object:
        place = replace(sound, **changes)
        body = replace(report.body, places=(place,))
        return replace(gateway.statistics(), body=body)

    batch = [
        with_place(),
        with_place(frames=4),
        with_place(rssi_sum=-10),
        with_place(rssi_min=None),
        with_place(frames_without_rssi=4),
        with_place(gap_histogram=(4,) + (0,) * 8),
        with_place(gap_histogram=(0, 1) + (0,) * 7),
        with_place(frames_suspect=4),
        with_place(heard_of_expected=4),
        with_place(expected_frames=0),
        replace(gateway.statistics(), body=replace(report.body, places=(sound, sound))),
    ]
    status, answer = await gateway.post_batch({"contract": 1, "parcels": [as_json(item) for item in batch]})  # type: ignore[arg-type]  # parcels all
    assert status == 200
    receipts = decode(ParcelReceipts, answer).receipts
    assert [receipt.receipt for receipt in receipts] == [Receipt.accepted] + [Receipt.refused] * 10


async def test_of_a_repeated_key_the_last_value_counts(central: RunningCentral, gateway: DeliveringGateway) -> None:
    parcel = gateway.intent()
    twice = json.dumps(as_json(parcel)).replace('"n": 1', '"n": 7, "n": 1')
    body = f'{{"contract": 1, "parcels": [{twice}]}}'.encode()
    for receipt in (Receipt.accepted, Receipt.duplicate):
        status, answer = await gateway.post("/api/v1/parcels", body, {"Content-Type": "application/json"})
        assert (status, [each.receipt for each in decode(ParcelReceipts, answer).receipts]) == (200, [receipt])
    assert [each.receipt for each in await gateway.deliver([parcel])] == [Receipt.duplicate]


@pytest.mark.parametrize(
    ("batch", "status"),
    [
        ([], 400),
        ({}, 400),
        ({"contract": 2, "parcels": []}, 400),
        ({"contract": True, "parcels": []}, 400),
        ({"contract": 1, "parcels": {}}, 400),
        ({"contract": 1, "parcels": [], "more": 1}, 400),
        ({"contract": 1, "parcels": [0] * 1001}, 413),
        ({"contract": 1, "parcels": []}, 200),
    ],
)
async def test_an_invalid_batch_is_refused_completely(gateway: DeliveringGateway, batch: object, status: int) -> None:
    found, body = await gateway.post_batch(batch)
    assert found == status
    if status != 200:
        assert json.loads(body)["status"] == status


def packed_spaces(*, megabytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(b" " * 1024 * 1024) for _ in range(megabytes)) + packer.flush()


async def test_a_faulty_request_is_answered_and_changes_nothing(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    good = json.dumps({"contract": 1, "parcels": [as_json(gateway.intent())]}).encode()
    bomb = packed_spaces(megabytes=200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    json_type, zipped = {"Content-Type": "application/json"}, {"Content-Encoding": "gzip"}
    assert len(bomb) < MAX_BATCH_BYTES
    for headers, body, status in (
        (json_type | zipped, bomb, 413),
        (json_type | zipped, gzip.compress(good)[:-9], 400),
        (json_type | zipped, gzip.compress(good) + b"more", 400),
        (json_type | zipped, good, 400),
        (json_type | {"Content-Encoding": "deflate"}, zlib.compress(good), 415),
        ({"Content-Type": "text/plain"}, good, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, good, 415),
        (json_type, good + b" " * MAX_BATCH_BYTES, 413),
        (json_type, b"\xff" + good, 400),
        (json_type, b"[" * 100_000, 400),
        (json_type, good[:-1], 400),
        (json_type, good.replace(b'"n": 1', b'"n": 1' + b"0" * 5000), 200),
    ):
        found, _ = await gateway.post("/api/v1/parcels", body, headers)
        assert found == status, (headers, body[:40])
    assert await count_parcels(central) == 0
    async with central.database() as database, database.read() as connection:
        lines = await sync_log.page(connection, LogFilter(gateway=gateway.id, kind="unknown"))
    assert {(line.reason.split(":")[0], line.result) for line in lines} == {
        ("unreadable", Receipt.refused),
        ("invalid", Receipt.refused),
    }
    assert sum(line.times for line in lines) == 8
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


async def test_only_a_registered_key_is_accepted(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    stranger = DeliveringGateway(session, central.url)
    impostor = DeliveringGateway(session, central.url)
    impostor.id = gateway.id
    for sender in (stranger, impostor):
        status, body = await sender.post_batch({"contract": 1, "parcels": [as_json(gateway.intent())]})
        assert status == 401
        assert json.loads(body)["title"] == "Unauthorized"
    async with session.post(f"{central.url}/api/v1/parcels", json={"contract": 1, "parcels": []}) as unsigned:
        assert unsigned.status == 401
    asked, sent = (
        b'{"contract":1,"parcels":[]}',
        json.dumps({"contract": 1, "parcels": [as_json(gateway.intent())]}).encode(),
    )
    borrowed = Signer(gateway.id, gateway.key).headers("POST", gateway.authority, "/api/v1/parcels", "", asked, 0)
    headers = borrowed | {"Content-Digest": content_digest(sent), "Content-Type": "application/json"}
    async with session.post(f"{central.url}/api/v1/parcels", data=sent, headers=headers) as replaced:
        assert replaced.status == 401
    assert await count_parcels(central) == 0


async def test_a_missing_number_is_a_gap_until_it_arrives(central: RunningCentral, gateway: DeliveringGateway) -> None:
    first, second, third = (gateway.statistics() for _ in range(3))
    await gateway.deliver([third])
    async with central.database() as database:
        async with database.read() as connection:
            gaps = await parcels.gaps(connection, (TOP,))
        assert [(gap.highest, gap.stored) for gap in gaps] == [(3, 1)]
        await gateway.deliver([first, third])
        await gateway.deliver([second])
        async with database.read() as connection:
            assert await parcels.gaps(connection, (TOP,)) == ()


async def test_a_restart_keeps_everything(tmp_path: Path, session: aiohttp.ClientSession, store_url: str) -> None:
    async with running_bank(tmp_path / "bank") as bank:
        async with running_central(tmp_path / "central", bank, store=store_url) as central:
            gateway = await enrolled(central, DeliveringGateway(session, central.url))
            batch = [gateway.intent(), gateway.statistics()]
            await gateway.deliver(batch)
        async with running_central(tmp_path / "central", bank, store=store_url) as central:
            gateway.url = central.url
            again = await gateway.deliver([*batch, gateway.intent()])
    assert [receipt.receipt for receipt in again] == [Receipt.duplicate, Receipt.duplicate, Receipt.accepted]
