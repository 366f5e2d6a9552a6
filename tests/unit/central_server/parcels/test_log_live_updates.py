"""Open pages hear of news: of their own community alone, in every process, and no longer than the session."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from central_server.accounts.access import Role
from central_server.enrolment.gateways import register
from central_server.staff.frame import live_page
from central_server.store.api import deliveries, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.donations import intents
from central_server.store.donations.intents import StateChange
from central_server.store.engine import change_marks
from central_server.store.engine.database import Database
from central_server.store.places import places
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.fakes.stored_parcels import received
from tests.unit.central_server.staff.test_staff import PASSWORD, logged_in

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PATIENCE_S = 120


async def heard(stream: aiohttp.ClientResponse) -> str:
    """The next message; empty when the stream ended."""
    async with asyncio.timeout(PATIENCE_S):
        async for line in stream.content:
            if line.startswith(b"data:"):
                return line[5:].strip().decode()
    return ""


async def test_an_open_page_hears_of_what_arrives_and_ends_with_the_session(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    page = await logged_in(central, donor)
    async with session.get(f"{central.url}/staff/live") as stream:
        assert stream.content_type == "text/event-stream"
        for _ in range(2):
            waiting = asyncio.create_task(heard(stream))
            while not waiting.done():  # what comes before the stream has looked around is no news to it
                await gateway.deliver([gateway.statistics()])
                await asyncio.wait({waiting}, timeout=1)
            assert await waiting == "new"
        logout = page.html.split('action="/staff/logout"')[1].split("</form>")[0]
        await donor.press(Page(200, page.url, f'<form method="post" action="/staff/logout">{logout}</form>'))
        while await heard(stream):
            pass
    async with session.get(f"{central.url}/staff/live", allow_redirects=False) as refused:
        assert refused.status == 303


async def test_what_one_process_takes_in_is_heard_in_the_other(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with AsyncExitStack() as edges:
        one = await edges.enter_async_context(running_central(tmp_path / "central", bank, store=store_url))
        other = await edges.enter_async_context(running_central(tmp_path / "central", bank, store=store_url))
        gateway = DeliveringGateway(session, one.url)
        async with one.database() as database:
            await register(database, gateway.id, gateway.public, "huada", "社区大厅", datetime.now(UTC))
        await logged_in(other, donor)
        stream = await edges.enter_async_context(session.get(f"{other.url}/staff/live"))
        waiting = asyncio.create_task(heard(stream))
        while not waiting.done():
            await gateway.deliver([gateway.statistics()])
            await asyncio.wait({waiting}, timeout=1)
        assert await waiting == "new"


async def test_only_so_many_pages_of_one_session_are_kept_up_to_date(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    await logged_in(central, donor)
    async with AsyncExitStack() as streams:
        for _ in range(live_page.PER_SESSION):
            stream = await streams.enter_async_context(session.get(f"{central.url}/staff/live"))
            assert stream.status == 200
        async with session.get(f"{central.url}/staff/live") as refused:
            assert refused.status == 503
    async with asyncio.timeout(PATIENCE_S):  # what is closed makes room
        while True:
            async with session.get(f"{central.url}/staff/live") as stream:
                if stream.status == 200:
                    break
            await asyncio.sleep(0.1)


async def test_a_page_that_brings_itself_up_to_date_keeps_no_session_alive(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    await logged_in(central, donor)
    from central_server.accounts.sessions import IDLE
    from central_server.store.engine.tables import sessions

    async def idle_since(at: datetime) -> None:
        async with central.database() as database, database.write() as connection:
            await connection.execute(sessions.update().values(used_at=at))

    async def used_at() -> datetime:
        async with central.database() as database, database.read() as connection:
            at: datetime = (await connection.execute(sessions.select())).one().used_at
            return at

    before = datetime.now(UTC) - IDLE / 2
    await idle_since(before)
    async with session.get(f"{central.url}/staff/log", headers={"X-Live": "1"}) as answer:
        assert answer.status == 200
    async with session.get(f"{central.url}/staff/live") as stream:
        assert stream.status == 200
    assert await used_at() == before
    async with session.get(f"{central.url}/staff/log") as answer:
        assert answer.status == 200
    assert await used_at() > before
    await idle_since(datetime.now(UTC) - IDLE)
    async with session.get(f"{central.url}/staff/log", headers={"X-Live": "1"}, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_news_of_others_moves_no_mark(database: Database) -> None:
    for gateway, public, community in (("a", "A", "huada"), ("b", "B", "fengze")):
        await register(database, gateway * 16, public * 43, community, "x", NOW)
    tops = {"own": ("huada",), "others": ("fengze",), "all": (places.TOP,), "nobody": ()}

    async def marks() -> dict[str, change_marks.Marks]:
        async with database.read() as connection:
            return {name: await change_marks.marks(connection, top) for name, top in tops.items()}

    before = await marks()
    assert set(before.values()) == {(None, None, None)}
    parcel = DeliveringGateway().statistics()
    await received(database, "a" * 16, "huada", [parcel], NOW)
    after = await marks()
    assert {name for name in tops if after[name] != before[name]} == {"own", "all"}
    await received(database, "a" * 16, "huada", [parcel], NOW)  # again: a line of its own
    before, after = after, await marks()
    assert {name for name in tops if after[name] != before[name]} == {"own", "all"}
    async with database.write() as connection:
        gift = intents.Intent(
            *("b" * 16, "1" * 32, "fengze", "drill", "lunch", 500, "CNY", None, 1, "ticket", None),
            *(NOW, "ticket", "registered"),
        )
        await intents.add(connection, [gift])
        change = StateChange("fengze", "b" * 16, "1" * 32, None, "", "registered", NOW, "ticket", "x")
        await intents.record(connection, [change])
    again = await marks()
    assert {name for name in tops if again[name] != after[name]} == {"others", "all"}


async def test_the_page_of_a_webhook_hears_of_each_try_and_pages_elsewhere_do_not(database: Database) -> None:
    async with database.write() as connection:
        for place in ("huada", "fengze"):
            await places.plant_community(connection, place, NOW)
        hook = Webhook("a" * 32, "huada", "https://erp.example.org/in", "webhook.trial", "b" * 64, NOW)
        await webhooks.add(connection, hook)

    async def marks(place: str) -> change_marks.Marks:
        async with database.read() as connection:
            return await change_marks.marks(connection, (place,))

    elsewhere, before = await marks("fengze"), await marks("huada")
    sent = Delivery("c" * 32, hook.id, "webhook.trial", "trial", 1, "{}", NOW, NOW)
    older = Delivery("d" * 32, hook.id, "webhook.trial", "trial", 0, "{}", NOW - timedelta(days=1), None)
    async with database.write() as connection:
        await deliveries.put(connection, [older, sent])
    put = await marks("huada")
    async with database.write() as connection:
        await deliveries.delivered(connection, sent, NOW + timedelta(seconds=2), 200, 40)
    assert len({before, put, await marks("huada")}) == 3
    assert await marks("fengze") == elsewhere


async def test_nobody_hears_anything_without_a_right_to_see(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        await set_password(database, "nobody", PASSWORD, datetime.now(UTC), role=Role.chief)
        async with database.write() as connection:
            from central_server.store.engine.tables import grants

            await connection.execute(grants.delete())
    await donor.press(await donor.open(f"{central.url}/staff/login"), name="nobody", password=PASSWORD)
    async with session.get(f"{central.url}/staff/live") as refused:
        assert refused.status == 404
