"""200 people check in within a minute by one screen, on SQLite: each form is answered within 500 ms (p99)."""

import asyncio
import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from central_server.store.engine.database import Database
from tests.fakes.central_process import running_bank, running_central
from tests.unit.volunteering.community_desk import COMMUNITY
from tests.unit.volunteering.test_check_in import Screen
from tests.unit.volunteering.test_sign_ups import TEXTS, do, members
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import sign_up
from volunteering.part import PART
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import people
from volunteering.store.tables import attendances, shifts

PEOPLE, WAVE_S = 200, 60.0


async def seated(database: Database, began: datetime) -> list[str]:
    """Make a shift and its members; return their session tokens."""
    times = ShiftTimes(began + timedelta(minutes=10), began + timedelta(minutes=130))
    async with database.write() as connection:
        made = await make_activity(
            connection, NewActivity(COMMUNITY, TEXTS, None, TEXTS, (times,), PEOPLE), "drill", "clerk", began
        )
        of = (await connection.execute(select(shifts.c.id).where(shifts.c.opportunity == made.id))).scalar_one()
    crowd = await members(database, PEOPLE)
    for person in crowd:
        assert await do(database, sign_up, person, of, began) == "confirmed"
    async with database.write() as connection:
        for person in crowd:
            digest = hashlib.sha256(person.id.encode()).hexdigest()
            await people.add_session(connection, digest, person.id, began + timedelta(days=1))
    return [person.id for person in crowd]


async def check_in(http: aiohttp.ClientSession, url: str, token: str) -> float:
    """Open the code's page and send its form; return how many seconds the answer took."""
    headers = {"Cookie": f"member={token}"}
    async with http.get(url, headers=headers) as answer:
        found = re.search('name="csrf" value="([^"]+)"', await answer.text())
    assert found is not None
    sent = time.monotonic()
    async with http.post(url, headers=headers, data={"csrf": found[1]}, allow_redirects=False) as answer:
        assert answer.status == 303
    return time.monotonic() - sent


async def test_a_wave_of_arrivals_is_answered_in_time(tmp_path: Path) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    screen = Screen(began - timedelta(days=1))
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank, parts=(PART,)) as central,
        central.database() as database,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        await screen.enrol(database)
        tokens = await seated(database, began)

        async def arrive(number: int) -> float:
            await asyncio.sleep(number * WAVE_S / PEOPLE)
            return await check_in(http, f"{central.url}/C/{screen.code(datetime.now(UTC))}", tokens[number])

        taken = sorted(await asyncio.gather(*map(arrive, range(PEOPLE))))
        async with database.read() as connection:
            stored = (await connection.execute(select(func.count()).select_from(attendances))).scalar_one()
    print(f"p50 {taken[PEOPLE // 2] * 1000:.0f} ms, p99 {taken[PEOPLE * 99 // 100] * 1000:.0f} ms")
    assert stored == PEOPLE
    assert taken[PEOPLE * 99 // 100] <= 0.5
