"""Open phone pages: community name, help, privacy, larger text, and a link onward from every notice."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from central_server.catalogue.display_name import NameLookup
from central_server.store.catalogue.bindings import Target
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.unit.central_server.catalogue_world import NOW, UUID_1, bound, known, texts
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_phone_gifts import BOUND, POSTER, Resident
from tests.unit.kiosk_ui.printed import printed

NAME = Texts.model_validate({"zh-Hans": "东美社区", "zh-Hant": "東美社區", "en": "Dongmei"})
SETTING = texts("Server")


def brand(page: Page) -> str:
    found = re.search(r'<p class="brand">.*?<span>(.*?)</span>', page.html, re.S)
    assert found is not None
    return found[1].split("<b>")[0].strip()


async def until(donor: Donor, page: Page, words: str) -> Page:
    async with asyncio.timeout(60):
        while words not in page.text():
            await asyncio.sleep(0.05)
            page = await donor.open(page.url)
    return page


@pytest.fixture
async def city(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    """Huada as enrolment adds it, and Dongmei with a name, a beacon and a site."""
    async with running_central(tmp_path / "central", bank, config=CONFIG + BOUND, store=store_url) as central:
        now = datetime.now(UTC)
        async with central.database() as database, database.write() as connection:
            await places.plant_community(connection, "huada", now)
            await places.plant(connection, Place("dongmei", PlaceKind.community, TOP, NAME), now)
            await places.plant(connection, Place("hall", PlaceKind.site, "dongmei", texts("The hall")), now)
            there = BeaconId(UUID_1, 9, 1)
            await known(connection, there, place="dongmei")
            await bound(connection, Target.beacon, there, place="dongmei", project="lunch")
        yield central


@pytest.mark.parametrize("language", Language)
async def test_a_page_shows_the_name_of_its_community(
    city: RunningCentral, session: aiohttp.ClientSession, language: Language
) -> None:
    donor = Donor(session, language=language)
    for path in ("/s/at/dongmei", "/s/at/hall", "/help/dongmei", "/privacy/hall", "/contact/dongmei?back=/s"):
        page = await donor.open(city.url + path)
        assert brand(page) == NAME[language], path
        assert f"· {NAME[language]}</title>" in page.html, path
    assert brand(await donor.open(f"{city.url}/s")) not in (NAME[language], "huada"), "of no community: the server's"


async def test_the_name_is_of_the_place_or_of_the_settings(database: Database) -> None:
    async def at(place: str | None) -> Texts:
        async with database.read() as connection:
            return await NameLookup(SETTING).at(connection, place)

    assert await at(None) == SETTING
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
    assert [await at(place) for place in (None, "huada", TOP)] == [SETTING] * 3, "nobody gave it a name yet"
    async with database.write() as connection:
        await places.rename(connection, "huada", texts("Huada"))
    assert [await at(place) for place in (None, "huada", TOP)] == [texts("Huada")] * 3
    async with database.write() as connection:
        await places.plant(connection, Place("dongmei", PlaceKind.community, TOP, NAME), NOW)
        await places.plant(connection, Place("hall", PlaceKind.site, "dongmei", texts("Hall")), NOW)
    assert [await at(place) for place in (None, TOP)] == [SETTING] * 2
    assert [await at(place) for place in ("huada", "dongmei", "hall")] == [texts("Huada"), NAME, NAME]


async def test_a_slip_shows_the_name_of_its_community(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    gateway = await enrolled(central, DeliveringGateway(session, central.url), "dongmei")
    async with central.database() as database, database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
        await places.rename(connection, "dongmei", NAME)
    page = await until(donor, await donor.give(f"{central.url}/t/{gateway.ticket(gateway.intent())}"), "Thank you")
    assert brand(page) == NAME.en
    async with session.get(f"{page.url}/slip.pdf", headers={"Accept-Language": "en"}) as answer:
        slip = printed(await answer.read())
    assert "Dongmei" in slip.text


async def test_the_bare_address_leads_to_the_projects(city: RunningCentral, donor: Donor) -> None:
    page = await donor.open(f"{city.url}/")
    assert (page.status, page.url) == (200, f"{city.url}/s")


async def test_every_notice_links_onward(city: RunningCentral, donor: Donor) -> None:
    for path in ("/no-such-page", "/s/at/nowhere", "/g/" + "0" * 43, "/t/AAAA", "/help/nowhere"):
        page = await donor.open(city.url + path)
        assert page.status >= 400, path
        assert 'class="button" href="/s' in page.html, path


@pytest.mark.parametrize(("path", "words"), [("/help", "location for WeChat"), ("/privacy", "deleted 90 days after")])
async def test_help_and_privacy_are_one_touch_away_and_lead_back(
    city: RunningCentral, donor: Donor, path: str, words: str
) -> None:
    shown = await donor.open(f"{city.url}/s/at/dongmei")
    asked = f"{path}/dongmei?back={quote('/s/at/dongmei')}"
    assert f'href="{asked}"' in shown.html
    page = await donor.open(city.url + asked)
    assert page.status == 200
    assert words in page.text()
    assert 'class="button" href="/s/at/dongmei"' in page.html
    stray = await donor.open(f"{city.url}{path}?back=//evil.example/")
    assert 'class="button" href="/s"' in stray.html


async def test_larger_text_is_one_touch_and_lasts_until_the_browser_is_closed(
    city: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    first = await donor.open(f"{city.url}/s/at/dongmei?lang=en")
    assert 'class="text-usual theme-system"' in first.html
    assert 'href="?lang=en&amp;text=larger"' in first.html
    async with session.get(f"{city.url}/s?text=larger") as answer:
        cookie = answer.cookies["text"]
    assert (cookie.value, cookie["max-age"], cookie["expires"]) == ("larger", "", "")
    later = await donor.open(f"{city.url}/s/at/dongmei")
    assert 'class="text-larger' in later.html
    assert 'href="?text=largest"' in later.html
    odd = await donor.open(f"{city.url}/s?text=%22%3E%3Cb%3E")
    assert 'class="text-usual' in odd.html


async def test_after_cancelling_at_the_bank_the_donor_can_start_over_at_the_same_door(
    city: RunningCentral, session: aiohttp.ClientSession
) -> None:
    resident = Resident(session, city)
    for door in (POSTER, f"{POSTER}?nfc"):
        bank = await resident.press(await resident.open(door), amount_fen="3000")
        back = await until(resident.donor, await resident.donor.press(bank, decision="cancel"), "Not completed")
        assert f'<a class="button main" href="{door.lower()}">' in back.html
        assert "screen in the hall" not in back.text()


async def test_without_a_typed_code_only_the_screen_can_start_over(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    bank = await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent())}"))
    back = await until(donor, await donor.press(bank, decision="cancel"), "Not completed")
    assert "choose an amount again at the screen in the hall" in back.text()
    assert 'class="button" href="/s/at/huada"' in back.html
