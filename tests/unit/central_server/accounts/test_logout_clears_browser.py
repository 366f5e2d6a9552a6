"""Logging out clears the browser's storage."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from central_server.accounts.sessions import IDLE
from central_server.store.engine.database import Database
from tests.unit.central_server.staff_desk import Browser, RunningDesk, account, running_desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[RunningDesk]:
    await account(database, "chen")
    async with running_desk(database) as desk:
        yield desk


async def test_logging_out_clears_the_browsers_storage(desk: RunningDesk) -> None:
    browser = Browser(desk)
    page = await browser.log_in("chen")
    csrf = page.html.partition('name="csrf" value="')[2].partition('"')[0]
    cookies = {"Cookie": f"staff={browser.cookies['staff']}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{desk.url}/staff/logout", data={"csrf": csrf}, headers=cookies, allow_redirects=False) as answer,
    ):
        assert answer.status == 303
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert 'staff=""' in answer.headers["Set-Cookie"]
    assert (await browser.open("/staff/me")).url == "/staff/login"


async def test_only_a_page_of_a_session_states_its_end(desk: RunningDesk) -> None:
    browser = Browser(desk)
    assert "data-ends" not in (await browser.open("/staff/login")).html
    page = await browser.log_in("chen")
    assert f'<body data-ends="{int(IDLE.total_seconds())}">' in page.html
