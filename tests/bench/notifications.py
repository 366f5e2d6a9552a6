"""How soon a bank is answered that notifies: only after the commit, and far within its ten seconds.

    python -m tests.bench.notifications [--gifts N] [--at-once N] [--postgresql]

A real server, orders that donors have opened, and signed notifications of them, so many at a time, while gateways
deliver parcels beside them. What is asked: 99 of 100 answers within a second; each gift posted once.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from central_server.bank_emulator.keys import open_keys
from central_server.enrolment.gateways import register
from central_server.store.donations import attempts
from central_server.store.engine.tables import ledger_lines
from sync_contract.records import Parcel
from tests.fakes.central_process import RunningBank, RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.postgres import Postgres, running_postgres

DOMAIN = b"sandbox notification v1\0"


def main() -> int:
    reader = argparse.ArgumentParser(prog="./dev bench notifications")
    reader.add_argument("--gifts", type=int, default=400)
    reader.add_argument("--at-once", type=int, default=8)
    reader.add_argument("--postgresql", action="store_true")
    asked = reader.parse_args()
    with running_postgres() if asked.postgresql else nullcontext() as postgres:
        return asyncio.run(measure(asked.gifts, asked.at_once, postgres))


async def measure(gifts: int, at_once: int, postgres: Postgres | None) -> int:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        async with (
            _store(postgres) as store,
            running_bank(state / "bank", gaps_min=()) as bank,
            running_central(state / "central", bank, store=store) as central,
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
        ):
            gateway = DeliveringGateway(session, central.url)
            async with central.database() as database:
                await register(database, gateway.id, gateway.public, "huada", "hall", gateway.intent().clock.wall)
            words = await _opened(central, gateway, Donor(session), gifts)
            stop = asyncio.Event()
            beside = asyncio.create_task(_deliver(gateway, stop))
            took_s = await _notified(central, bank, session, words, at_once)
            stop.set()
            await beside
            async with central.database() as database, database.read() as connection:
                posted = (await connection.execute(select(func.count()).select_from(ledger_lines))).scalar_one()
    took_s.sort()
    p50, p99 = took_s[len(took_s) // 2], took_s[int(len(took_s) * 0.99) - 1]
    where = "PostgreSQL" if postgres else "SQLite"
    print(f"{where}: {len(took_s)} answers to {gifts} gifts, {at_once} at a time, parcels beside them")
    print(
        f"half within {p50 * 1000:.0f} ms, 99 of 100 within {p99 * 1000:.0f} ms, all within {took_s[-1] * 1000:.0f} ms"
    )
    print(f"posted: {posted} of {gifts}")
    return 0 if posted == gifts and p99 < 1 else 1


@asynccontextmanager
async def _store(postgres: Postgres | None) -> AsyncIterator[str]:
    if postgres is None:
        yield ""
        return
    async with postgres.database() as url:
        yield url


async def _opened(central: RunningCentral, gateway: DeliveringGateway, donor: Donor, gifts: int) -> list[bytes]:
    """Orders that donors are at; what the bank will say of each."""
    given: list[Parcel] = [gateway.intent() for _ in range(gifts)]
    for parcel in given:
        await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
        await asyncio.sleep(0.02)  # the server takes no more from one peer
    words = []
    async with central.database() as database, database.read() as connection:
        for number, parcel in enumerate(given):
            (attempt,) = await attempts.of_intent(connection, gateway.id, parcel.id)
            told = {"id": f"N{number}", "order": attempt.id, "status": "paid", "amount_minor": 5000}
            words.append(json.dumps(told | {"currency": "CNY", "payment": f"P{number}"}).encode())
    return words


async def _notified(
    central: RunningCentral, bank: RunningBank, session: aiohttp.ClientSession, words: list[bytes], at_once: int
) -> list[float]:
    """Each word twice, as banks do; the seconds that each answer took."""
    key, turn, took_s = open_keys(bank.state).signing, asyncio.Semaphore(at_once), list[float]()

    async def notify(word: bytes) -> None:
        signature = b64encode(key.sign(DOMAIN + word)).decode()
        headers = {"Content-Type": "application/json", "Sandbox-Signature": signature}
        async with turn:
            begun = time.monotonic()
            async with session.post(f"{central.url}/bank/sandbox/notify", data=word, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            took_s.append(time.monotonic() - begun)

    await asyncio.gather(*(notify(word) for word in words for _ in range(2)))
    return took_s


async def _deliver(gateway: DeliveringGateway, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await gateway.deliver([gateway.statistics() for _ in range(20)])
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
