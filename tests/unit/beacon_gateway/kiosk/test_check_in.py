"""The check-in code on the screen: made without a network, shown whole, replaced in time, absent unless asked for."""

from datetime import UTC, datetime

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.handoff.check_in import CheckInHandoff
from beacon_gateway.kiosk.pages.check_in import seconds_to_next
from kiosk_ui.check_in_views import MAX_TURNS
from kiosk_ui.qr import qr_svg
from sync_contract.check_in_code import parse
from sync_contract.records import ClockReading
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.test_live import listening

BOOT, GATEWAY = "ab" * 16, "0102030405060708"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Hall:
    """A gateway whose clock, key and standing with the server are set by hand."""

    def __init__(self) -> None:
        self.second = 29.8
        self.key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.barred = False
        self.handoff = CheckInHandoff(
            "https://give.example.org/",
            Environment.drill,
            lambda: Signer(GATEWAY, self.key),
            lambda: ClockReading(wall=NOON, boot=BOOT, monotonic_ns=int(self.second * 10**9), trusted=False),
            lambda: self.barred,
        )

    def url(self) -> str:
        shown = self.handoff.shown()
        assert shown is not None
        return shown.url


def test_the_url_holds_a_code_of_this_gateway_and_its_key_of_now() -> None:
    hall = Hall()
    for _ in range(2):
        server, _, text = hall.url().rpartition("/C/")
        assert server == "https://GIVE.EXAMPLE.ORG"
        code = parse(text).verify(hall.key.public_key())
        assert (code.gateway, code.boot, code.counter, code.clock_trusted) == (GATEWAY, BOOT, 0, False)
        hall.key = Ed25519PrivateKey.generate()
    assert seconds_to_next(hall.handoff.shown()) == pytest.approx(0.25)
    hall.barred = True
    assert hall.handoff.shown() is None


async def test_the_page_shows_the_code_and_then_the_next_one_by_itself() -> None:
    hall = Hall()
    kiosk = FakeKiosk(show_code=hall.handoff.shown)
    async with kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        resident = Resident(http, url)
        assert '<a href="/check-in">' in await resident.get("/")
        page = await resident.get("/check-in")
        assert qr_svg(hall.url()) in page
        assert 'content="1;url=/check-in?turn=1"' in page, "without JavaScript"
        assert f'content="1;url=/check-in?turn={MAX_TURNS - 1}"' in await resident.get(
            f"/check-in?turn={MAX_TURNS - 2}"
        )
        for last in (str(MAX_TURNS - 1), "999"):
            assert 'content="1;url=/"' in await resident.get(f"/check-in?turn={last}"), (
                "the screen is not left like that"
            )
        assert 'content="1;url=/check-in?turn=1"' in await resident.get("/check-in?turn=-1²")
        async with listening(resident, "?view=check_in") as ear:
            first = await ear.next()
            assert first["view"] == "check_in"
            assert qr_svg(hall.url()) in first["html"]
            hall.second = 30.0
            assert qr_svg(hall.url()) in (await ear.next())["html"], "nothing but the time has passed"
            hall.barred = True
            kiosk.current_scene.poke()
            assert "把您写进名单" in (await ear.next())["html"]
        assert 'class="code"' not in await resident.get("/check-in")


async def test_a_screen_without_check_in_has_no_sign_of_it(resident: Resident) -> None:
    assert "check-in" not in await resident.get("/")
    await resident.get("/check-in")
    assert resident.status == 404
    async with listening(resident, "?view=check_in") as ear:
        assert "html" not in await ear.next()
