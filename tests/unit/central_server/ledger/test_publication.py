"""Heads are created, stored and proved, on either database."""

import asyncio
import importlib.util
import json
from datetime import timedelta
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.ledger import merkle_proofs
from central_server.ledger.publication import Publisher
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_heads, ledger_lines, purses
from central_server.store.ledger.ledger_lines import LedgerLine
from sync_contract.ledger_heads import NO_HEAD, Head, Proof, SignedHead, check_next, read_head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment
from tests.paths import ROOT
from tests.unit.central_server.ledger_world import HUADA, NOW, charged, gave, gave_back, given

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def publisher(database: Database) -> Publisher:
    return Publisher(database, KEY, Environment.drill, lambda: NOW + timedelta(hours=1))


async def read_chain(database: Database) -> list[Head]:
    """Return the chain, verified from its first head as a gateway does."""
    async with database.read() as connection:
        stored = await ledger_heads.of_purse(connection, HUADA)
    found: list[Head] = []
    digest = NO_HEAD
    for each in stored:
        signed = SignedHead(key=each.key, payload=each.content, signature=each.signature)
        head = read_head(signed, KEY.public_key())
        check_next(found[-1] if found else None, digest, head)
        found.append(head)
        digest = signed.digest
        assert digest == each.digest
    return found


async def test_five_gifts_make_a_head_and_four_do_not(database: Database, publisher: Publisher) -> None:
    await given(database, 1000, 2000, 3000, 4000)
    assert await publisher.publish_waiting() == 0
    await given(database, 5000)
    assert await publisher.publish_waiting() == 1
    (head,) = await read_chain(database)
    assert head.total == Sums(gifts=5, received=15_000)
    assert await publisher.publish_waiting() == 0, "nothing new"


async def test_published_and_unpublished_lines_stay_equal_to_the_ledger(
    database: Database, publisher: Publisher
) -> None:
    gifts = await given(database, *range(1000, 12_000, 1000))
    for attempt in gifts[:6]:
        await charged(database, attempt, 6)
    await publisher.publish_waiting()
    for attempt in gifts[:5]:
        await gave_back(database, attempt, attempt.amount_minor)
    await publisher.publish_waiting()
    async with database.write() as connection:
        await gave(connection, 700, again=gifts[8])
    await charged(database, gifts[7], 6)
    await publisher.publish_waiting()
    chain = await read_chain(database)
    async with database.read() as connection:
        every = await ledger_lines.of_purse(connection, *HUADA)
        waiting = await ledger_heads.pending(connection, HUADA, 0, 1000)
        balance = (await purses.get(connection, ("huada", "drill", "lunch"))).balance_minor
        below = await ledger_heads.published_below(connection, "drill", "all")
    assert chain[-1].total + merkle_proofs.total_sums(waiting) == merkle_proofs.total_sums(every)
    assert chain[-1].total.balance + merkle_proofs.total_sums(waiting).balance == balance
    assert below == {"lunch": (66_000 - 15_000, 0)}
    assert chain[-1].total.given == 66_000 - 15_000
    assert [line.kind for line in waiting] == ["surplus", "fee"], "of two gifts"


def load_verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify", ROOT / "docs" / "verify_gift.py")
    assert spec is not None
    assert spec.loader is not None
    verifier = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verifier)
    return verifier


async def test_every_published_line_has_a_proof(database: Database, publisher: Publisher) -> None:
    await given(database, *range(1000, 8000, 1000))
    async with database.read() as connection:
        lines = await ledger_lines.of_purse(connection, *HUADA)
    assert isinstance(await publisher.prove(lines[0].secret), LedgerLine)
    await publisher.publish_waiting()
    verifier = load_verifier()
    for line in lines:
        proof = await publisher.prove(line.secret)
        assert isinstance(proof, Proof)
        assert proof.holds()
        assert (proof.name, proof.sums) == (line.slip, Sums(gifts=1, received=line.amount_minor))
        verifier.verify(json.loads(proof.model_dump_json()))
    assert await publisher.prove("f" * 32) is None


async def test_environments_have_separate_ledgers(database: Database, publisher: Publisher) -> None:
    for _ in range(5):
        async with database.write() as connection:
            await gave(connection, environment="real")
    assert await publisher.publish_waiting() == 0
    async with database.read() as connection:
        (line, *_) = await ledger_lines.of_purse(connection, "huada", "real", "lunch")
    assert await publisher.prove(line.secret) is None


async def test_concurrent_publishers_make_one_chain(database: Database, publisher: Publisher) -> None:
    other = Publisher(database, KEY, Environment.drill, lambda: NOW)
    for _ in range(3):
        await given(database, *[1000] * 5)
        await asyncio.gather(*(each.publish_waiting() for each in (publisher, other, publisher, other)))
    chain = await read_chain(database)
    assert chain[-1].total.gifts == 15
    assert [head.step for head in chain] == list(range(1, len(chain) + 1))


async def test_an_unpublishable_line_does_not_block_later_ones(database: Database, publisher: Publisher) -> None:
    gifts = await given(database, *[1000] * 6)
    await gave_back(database, gifts[0], 1000)
    await publisher.publish_waiting()
    for _ in range(3):
        await given(database, *[1000] * 5)
        await publisher.publish_waiting()
    assert [head.total.gifts for head in await read_chain(database)] == [5, 10, 15, 20]
