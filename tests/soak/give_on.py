"""Record intents one after another; print each acknowledged id. Usage: give_on.py FILE COUNT"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from beacon_gateway.model.donations import Intent
from beacon_gateway.store import database as store
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, ParcelReceipt, Receipt
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id


async def main(path: Path, count: int) -> None:
    if weaker := os.environ.get("SYNCHRONOUS"):  # proves that the cuts detect a weaker setting
        store._PRAGMAS["synchronous"] = (weaker, {"OFF": 0, "NORMAL": 1}[weaker])
    clock = ClockReading(wall=datetime.now(UTC), boot="0" * 32, monotonic_ns=1, trusted=True)
    async with store.open_database(path) as database:
        for number in range(count):
            intent = Intent(
                new_id(), Environment.drill, "elder-lunch", Money(3000), None, Door.touch, HandoffKind.ticket, 0
            )
            recorded = await Intents(database).record(intent, key=f"{number}", clock=clock)
            os.write(1, f"{recorded.intent.id}\n".encode())
            if number % 7 == 6:
                sent = await Outbox(database).waiting(parcels=count, size=10**9)
                receipt = ParcelReceipt(id=recorded.intent.id, receipt=Receipt.accepted)
                await Outbox(database).settle(sent, [receipt])


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
