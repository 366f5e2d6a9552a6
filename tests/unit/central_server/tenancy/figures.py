"""The overview, the live stream and the figures."""

import asyncio
from datetime import UTC, datetime, timedelta

from central_server.accounts.access import Right
from central_server.api import tokens as personal
from central_server.api.tokens import Scope
from central_server.store.api import tokens
from tests.fakes.counting import count_all
from tests.unit.central_server.statistics_world import stretch
from tests.unit.central_server.tenancy.entries import Checked, Entry, Open, Staff, World

_HEARD = "00000000-0000-0000-0000-000000000007/1/1"
_TEXTS: dict[str, str] = {}


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    await world.ours.deliver([stretch(7, now - timedelta(minutes=6))])
    await count_all(world.database)
    world.marks |= {_HEARD}
    async with world.database.write() as connection:
        for account in ("our-admin", "their-admin"):
            text, made = personal.make_token(account, f"figures of {account}", frozenset({Scope.statistics}), 30, now)
            await tokens.add(connection, made)
            _TEXTS[account] = text


async def _figures_are_the_askers_own(world: World) -> None:
    async def ask(token: str, query: str = "span=week") -> tuple[int, str]:
        address = f"{world.central.url}/api/v1/statistics?{query}"
        async with world.session.get(address, headers={"Authorization": f"Bearer {token}"}) as answer:
            return answer.status, await answer.text()

    assert (await ask("bct_unknown"))[0] == 401
    status, text = await ask(_TEXTS["our-admin"])
    assert (status, _HEARD in text) == (200, True)
    for query in ("span=week", "span=week&place=huada", f"span=week&gateway={world.ours.id}"):
        status, text = await ask(_TEXTS["their-admin"], query)
        assert (status, _HEARD in text) == (200, False), query


async def _rows_are_the_askers_own(world: World) -> None:
    async def ask(token: str, query: str) -> tuple[int, str]:
        address = f"{world.central.url}/api/v1/statistics/comparison?span=week&by=gateway{query}"
        async with world.session.get(address, headers={"Authorization": f"Bearer {token}"}) as answer:
            return answer.status, await answer.text()

    assert (await ask("bct_unknown", ""))[0] == 401
    status, text = await ask(_TEXTS["our-admin"], "")
    assert (status, world.ours.id in text) == (200, True)
    for query in ("", "&place=huada", f"&gateway={world.ours.id}"):
        status, text = await ask(_TEXTS["their-admin"], query)
        assert (status, world.ours.id in text) == (200, False), query


async def _nobody_listens_without_a_login(world: World) -> None:
    """The marks test that the stream contains only the own community."""
    async with asyncio.timeout(60):
        world.session.cookie_jar.clear()
        async with world.session.get(f"{world.central.url}/staff/live", allow_redirects=False) as answer:
            assert answer.status == 303


ROUTES: dict[str, Entry] = {
    "GET /staff/log": Staff(Right.see),
    "GET /staff/live": Checked(_nobody_listens_without_a_login),
    "GET /staff/figures": Staff(Right.see, names=True, query="?gateway={gateway}&span=week"),
    "GET /staff/figures.csv": Staff(Right.see, names=True, query="?place=huada"),
    "GET /staff/figures.xlsx": Staff(Right.see, names=True, query="?gateway={gateway}"),
    "GET /staff/figures.json": Staff(Right.see, query="?span=week"),
    "GET /staff/figures/comparison.csv": Staff(Right.see, names=True, query="?gateway={gateway}&by=gateway"),
    "GET /staff/figures/comparison.xlsx": Staff(Right.see, names=True, query="?gateway={gateway}&by=community"),
    "GET /staff/figures/comparison.json": Staff(Right.see, query="?span=week"),
    "GET /api/v1/public/statistics/{community}": Open(
        "months that are over, nothing under five, no sum of communities"
    ),
    "GET /api/v1/statistics/comparison": Checked(_rows_are_the_askers_own),
    "GET /api/v1/statistics": Checked(_figures_are_the_askers_own),
}
