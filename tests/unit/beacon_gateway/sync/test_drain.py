"""Parcels reach the central server exactly once; catalogue and outcomes come back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.ports import GiftState
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import ServerAcceptance
from beacon_gateway.store.sync_log import last_lines
from beacon_gateway.sync.catalogue_pull import pull_catalogue, stored_catalogue
from beacon_gateway.sync.central_client import CentralClient, open_central
from beacon_gateway.sync.drain import DeliveryState, Drain
from beacon_gateway.sync.outcome_poll import poll_outcomes
from beacon_gateway.sync.ports import CentralUnreachable
from sync_contract.catalogue import Catalogue, sign
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentState, Outcome
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.central import FAULTS, FakeCentral, paid, serve_fake
from tests.unit.beacon_gateway.donations.projects import LUNCH

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CATALOGUE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)


@asynccontextmanager
async def connected(central: FakeCentral) -> AsyncIterator[CentralClient]:
    async with serve_fake(central) as url, open_central(url, lambda: Signer("0102030405060708", KEY)) as client:
        yield client


async def run_until(condition: Callable[[], Awaitable[bool]], work: Awaitable[None]) -> None:
    """Run `work` until `condition` holds, at most 60 s."""
    task = asyncio.ensure_future(work)
    try:
        async with asyncio.timeout(60):
            while not await condition():
                if task.done():
                    task.result()
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def drain(database: Database, client: CentralClient) -> Drain:
    acceptance = ServerAcceptance(database, "")
    outbox, state = Outbox(database), DeliveryState()
    return Drain(outbox, client, acceptance, wake=asyncio.Event(), progress=lambda: None, state=state)


def none_waiting(outbox: Outbox) -> Callable[[], Awaitable[bool]]:
    async def none() -> bool:
        return (await outbox.counts()).get("waiting", 0) == 0

    return none


async def record(intents: Intents, count: int) -> list[str]:
    ids = []
    for n in range(count):
        intent = Intent(
            new_id(), Environment.drill, "elder-lunch", Money(3000), None, Door.touch, HandoffKind.ticket, 0
        )
        ids.append((await intents.record(intent, key=f"{n}-{intent.id}", clock=CLOCK)).intent.id)
    return ids


async def test_all_parcels_arrive_in_batches_and_are_settled(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 600)

        await run_until(none_waiting(outbox), drain(database, client).run())
        assert set(central.parcels) == set(ids)
        assert central.requests == 2


@pytest.mark.parametrize("fault", FAULTS)
async def test_only_a_complete_valid_answer_settles_a_parcel(tmp_path: Path, fault: str) -> None:
    central = FakeCentral(KEY.public_key(), fault=fault)
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        (parcel,) = await record(Intents(database), 1)
        delivery = drain(database, client)
        for _ in range(3):
            with pytest.raises(CentralUnreachable):
                await delivery.run()
        assert (await outbox.counts())["waiting"] == 1
        central.fault = ""

        async def done() -> bool:
            return (await outbox.counts())["waiting"] == 0

        await run_until(done, delivery.run())
        assert list(central.parcels) == [parcel]
        events = [line.event for line in await last_lines(database, 10)]
        assert events.count("unreachable") <= 1, "one line while the server stays down"
        assert events[-1] in {"accepted", "duplicate"}


async def test_a_refused_parcel_does_not_delay_the_others(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 3)
        central.refuse.add(ids[0])

        await run_until(none_waiting(outbox), drain(database, client).run())
        assert (await outbox.counts())["refused"] == 1
        assert set(central.parcels) == set(ids[1:])


async def test_a_parcel_is_sent_exactly_as_recorded_even_if_it_cannot_be_parsed(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 2)
        strange = '{"id":"' + ids[0] + '","of":"another version"}'
        first = (await outbox.waiting(parcels=1, size=1))[0]
        row = (first.place, bytes.fromhex(first.id), "intent", strange)
        await database.write(lambda tables: tables.put("outbox", *row, on_conflict="REPLACE"))

        await run_until(none_waiting(outbox), drain(database, client).run())
        assert (await outbox.counts())["refused"] == 1
        assert list(central.parcels) == ids[1:]


async def test_the_catalogue_is_stored_and_never_replaced_by_an_older_one(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    taken: list[int] = []
    older: list[bool] = []
    confirmed: list[bool] = []
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        store = Catalogues(database)

        async def pull(version: int) -> None:
            async def answered() -> bool:
                return central.requests > before

            before = central.requests
            await run_until(
                answered,
                pull_catalogue(
                    client,
                    CATALOGUE_KEY.public_key(),
                    store,
                    version=version,
                    take=lambda catalogue: taken.append(catalogue.version),
                    progress=lambda: None,
                    older=lambda: older.append(True),
                    confirmed=lambda: confirmed.append(True),
                ),
            )

        def publish(version: int, key: Ed25519PrivateKey = CATALOGUE_KEY) -> None:
            central.signed = sign(
                Catalogue(version=version, issued_at=datetime(2026, 1, 1, tzinfo=UTC), projects=(LUNCH,)), key
            )

        publish(3)
        for _ in range(20):  # the answer is counted before it is taken
            await pull(0)
            if taken:
                break
        assert confirmed
        await pull(3)
        assert not older, "the same version again"
        confirmed.clear()
        publish(2)
        for _ in range(20):
            await pull(3)
            if older:
                break
        assert older, "a replayed old version is reported"
        older.clear()
        publish(9, key=KEY)
        await pull(3)
        assert set(taken) == {3}
        assert not older, "a wrong key proves no version"
        assert not confirmed, "neither a replay nor a wrong key confirms the catalogue in use"
        stored = await stored_catalogue(store, CATALOGUE_KEY.public_key())
        assert stored is not None
        assert stored.version == 3


async def test_an_outcome_ends_the_long_poll(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    settled: list[Outcome] = []
    async with connected(central) as client:
        intent = "0" * 31 + "1"
        awaited = OpenIntents({intent: GiftState(IntentState.registered)})
        central.states[intent] = paid(intent)

        async def settle(outcomes: Iterable[Outcome]) -> None:
            settled.extend(outcomes)

        async def done() -> bool:
            return bool(settled)

        await run_until(
            done,
            poll_outcomes(client, awaited, settle=settle, recorded=asyncio.Event(), progress=lambda: None),
        )
    assert {outcome.state for outcome in settled} == {IntentState.paid}


@pytest.mark.parametrize(
    ("url", "word"),
    [("http://127.0.0.1:1", "no_connection"), ("http://no-such-name.invalid", "name_unknown")],
)
async def test_an_unreachable_server_is_described_by_a_word(url: str, word: str) -> None:
    async with open_central(url, lambda: Signer("0102030405060708", KEY)) as client:
        with pytest.raises(CentralUnreachable, match=f"^{word}$"):
            await client.fetch_catalogue("")
