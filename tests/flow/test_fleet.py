"""A few gateways over a bad network, on either database. tests/soak/test_fleet.py has three hundred of them."""

import asyncio
import random
from pathlib import Path

from sync_contract.records import Parcel
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.fleet import Fault, Fleet, check, made_by
from tests.unit.central_server.conftest import enrolled

GATEWAYS, PARCELS = 20, 20


async def test_every_parcel_of_twenty_gateways_arrives_once_over_a_bad_network(store_url: str, tmp_path: Path) -> None:
    dice = random.Random(2015)
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank, store=store_url) as one,
        running_central(tmp_path / "central", bank, store=store_url) as other,
    ):
        fleet = Fleet([one.url, other.url], dice)
        sent: dict[str, list[Parcel]] = {}
        syncing = []
        for _ in range(GATEWAYS):
            gateway = await enrolled(one, DeliveringGateway())
            sent[gateway.id] = made_by(gateway, dice, PARCELS)
            syncing.append(fleet.sync(gateway, sent[gateway.id]))
        async with asyncio.timeout(300):
            await asyncio.gather(*syncing)
        async with one.database() as database:
            await check(database, sent)
    assert set(fleet.faults) == set(Fault)
    assert set(fleet.statuses) <= {200, 401}
