"""Two server processes, many phones, few seats: exactly as many people as seats have one, through real HTTP.

SOAK_PHONES (default 500) and SOAK_SEATS (default 40).
"""

import asyncio
import hashlib
import os
import random
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import monotonic

import aiohttp
from sqlalchemy import func, select

from central_server.store.engine.database import Database, open_database
from central_server.store.places.places import plant_community
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id
from tests.fakes.central_program import open_house
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.make_activity import make_activity
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import people
from volunteering.store.people import Person
from volunteering.store.tables import shifts, sign_ups

PHONES = int(os.environ.get("SOAK_PHONES", "500"))
SEATS = int(os.environ.get("SOAK_SEATS", "40"))
COMMUNITY = "huada"
TEXTS = Texts.model_validate({"zh-Hans": "送餐", "zh-Hant": "送餐", "en": "Meals"})


async def test_of_many_phones_at_two_servers_exactly_as_many_as_there_are_seats_get_one(
    tmp_path: Path, store_url: str
) -> None:
    async with AsyncExitStack() as edges:
        house = await edges.enter_async_context(
            open_house(tmp_path, store_url if store_url.startswith("postgresql") else "")
        )
        settings = tmp_path / "central.toml"
        settings.write_text(f"[volunteering]\nenabled = true\n\n{settings.read_text()}")
        servers = [await edges.enter_async_context(house.running()) for _ in range(2)]
        database = await edges.enter_async_context(open_database(house.store))
        shift, tokens = await prepare(database)
        path = f"/community/{COMMUNITY}/shifts/{shift}"
        connector = aiohttp.TCPConnector(limit=200)
        session = await edges.enter_async_context(aiohttp.ClientSession(connector=connector))
        took: list[float] = []
        phones = [
            sign_up(session, f"{servers[number % 2].url}{path}", token, took) for number, token in enumerate(tokens)
        ]
        await asyncio.gather(*phones)
        async with database.read() as connection:
            counted = select(sign_ups.c.state, func.count()).where(sign_ups.c.shift == shift)
            counted = counted.group_by(sign_ups.c.state)
            states = {state: count for state, count in await connection.execute(counted)}
    print(f"p50 and p99 of a sign-up: {_percentiles(took)} s; {Counter(states)}")
    assert states == {"confirmed": SEATS, "waiting": PHONES - SEATS}


async def prepare(database: Database) -> tuple[str, list[str]]:
    """Make a shift, and logged-in people; return its id and their tokens."""
    now = datetime.now(UTC)
    times = ShiftTimes(now + timedelta(days=1), now + timedelta(days=1, hours=2))
    tokens = [secrets.token_urlsafe(32) for _ in range(PHONES)]
    async with database.write() as connection:
        await plant_community(connection, COMMUNITY, now)
        new = NewActivity(COMMUNITY, TEXTS, None, TEXTS, (times,), SEATS)
        made = await make_activity(connection, new, "drill", "clerk", now)
        shift = (await connection.execute(select(shifts.c.id).where(shifts.c.opportunity == made.id))).scalar_one()
        for token in tokens:
            person = Person(new_id(), COMMUNITY, "drill", "active", new_id(), "key", b"sealed", now)
            await people.add(connection, person)
            digest = hashlib.sha256(token.encode()).hexdigest()
            await people.add_session(connection, digest, person.id, now + timedelta(days=1))
    return str(shift), tokens


async def sign_up(session: aiohttp.ClientSession, url: str, token: str, took: list[float]) -> None:
    """Open the page and touch the button twice, as a nervous person does; repeat what is refused because of load."""
    headers = {"Cookie": f"member={token}"}
    page = await _repeat(session, "GET", url, headers, {})
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    for _ in range(2):
        began = monotonic()
        shown = await _repeat(session, "POST", f"{url}/sign-up", headers, {"csrf": found[1]})
        took.append(monotonic() - began)
        assert "已报名" in shown or "候补" in shown


async def _repeat(
    session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], form: dict[str, str]
) -> str:
    while True:
        async with session.request(method, url, headers=headers, data=form or None) as answer:
            if answer.status == 200:
                return await answer.text()
            assert answer.status in (429, 503), answer.status
        await asyncio.sleep(random.random())


def _percentiles(took: Sequence[float]) -> tuple[float, float]:
    of = quantiles(took, n=100)
    return round(of[49], 3), round(of[98], 3)
