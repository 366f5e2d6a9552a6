"""Steps shared by tests of enrolment."""

from datetime import timedelta

import aiohttp
from sqlalchemy import text

from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Key
from tests.fakes.central_process import RunningCentral
from tests.fakes.enrolling_device import EnrollingDevice

"""For tests without queries that other tests do not already run on both databases."""


def device(central: RunningCentral, session: aiohttp.ClientSession) -> EnrollingDevice:
    return EnrollingDevice(session, central.url)


async def keys_of(database: Database, gateway: str) -> tuple[Key, ...]:
    async with database.read() as connection:
        return await gateways.keys(connection, gateway)


async def age(database: Database, statement: str, by: timedelta) -> None:
    async with database.write() as connection:
        await connection.execute(text(statement), [{"by": round(by.total_seconds() * 1_000_000)}])
