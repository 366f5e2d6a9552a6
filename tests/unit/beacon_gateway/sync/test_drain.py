"""Parcels reach the central server exactly once, whatever it answers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.model.donations import Intent
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.sync_log import last_lines
from beacon_gateway.sync.central_client import Central, open_central
from beacon_gateway.sync.drain import Drain
from beacon_gateway.sync.ports import CentralUnreachable
from beacon_gateway.sync.pull import follow_outcomes, held_catalogue, pull_catalogue
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
async def connected(central: FakeCentral) -> AsyncIterator[Central]:
    async with serve_fake(central) as url, open_central(url, lambda: Signer("0102030405060708", KEY)) as client:
        yield client


async def until(condition: Callable[[], Awaitable[bool]], work: Awaitable[None]) -> None:
    """Run `work` until `condition` holds, at most 5 s."""
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


async def record(intents: Intents, count: int) -> list[str]:
    ids = []
    for n in range(count):
        made = Intent(new_id(), Environment.drill, "elder-lunch", Money(3000), None, Door.touch, HandoffKind.ticket, 0)
        ids.append((await intents.record(made, key=f"{n}-{made.id}", url="A", clock=CLOCK)).intent.id)
    return ids


async def test_all_parcels_arrive_in_batches_and_are_settled(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 600)

        async def done() -> bool:
            return (await outbox.counts()).get("waiting", 0) == 0

        await until(done, Drain(outbox, client, progress=lambda: None).run())
        assert set(central.parcels) == set(ids)
        assert central.requests == 2


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_answer_but_a_whole_right_one_settles_a_parcel(tmp_path: Path, fault: str) -> None:
    central = FakeCentral(KEY.public_key(), fault=fault)
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        (parcel,) = await record(Intents(database), 1)
        drain = Drain(outbox, client, progress=lambda: None)
        for _ in range(3):
            with pytest.raises(CentralUnreachable):
                await drain.run()
        assert await outbox.counts() == {"waiting": 1}
        central.fault = ""

        async def done() -> bool:
            return (await outbox.counts()).get("delivered", 0) == 1

        await until(done, drain.run())
        assert list(central.parcels) == [parcel]
        events = [line.event for line in await last_lines(database, 10)]
        assert events.count("unreachable") <= 1, "a server that stays down is one line, not many"
        assert events[-1] in {"accepted", "duplicate"}


async def test_a_refused_parcel_does_not_hold_up_the_others(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 3)
        central.refuse.add(ids[0])

        async def done() -> bool:
            return (await outbox.counts()).get("waiting", 0) == 0

        await until(done, Drain(outbox, client, progress=lambda: None).run())
        assert await outbox.counts() == {"refused": 1, "delivered": 2}


async def test_a_parcel_of_another_version_goes_out_as_it_was_recorded_and_stops_nobody(tmp_path: Path) -> None:
    """Written by an older or newer program: only the server can judge it; here it must not be read again."""
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        outbox = Outbox(database)
        ids = await record(Intents(database), 2)
        strange = '{"id":"' + ids[0] + '","of":"another version"}'
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE outbox SET parcel = ?, sum = ? WHERE id = ?",
                (strange, hashlib.sha256(strange.encode()).hexdigest(), ids[0]),
            )

        async def done() -> bool:
            return (await outbox.counts()).get("waiting", 0) == 0

        await until(done, Drain(outbox, client, progress=lambda: None).run())
        assert await outbox.counts() == {"refused": 1, "delivered": 1}


async def test_a_server_that_is_not_there_is_unreachable_and_nothing_else(tmp_path: Path) -> None:
    async with (
        open_database(tmp_path / "g.db") as database,
        open_central("http://127.0.0.1:1", lambda: Signer("0102030405060708", KEY)) as client,
    ):
        await record(Intents(database), 1)
        with pytest.raises(CentralUnreachable):
            await Drain(Outbox(database), client, progress=lambda: None).run()
        (line,) = await last_lines(database, 10)
        assert line.event == "unreachable"


async def test_the_catalogue_is_taken_kept_and_never_goes_back(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    taken: list[int] = []
    older: list[bool] = []
    async with open_database(tmp_path / "g.db") as database, connected(central) as client:
        store = Catalogues(database)

        async def pull(held: int) -> None:
            async def answered() -> bool:
                return central.requests > before

            before = central.requests
            await until(
                answered,
                pull_catalogue(
                    client,
                    CATALOGUE_KEY.public_key(),
                    store,
                    held_version=held,
                    take=lambda catalogue: taken.append(catalogue.version),
                    progress=lambda: None,
                    older=lambda: older.append(True),
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
        await pull(3)
        assert not older, "the same one again is none"
        publish(2)
        for _ in range(20):
            await pull(3)
            if older:
                break
        assert older, "an old one that was signed rightly is told to staff"
        older.clear()
        publish(9, key=KEY)
        await pull(3)
        assert set(taken) == {3}
        assert not older, "a wrong key says nothing of age"
        held = await held_catalogue(store, CATALOGUE_KEY.public_key())
        assert held is not None
        assert held.version == 3


async def test_an_outcome_reaches_the_gateway_as_soon_as_it_is_there(tmp_path: Path) -> None:
    central = FakeCentral(KEY.public_key())
    settled: list[Outcome] = []
    async with connected(central) as client:
        awaited = {"0" * 31 + "1": IntentState.registered}
        central.states["0" * 31 + "1"] = paid("0" * 31 + "1")

        async def settle(outcomes: Iterable[Outcome]) -> None:
            settled.extend(outcomes)
            awaited.clear()

        async def done() -> bool:
            return bool(settled)

        await until(
            done,
            follow_outcomes(
                client, awaited=lambda: awaited, settle=settle, begun=asyncio.Event(), progress=lambda: None
            ),
        )
    assert [outcome.state for outcome in settled] == [IntentState.paid]


@pytest.mark.parametrize(
    ("url", "word"),
    [("http://127.0.0.1:1", "no_connection"), ("http://no-such-name.invalid", "name_unknown")],
)
async def test_why_a_server_is_out_of_reach_is_said_in_a_word(url: str, word: str) -> None:
    async with open_central(url, lambda: Signer("0102030405060708", KEY)) as client:
        with pytest.raises(CentralUnreachable, match=f"^{word}$"):
            await client.catalogue("")
