"""300 gateways over a faulty network, with hostile clients, against real servers on both databases.

SOAK_GATEWAYS (default 300) and SOAK_PARCELS (per gateway, default 20) set the load.
"""

import asyncio
import gzip
import json
import os
import random
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from central_server.store.engine.database import Database, open_database
from central_server.store.engine.tables import arrivals, leases
from daemonkit.programs import Program
from sync_contract.records import Parcel, ParcelReceipts, Receipt
from sync_contract.wire_record import decode
from tests.fakes.central_program import open_house
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.enrolling_device import EnrollingDevice, invited
from tests.fakes.fleet import Fault, Fleet, check, made_by
from tests.postgres import Postgres

GATEWAYS = int(os.environ.get("SOAK_GATEWAYS", "300"))
PARCELS = int(os.environ.get("SOAK_PARCELS", "20"))
MEGABYTE = 1024 * 1024
LEASE = timedelta(seconds=31)
JSON = {"Content-Type": "application/json"}
ZIPPED = JSON | {"Content-Encoding": "gzip"}


def resident(program: Program) -> int:
    """Return the resident memory in bytes."""
    status = Path(f"/proc/{program.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(200)) + packer.flush()


class Pests:
    """Hostile clients: they send invalid requests and count the statuses."""

    def __init__(self, session: aiohttp.ClientSession, good: DeliveringGateway, dice: random.Random) -> None:
        self.session = session
        self.good = good
        self.dice = dice
        self.bomb = bomb()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.accepted: list[Parcel] = []
        self.old: tuple[str, bytes, dict[str, str]] | None = None
        self.enough = False

    async def trouble(self, urls: list[str]) -> None:
        """Run until `enough`."""
        turns = [self.huge, self.bombed, self.stranger, self.impostor, self.half_good, self.replay]
        while not (self.enough and self.accepted):
            for turn in turns:
                self.good.url = self.dice.choice(urls)
                try:
                    self.statuses[turn.__name__, await turn()] += 1
                except aiohttp.ClientError:  # the server refused and closed before the end of the request
                    self.statuses[turn.__name__, 0] += 1
            await asyncio.sleep(0.05)

    async def huge(self) -> int:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(200):
                yield bytes(MEGABYTE)

        async with self.session.post(f"{self.good.url}/api/v1/parcels", data=endless(), headers=JSON) as answer:
            return answer.status

    async def bombed(self) -> int:
        return (await self.good.post("/api/v1/parcels", self.bomb, ZIPPED))[0]

    async def stranger(self) -> int:
        other = DeliveringGateway(self.session, self.good.url)
        return (await other.post_batch({"contract": 1, "parcels": [as_json(other.intent())]}))[0]

    async def impostor(self) -> int:
        other = DeliveringGateway(self.session, self.good.url)
        other.id = self.good.id
        return (await other.post_batch({"contract": 1, "parcels": [as_json(other.intent())]}))[0]

    async def half_good(self) -> int:
        good, bad = self.good.intent(), as_json(self.good.intent())
        self.good.n -= 1
        self.accepted.append(good)
        status, body = await self.good.post_batch({"contract": 1, "parcels": [as_json(good), bad | {"n": 0}, 7]})
        assert [each.receipt for each in decode(ParcelReceipts, body).receipts] == [
            Receipt.accepted,
            Receipt.refused,
            Receipt.refused,
        ]
        return status

    async def replay(self) -> int:
        if self.old is None:
            parcel = self.good.intent()
            self.accepted.append(parcel)
            body = gzip.compress(json.dumps({"contract": 1, "parcels": [as_json(parcel)]}).encode())
            self.old = self.good.url, body, self.good.signed_post("/api/v1/parcels", body)
        url, body, headers = self.old  # signed for this address
        async with self.session.post(f"{url}/api/v1/parcels", data=body, headers=headers | ZIPPED) as answer:
            return answer.status


async def soak(folder: Path, store: str, servers: int) -> None:
    dice = random.Random(2015)
    async with AsyncExitStack() as edges:
        house = await edges.enter_async_context(open_house(folder, store))
        running = [await edges.enter_async_context(house.running()) for _ in range(servers)]
        session = await edges.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        )
        database = await edges.enter_async_context(open_database(house.store))
        fleet = Fleet([server.url for server in running], dice)
        sent: dict[str, list[Parcel]] = {}
        syncing = []
        for _ in range(GATEWAYS):
            gateway = await enrolled(database, EnrollingDevice(session, dice.choice(fleet.urls)))
            sent[gateway.id] = made_by(gateway, dice, PARCELS)
            syncing.append((gateway, sent[gateway.id]))
        pests = Pests(session, await enrolled(database, EnrollingDevice(session, fleet.urls[0])), dice)
        for _ in range(min(20, GATEWAYS // 4)):  # load everything before measuring
            await fleet.sync(*syncing.pop())
        before = [resident(server) for server in running]
        troubling = asyncio.create_task(pests.trouble(fleet.urls))
        async with asyncio.timeout(900):
            await asyncio.gather(*(fleet.sync(*each) for each in syncing))
        pests.enough = True
        await troubling
        grown = [after - first for after, first in zip(map(resident, running), before, strict=True)]
        sent[pests.good.id] = pests.accepted
        await check(database, sent)
        async with database.read() as connection:
            refused = select(func.count()).where(arrivals.c.result == Receipt.refused.value)
            assert ((await connection.execute(refused)).scalar() or 0) >= 2
        if servers > 1:
            await survive_a_kill(database, running, fleet, session)
    print(f"\n{fleet.faults}\n{fleet.statuses}\n{fleet.receipts}\n{pests.statuses}\ngrown {grown}")
    assert set(fleet.faults) == set(Fault)
    assert set(fleet.statuses) <= {200, 401}
    assert {status for _, status in pests.statuses} <= {0, 200, 401, 413}
    assert {name for name, status in pests.statuses if status == 200} == {"half_good", "replay"}
    assert max(grown) < 50 * MEGABYTE, grown
    for number in range(1, servers + 1):
        assert "Traceback" not in house.log(number).read_text(encoding="utf-8")


async def survive_a_kill(
    database: Database, running: list[Program], fleet: Fleet, session: aiohttp.ClientSession
) -> None:
    """After a kill, the other process takes over all leases."""
    running[0].kill()
    await running[0].exited()
    killed_at = datetime.now(UTC)
    fleet.urls = [running[1].url]
    late = await enrolled(database, EnrollingDevice(session, running[1].url))
    await fleet.sync(late, [late.intent() for _ in range(5)])
    async with asyncio.timeout(60):
        while True:
            async with database.read() as connection:
                current = (await connection.execute(select(leases.c.until))).scalars().all()
            now = datetime.now(UTC)
            # After the time of a lease, current leases belong to the surviving process.
            if now - killed_at > LEASE and current and min(current) > now:
                return
            await asyncio.sleep(0.5)


async def enrolled(database: Database, device: EnrollingDevice) -> EnrollingDevice:
    """Enrol a device with a code of staff."""
    gateway, code = await invited(database, label="hall")
    status, answer = await device.enrol(code)
    assert (status, answer["gateway"]) == (200, gateway.id), answer
    assert (await device.enrol(code))[0] in (200, 404, 409), "a repeated request enrols no other gateway"
    assert device.id == gateway.id
    return device


async def test_three_hundred_gateways_and_pests_on_sqlite(tmp_path: Path) -> None:
    await soak(tmp_path, "", 1)


async def test_three_hundred_gateways_and_pests_on_two_servers_and_postgresql(
    postgres: Postgres, tmp_path: Path
) -> None:
    async with postgres.database() as url:
        await soak(tmp_path, url, 2)
