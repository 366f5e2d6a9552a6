"""Gateways store and cosign published heads; they refuse contradictory ones, store the evidence, and report it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from beacon_gateway.store.database import open_database
from beacon_gateway.store.ledger_heads import LedgerHeads
from beacon_gateway.sync.central_client import CentralClient, open_central
from beacon_gateway.sync.ledger_witness import LedgerWitness
from central_server.state_files import catalogue_key
from central_server.store.engine.tables import gateways as table
from central_server.store.enrolment import gateways
from central_server.store.ledger import cosignatures
from central_server.store.places.places import plant_community
from sync_contract.keys import key_id, public_text
from sync_contract.ledger_heads import (
    Chain,
    Contradiction,
    Cosigned,
    CosignedTaken,
    Head,
    Heads,
    SignedHead,
    cosigned_by,
    sign_head,
)
from sync_contract.merkle_sum_tree import Sums
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.ledger.test_transparency_pages import published
from tests.unit.central_server.staff.test_staff import logged_in

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


class Lying(CentralClient):
    """The real server with answers that `change` manipulates."""

    change: Callable[[Heads], Heads]

    async def fetch_heads(self, known: Mapping[str, int]) -> Heads:
        return self.change(await super().fetch_heads(known))


@dataclass
class Device:
    """The witness part of a gateway."""

    gateway: DeliveringGateway
    keeper: LedgerHeads
    witness: LedgerWitness

    async def witness_all(self) -> None:
        while await self.witness.pull_once():
            pass

    async def refused(self) -> bool:
        facts = await self.keeper.board(Environment.drill, SINCE)
        return facts is not None and facts.refused


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as edges:
        yield edges


@pytest.fixture
async def devices(
    central: RunningCentral, session: aiohttp.ClientSession, tmp_path: Path, opened: AsyncExitStack
) -> list[Device]:
    return [await _new_device(central, session, tmp_path, opened, name) for name in ("one", "two")]


async def _new_device(
    central: RunningCentral, session: aiohttp.ClientSession, tmp_path: Path, opened: AsyncExitStack, name: str
) -> Device:
    gateway = await enrolled(central, DeliveringGateway(session, central.url))
    database = await opened.enter_async_context(open_database(tmp_path / f"gateway-{name}.db"))
    return await device(central, gateway, LedgerHeads(database), opened)


async def device(
    central: RunningCentral, gateway: DeliveringGateway, keeper: LedgerHeads, opened: AsyncExitStack
) -> Device:
    client = await opened.enter_async_context(open_central(central.url, lambda: Signer(gateway.id, gateway.key)))
    pinned = catalogue_key(central.state).public_key()
    return Device(
        gateway,
        keeper,
        LedgerWitness(client, pinned, keeper, lambda: Signer(gateway.id, gateway.key), Environment.drill, 30.0),
    )


async def chain(central: RunningCentral, session: aiohttp.ClientSession) -> Chain:
    async with session.get(f"{central.url}/api/v1/transparency/huada/lunch") as answer:
        return Chain.model_validate_json(await answer.read())


async def test_several_gateways_store_and_cosign_consistent_heads(
    central: RunningCentral, session: aiohttp.ClientSession, devices: list[Device], donor: Donor
) -> None:
    await published(central, *[1000] * 5)
    for each in devices:
        await each.witness_all()
    await published(central, *[2000] * 5)
    await devices[0].witness_all()
    first, second = (await chain(central, session)).heads
    assert {one.gateway for one in first.cosignatures} == {each.gateway.id for each in devices}
    assert [one.gateway for one in second.cosignatures] == [devices[0].gateway.id]
    for head in (first, second):
        for one in head.cosignatures:
            device = next(each for each in devices if each.gateway.id == one.gateway)
            assert one.public == device.gateway.public
            assert cosigned_by(head.digest, one.signature, device.gateway.key.public_key())
    facts = await devices[0].keeper.board(Environment.drill, SINCE)
    assert facts is not None
    assert facts.chains["lunch"].last.total == Sums(gifts=10, received=15_000)
    assert [head.step for head in facts.chains["lunch"].recent] == [1, 2]
    await devices[0].witness_all()
    facts = await devices[0].keeper.board(Environment.drill, SINCE)
    assert facts is not None
    assert {project: each.cosigned for project, each in facts.statuses.items()} == {"lunch": 1}
    assert "Checked and signed by one hall screen." in (await donor.open(f"{central.url}/board")).text()


async def test_a_rolled_key_signs_new_heads_and_old_signatures_stay(
    central: RunningCentral, session: aiohttp.ClientSession, devices: list[Device]
) -> None:
    one = devices[0]
    await published(central, *[1000] * 5)
    await one.witness_all()
    old = one.gateway.public
    one.gateway.key = Ed25519PrivateKey.generate()
    one.gateway.public = public_text(one.gateway.key.public_key())
    async with central.database() as database, database.write() as connection:
        new = key_id(one.gateway.key.public_key())
        assert await gateways.add_key(connection, one.gateway.id, new, one.gateway.public, datetime.now(UTC))
        await gateways.revoke_keys(connection, one.gateway.id, datetime.now(UTC), "rolled", but=new)
    await published(central, *[1000] * 5)
    await one.witness_all()
    first, second = (await chain(central, session)).heads
    assert [each.public for each in first.cosignatures] == [old]
    assert [each.public for each in second.cosignatures] == [one.gateway.public]


def changed(heads: Heads, key: Ed25519PrivateKey, **update: object) -> Heads:
    """The first head says something else, and is signed all the same."""
    head = Head.model_validate_json(heads.heads[0].payload).model_copy(update=update)
    return heads.model_copy(update={"heads": (sign_head(head, key), *heads.heads[1:])})


LIES: dict[Contradiction, Callable[[Heads, Ed25519PrivateKey, SignedHead], Heads]] = {
    Contradiction.forged: lambda heads, key, before: changed(heads, Ed25519PrivateKey.generate()),
    Contradiction.misplaced: lambda heads, key, before: changed(heads, key, community="neighbours"),
    Contradiction.broken_chain: lambda heads, key, before: changed(heads, key, previous="0" * 64),
    Contradiction.sums_differ: lambda heads, key, before: changed(heads, key, total=Sums(gifts=5, received=1)),
    Contradiction.too_few_gifts: lambda heads, key, before: changed(
        heads, key, sums=Sums(gifts=1, received=1), total=Sums(gifts=6, received=5001)
    ),
    Contradiction.other_content: lambda heads, key, before: changed(heads, key, step=1, project="lunch"),
    Contradiction.withdrawn: lambda heads, key, before: heads.model_copy(update={"heads": (), "statuses": ()}),
}


async def test_contradictions_are_refused_stored_and_reported(
    central: RunningCentral, session: aiohttp.ClientSession, tmp_path: Path, opened: AsyncExitStack, donor: Donor
) -> None:
    ones = [await _new_device(central, session, tmp_path, opened, kind) for kind in LIES]
    await published(central, *[1000] * 5)
    for one in ones:
        await one.witness_all()
    before = (await ones[0].keeper.newest("huada", Environment.drill))["lunch"]
    await published(central, *[2000] * 5)
    key = catalogue_key(central.state)
    for one, lie in zip(ones, LIES.values(), strict=True):
        lying = Lying(central.url, one.witness.signer, one.witness.central._session)
        lying.change = lambda heads, lie=lie: lie(heads, key, before)  # type: ignore[misc]  # a default binds it
        lied_to = replace(one, witness=replace(one.witness, central=lying))
        for _ in range(2):
            await lied_to.witness_all()
        assert (await one.keeper.newest("huada", Environment.drill))["lunch"] == before, "what it keeps stands"
        assert await one.refused()
    async with central.database() as database, database.read() as connection:
        refusals = await cosignatures.refusals(connection, ["huada"])
    found = {(refusal.gateway, refusal.contradiction, label) for refusal, label in refusals}
    assert found == {(one.gateway.id, kind, "社区大厅") for one, kind in zip(ones, LIES, strict=True)}
    assert len(refusals) == len(LIES)
    page = " ".join((await logged_in(central, donor)).text().split())
    assert "社区大厅 refused the money figures that this server published." in page
    for one in ones:
        await one.witness_all()
        stored = (await one.keeper.newest("huada", Environment.drill))["lunch"]
        assert Head.model_validate_json(stored.payload).step == 2, "the truth is taken when it comes"
        assert await one.refused(), "the evidence stays"


async def test_an_invalid_cosignature_is_ignored(
    central: RunningCentral, session: aiohttp.ClientSession, devices: list[Device]
) -> None:
    await published(central, *[1000] * 5)
    one = devices[0]

    class Confused(CentralClient):
        async def send_cosignatures(self, report: Cosigned) -> CosignedTaken:
            wrong = tuple(each.model_copy(update={"signature": "A" * 86}) for each in report.cosignatures)
            return await super().send_cosignatures(report.model_copy(update={"cosignatures": wrong}))

    client = Confused(central.url, one.witness.signer, one.witness.central._session)
    await replace(one, witness=replace(one.witness, central=client)).witness_all()
    (head,) = (await chain(central, session)).heads
    assert head.cosignatures == ()


async def test_a_gateway_that_moves_begins_the_chains_of_its_new_community(
    central: RunningCentral, devices: list[Device]
) -> None:
    await published(central, *[1000] * 5)
    one = devices[0]
    await one.witness_all()
    async with central.database() as database, database.write() as connection:
        await plant_community(connection, "neighbours", datetime.now(UTC))
        await connection.execute(update(table).where(table.c.id == one.gateway.id).values(community="neighbours"))
    await one.witness_all()
    facts = await one.keeper.board(Environment.drill, SINCE)
    assert facts is not None
    assert not facts.refused
    assert facts.chains == {}
    assert await one.keeper.newest("huada", Environment.drill), "what it kept stays"


async def test_old_steps_are_not_read_for_the_months(central: RunningCentral, devices: list[Device]) -> None:
    await published(central, *[1000] * 5)
    await devices[0].witness_all()
    facts = await devices[0].keeper.board(Environment.drill, datetime.now(UTC) + timedelta(days=1))
    assert facts is not None
    assert facts.chains["lunch"].recent == ()
    assert json.loads(facts.chains["lunch"].last.model_dump_json())["step"] == 1
