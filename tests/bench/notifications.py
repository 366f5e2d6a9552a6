"""Measure the time to answer a bank's notification: after the commit, and within its ten seconds.

    python -m tests.bench.notifications [--gifts N] [--parallel N] [--postgresql]

A real server receives signed notifications of opened orders, several at a time, while gateways deliver parcels. The
goal: 99 of 100 answers within a second, and each donation posted once.
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
    reader.add_argument("--parallel", type=int, default=8)
    reader.add_argument("--postgresql", action="store_true")
    options = reader.parse_args()
    with running_postgres() if options.postgresql else nullcontext() as postgres:
        return asyncio.run(measure(options.gifts, options.parallel, postgres))


async def measure(gifts: int, parallel: int, postgres: Postgres | None) -> int:
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
            messages = await _open_orders(central, gateway, Donor(session), gifts)
            stop = asyncio.Event()
            deliveries = asyncio.create_task(_deliver(gateway, stop))
            durations_s = await _notify(central, bank, session, messages, parallel)
            stop.set()
            await deliveries
            async with central.database() as database, database.read() as connection:
                posted = (await connection.execute(select(func.count()).select_from(ledger_lines))).scalar_one()
    durations_s.sort()
    p50, p99 = durations_s[len(durations_s) // 2], durations_s[int(len(durations_s) * 0.99) - 1]
    where = "PostgreSQL" if postgres else "SQLite"
    print(f"{where}: {len(durations_s)} answers, {gifts} gifts, {parallel} in parallel, beside deliveries")
    ms = [f"{each_s * 1000:.0f} ms" for each_s in (p50, p99, durations_s[-1])]
    print(f"half within {ms[0]}, 99 of 100 within {ms[1]}, all within {ms[2]}")
    print(f"posted: {posted} of {gifts}")
    return 0 if posted == gifts and p99 < 1 else 1


@asynccontextmanager
async def _store(postgres: Postgres | None) -> AsyncIterator[str]:
    if postgres is None:
        yield ""
        return
    async with postgres.database() as url:
        yield url


async def _open_orders(central: RunningCentral, gateway: DeliveringGateway, donor: Donor, gifts: int) -> list[bytes]:
    """Open orders; return the bank's notification of each."""
    given: list[Parcel] = [gateway.intent() for _ in range(gifts)]
    for parcel in given:
        await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
        await asyncio.sleep(0.02)  # the server limits the rate per peer
    messages = []
    async with central.database() as database, database.read() as connection:
        for number, parcel in enumerate(given):
            (attempt,) = await attempts.of_intent(connection, gateway.id, parcel.id)
            body = {"id": f"N{number}", "order": attempt.id, "status": "paid", "amount_minor": 5000}
            messages.append(json.dumps(body | {"currency": "CNY", "payment": f"P{number}"}).encode())
    return messages


async def _notify(
    central: RunningCentral, bank: RunningBank, session: aiohttp.ClientSession, messages: list[bytes], parallel: int
) -> list[float]:
    """Send each notification twice, as banks do; return the seconds of each answer."""
    key, turn, durations_s = open_keys(bank.state).signing, asyncio.Semaphore(parallel), list[float]()

    async def notify(message: bytes) -> None:
        signature = b64encode(key.sign(DOMAIN + message)).decode()
        headers = {"Content-Type": "application/json", "Sandbox-Signature": signature}
        async with turn:
            started_at = time.monotonic()
            async with session.post(f"{central.url}/bank/sandbox/notify", data=message, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            durations_s.append(time.monotonic() - started_at)

    await asyncio.gather(*(notify(message) for message in messages for _ in range(2)))
    return durations_s


async def _deliver(gateway: DeliveringGateway, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await gateway.deliver([gateway.statistics() for _ in range(20)])
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
