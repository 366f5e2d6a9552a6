import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from beacon_gateway.kiosk.pages.live import LiveTimings
from beacon_gateway.kiosk.responder import COOKIE
from sync_contract.records import IntentState
from tests.browser.fake_giving import FakeKiosk
from tests.ports import own_port
from tests.unit.beacon_gateway.kiosk.resident import Resident, without_breaks


class Ear:
    """Reads an event stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> dict[str, str]:
        async with asyncio.timeout(60):
            async for line in self._response.content:
                if line.startswith(b"data: "):
                    message: dict[str, str] = json.loads(line[6:])
                    return {
                        name: without_breaks(text) if name in ("html", "news") else text
                        for name, text in message.items()
                    }
        raise AssertionError("the stream ended")


@asynccontextmanager
async def listening(resident: Resident, query: str = "") -> AsyncIterator[Ear]:
    async with resident.http.get(resident.url + "/live" + query) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield Ear(response)


async def test_the_first_page_is_sent_whole_at_once_and_after_each_scene(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/")
    async with listening(resident, "?view=attract") as ear:
        first = await ear.next()
        assert first["view"] == "attract"
        assert first["html"].strip() in resident.html
        kiosk.card_brings("student-aid")
        assert "志愿者的卡就在附近" in (await ear.next())["html"]
        kiosk.card_brings(None)
        assert await ear.next() == first


async def test_the_session_that_holds_the_gift_follows_it_to_the_thanks(
    resident: Resident, neighbour: Resident, kiosk: FakeKiosk
) -> None:
    await neighbour.get("/")
    await resident.give("elder-lunch", amount_fen="3000")
    async with listening(resident) as ear, listening(neighbour) as elsewhere:
        assert (await elsewhere.next())["view"] == "attract"
        waiting = await ear.next()
        assert waiting["view"] == "handoff"
        assert waiting["html"].strip() in resident.html
        kiosk.card_brings("student-aid")
        assert "志愿者" in (await elsewhere.next())["html"]
        assert "志愿者" in (await ear.next())["news"], "it waits"
        kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.handed_off)
        assert "银行页面已打开" in (await ear.next())["html"], "the scene did not take the page away"
        kiosk.pay_last()
        assert await ear.next() == {"go": "/thanks"}
        kiosk.card_brings(None)
        assert (await elsewhere.next())["view"] == "attract"


async def test_the_minutes_on_a_code_are_updated_while_nothing_else_changes() -> None:
    kiosk = FakeKiosk(timings=LiveTimings(minutes_s=0.02))
    async with kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await _check_minutes(kiosk, Resident(http, url))


async def _check_minutes(kiosk: FakeKiosk, resident: Resident) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    async with listening(resident, "?view=handoff") as ear:
        assert "10 分钟内有效" in (await ear.next())["html"]
        kiosk.later_s = 61
        assert "9 分钟内有效" in (await ear.next())["html"]
        kiosk.later_s = 601
        assert "手机会先再问您一次" in (await ear.next())["html"]


async def test_a_gift_that_was_not_paid_at_the_bank_may_be_tried_again(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    intent = kiosk.giving.recorded[0].gift.intent
    async with listening(resident, "?view=handoff") as ear:
        await ear.next()
        kiosk.giving.becomes(intent, IntentState.handed_off)
        assert "请看手机" in (await ear.next())["html"]
        kiosk.giving.becomes(intent, IntentState.handed_off, ended=True)
        result = (await ear.next())["html"]
    assert "这次没有付款。想捐就再扫一次，不捐也没关系。" in result
    assert "<svg" in result


async def test_a_first_page_of_a_session_that_gave_still_follows_the_scene(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    async with listening(resident, "?view=attract") as ear:
        assert (await ear.next())["view"] == "attract"
        kiosk.pay_last()
        assert await ear.next() == {"go": "/thanks"}


async def test_live_speaks_the_language_of_the_session(resident: Resident) -> None:
    await resident.get("/")
    await resident.post("/display", language="en", back="/")
    async with listening(resident, "?view=attract") as ear:
        assert "Neighbours" in (await ear.next())["html"]


async def test_after_a_restart_forms_and_the_gift_on_the_screen_continue(kiosk: FakeKiosk) -> None:
    jar, port = aiohttp.CookieJar(unsafe=True), own_port()
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with kiosk.serve(port) as url:
            resident = Resident(http, url)
            await resident.give("elder-lunch", amount_fen="3000")
            form = resident.hidden("csrf")
        again = FakeKiosk(giving=kiosk.giving)
        async with again.serve(port), listening(resident, "?view=handoff") as ear:
            assert "<svg" in (await ear.next())["html"]
            again.pay_last()
            assert await ear.next() == {"go": "/thanks"}
            assert "7F3A-K8QZ" in await resident.get("/thanks")
            await resident.post("/next", csrf=form)
            assert (resident.status, resident.path) == (200, "/")
            await resident.get("/handoff")
            assert resident.path == "/", "the next person does not see the gift"


async def test_a_screen_whose_gift_is_lost_refers_to_the_phone_and_a_foreign_session_starts_anew(
    kiosk: FakeKiosk,
) -> None:
    jar, port = aiohttp.CookieJar(unsafe=True), own_port()
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with kiosk.serve(port) as url:
            resident = Resident(http, url)
            await resident.give("elder-lunch", amount_fen="3000")
        async with FakeKiosk().serve(port):
            async with listening(resident, "?view=handoff") as ear:
                assert "屏幕刚重启" in (await ear.next())["html"]
            jar.update_cookies({COOKIE: "0" * 72}, URL(url))
            async with listening(resident, "?view=attract") as ear:
                assert await ear.next() == {"go": "/"}
            await resident.get("/")
            async with listening(resident, "?view=attract") as ear:
                assert (await ear.next())["view"] == "attract", "no reload without end"


async def test_a_browser_without_cookies_is_not_redirected_in_a_loop(kiosk: FakeKiosk) -> None:
    async with (
        kiosk.serve() as url,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        listening(Resident(http, url), "?view=attract") as ear,
    ):
        assert (await ear.next())["view"] == "attract"


async def test_closing_the_server_ends_the_streams(kiosk: FakeKiosk) -> None:
    async with aiohttp.ClientSession() as http:
        async with asyncio.timeout(120):
            async with kiosk.serve() as url:
                response = await http.get(url + "/live")
                assert response.status == 200
            assert b"data: " in await response.read()
