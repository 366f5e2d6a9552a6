"""Test the contact page, with and without a number."""

import re
from urllib.parse import unquote

import pytest

from beacon_gateway.settings import Settings
from beacon_gateway.settings_mapping import contact
from daemonkit.toml import load
from kiosk_ui.help_views import ContactPage
from sync_contract.records import IntentState
from sync_contract.strict_model import Language
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import CALLED, HOLDER, HOURS
from tests.paths import ROOT
from tests.unit.beacon_gateway.kiosk.resident import Resident

DEMO = ROOT / "config" / "demo" / "gateway.toml"


@pytest.fixture
def published() -> ContactPage:
    return ContactPage(CALLED, HOLDER, HOURS)


@pytest.fixture
async def kiosk(published: ContactPage) -> FakeKiosk:
    return FakeKiosk(contact=published)


def shown(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition("</main>")[0]).split())


@pytest.mark.parametrize("language", Language)
async def test_the_contact_page_shows_number_holder_and_hours(
    resident: Resident, kiosk: FakeKiosk, language: Language
) -> None:
    await resident.get("/")
    await resident.post("/display", language=language, back="/")
    assert 'href="/contact?back=/privacy"' in await resident.get("/privacy")
    page = await resident.get("/help")
    assert 'href="/contact"' in page
    assert "0595 0000 0000" in shown(page)
    page = await resident.get("/contact")
    assert resident.status == 200
    for fact in ("0595 0000 0000", HOLDER[language], HOURS[language]):
        assert fact in shown(page)
    assert re.search(r'class="code".*?<svg', page, re.S)
    assert 'href="/help"' in page.partition("<main")[2]
    assert kiosk.giving.recorded == []


async def test_an_error_page_leads_to_the_contact_page_and_back(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/")
    for path in ("/nowhere", "/project/nothing", "/help/phone"):
        page = await resident.get(path)
        back = re.search(r'href="/contact\?back=([^"]+)"', page)
        assert back, path
        await resident.get(f"/contact?back={back[1]}")
        assert resident.status == 200
        assert f'class="button" href="{unquote(back[1])}"' in resident.html
    kiosk.giving.broken = True
    assert 'href="/contact?back=' in await resident.give("elder-lunch", amount_fen="3000")
    kiosk.projects.offered = {}
    assert 'href="/contact?back=/"' in await resident.get("/")


async def test_an_ended_gift_leads_to_the_contact_page(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    assert "/contact" not in resident.html.partition("<main")[2], "nothing is wrong yet"
    kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.closed)
    assert 'href="/contact?back=/handoff"' in await resident.get("/handoff")


async def test_the_contact_page_says_what_one_may_ask(resident: Resident) -> None:
    assert "项目、捐款、票据，都可以问。" in shown(await resident.get("/contact"))


async def test_every_page_contains_the_number_for_a_server_failure(resident: Resident) -> None:
    for path in ("/", "/help", "/project/elder-lunch"):
        line = re.search(r'<p id="away".*?</p>', await resident.get(path), re.S)
        assert line
        assert "0595 0000 0000" in re.sub(r"<[^>]+>", "", line[0])


class TestNothingElseIsPublished:
    @pytest.fixture
    def published(self) -> ContactPage:
        return ContactPage("12345")

    async def test_the_number_without_hours_shows_only_the_community(self, resident: Resident) -> None:
        page = await resident.get("/contact")
        assert "华大社区" in shown(page)
        assert "接听时间" not in page


class TestNoNumber:
    @pytest.fixture
    def published(self) -> ContactPage:
        return ContactPage()

    async def test_help_without_a_number_has_no_contact_link(self, resident: Resident) -> None:
        for path in ("/help", "/privacy"):
            page = await resident.get(path)
            assert "/contact" not in page
            assert "请到社区办公室问" in page

    async def test_an_error_page_without_a_number_has_no_contact_link(self, resident: Resident) -> None:
        for path in ("/nowhere", "/project/nothing", "/help/phone"):
            page = await resident.get(path)
            assert "/contact" not in page
            assert 'class="number"' not in page

    async def test_the_contact_page_without_a_number_shows_no_code(self, resident: Resident) -> None:
        page = await resident.get("/contact")
        assert resident.status == 200
        assert "请问问社区工作人员" in shown(page)
        assert "tel:" not in page
        assert 'class="code"' not in page


def test_the_contact_page_uses_the_settings() -> None:
    view = contact(load(DEMO, Settings))
    assert view.phone == CALLED
    for language in Language:
        assert view.holder is not None
        assert view.hours is not None
        assert (view.holder[language], view.hours[language]) == (HOLDER[language], HOURS[language])
