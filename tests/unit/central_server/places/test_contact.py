"""Show the phone number on phone pages: a button that dials, of the page's community, and a link back."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.display_name import NameLookup
from central_server.public.phone_pages.contact_page import ContactPages
from central_server.public.phone_pages.error_pages import contact_on_errors, error_pages, store_errors
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.store.catalogue.bindings import Target
from central_server.store.donations import intents
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreUnavailable
from central_server.store.engine.tables import gateways
from central_server.store.ledger.ledger_lines import of_intent
from central_server.store.places import contacts, places
from central_server.store.places.contacts import Contact
from central_server.store.places.places import Place, PlaceKind
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.help_views import ContactPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.unit.central_server.catalogue_world import UUID_1, bound, known, texts
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_giving import until_paid
from tests.unit.kiosk_ui.printed import printed

PUBLISHED = CONFIG.replace(
    "[bank]",
    """contact_phone = "0595-0000 0000"
contact_name = { zh-Hans = "党支部", zh-Hant = "黨支部", en = "Party branch" }

[bank]""",
    1,
)
NUMBERS = {"huada": "0595-1111 1111", "neighbours": "0595-2222 2222", "hall": "0595-3333 3333"}
"""By place; the hall stands in huada."""
BEACONS = {place: BeaconId(UUID_1, 9, number) for number, place in enumerate(NUMBERS)}


@pytest.mark.parametrize(
    ("language", "holder"),
    [(Language.zh_hans, "党支部"), (Language.zh_hant, "黨支部"), (Language.en, "Party branch")],
)
async def test_every_page_links_to_a_button_that_dials_and_back(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, language: Language, holder: str
) -> None:
    async with running_central(tmp_path / "central", bank, config=PUBLISHED) as central:
        donor = Donor(session, language=language)
        assert 'href="/contact?back=/s"' in (await donor.open(f"{central.url}/s")).html
        asked = f"/t?code=7F3A-K8YZ&lang={language}"
        assert f'href="/contact?back={quote(asked)}"' in (await donor.open(central.url + asked)).html
        page = await donor.open(f"{central.url}/contact?back={quote(asked)}")
        assert page.status == 200
        assert 'href="tel:059500000000"' in page.html
        assert "0595 0000 0000" in " ".join(page.text().split())
        assert holder in page.html
        assert f'href="{asked.replace("&", "&amp;")}"' in page.html
        assert 'href="/contact' not in page.html, "no way to itself"


async def test_the_link_back_never_leads_to_another_site(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    async with running_central(tmp_path / "central", bank, config=PUBLISHED) as central:
        for path, home in (("/contact", "/s"), ("/contact/all", "/s/at/all"), ("/contact/no", "/s")):
            for back in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1", ""):
                page = await Donor(session).open(f"{central.url}{path}?back={quote(back)}")
                assert f'class="button" href="{home}"' in page.html, (path, back)
                assert "evil" not in page.html.partition("<main")[2].partition("</main>")[0], (path, back)


async def test_without_a_number_no_page_links_to_one(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    async with running_central(tmp_path / "central", bank) as central:
        donor = Donor(session)
        for path in ("/s", "/s/at/all", "/no-such-page"):
            assert "/contact" not in (await donor.open(central.url + path)).html
        for path in ("/contact", "/contact/all"):
            page = await donor.open(central.url + path)
            assert page.status == 200
            assert "Please ask at the community office." in page.text()
            assert "tel:" not in page.html


@pytest.fixture
async def city(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    """Two communities, each with a number and a beacon, and a hall in one of them with its own."""
    async with running_central(tmp_path / "central", bank, config=PUBLISHED, store=store_url) as central:
        now = datetime.now(UTC)
        async with central.database() as database, database.write() as connection:
            await places.plant_community(connection, "huada", now)
            await places.plant_community(connection, "neighbours", now)
            await places.plant(connection, Place("hall", PlaceKind.site, "huada", texts("The hall")), now)
            for place, phone in NUMBERS.items():
                await contacts.put(connection, place, Contact(phone, texts(f"Office of {place}")))
        yield central


class Resident:
    """Opens pages and follows the way to the number that each offers."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.donor = Donor(session)
        self.url = url

    async def calls(self, page: Page) -> str:
        """The number to which the page leads; empty when it leads to none."""
        found = re.search(r'<footer class="foot">\s*<nav[^>]*>\s*<a href="(/contact[^"]*)"', page.html)
        if found is None:
            return ""
        contact = await self.donor.open(self.url + found[1])
        assert contact.status == 200
        assert f'class="button" href="{page.url.removeprefix(self.url)}"' in contact.html, "it leads back"
        dials = re.search(r'href="tel:([0-9]+)"', contact.html)
        assert dials is not None, contact.text()
        return dials[1]

    async def asked(self, path: str) -> tuple[int, str]:
        page = await self.donor.open(self.url + path)
        return page.status, await self.calls(page)


def community_of(place: str) -> str:
    return "huada" if place == "hall" else place


def digits(place: str) -> str:
    return re.sub(r"[^0-9]", "", NUMBERS[place])


@pytest.mark.parametrize("community", ["huada", "neighbours"])
async def test_each_page_of_a_gift_leads_to_the_number_of_its_own_community(
    city: RunningCentral, session: aiohttp.ClientSession, community: str
) -> None:
    resident = Resident(session, city.url)
    gateway = await enrolled(city, DeliveringGateway(session, city.url), community)
    number, parcel = digits(community), gateway.intent()
    await gateway.deliver([parcel])
    ticket = f"/t/{gateway.ticket(parcel)}"
    assert await resident.asked(ticket) == (200, number)
    assert await resident.asked(f"/t/{gateway.ticket(gateway.intent(project='unknown'))}") == (404, number)
    assert await resident.asked(f"/t/{gateway.ticket(parcel, amount=Money(7000))}") == (400, number), "contradicts"
    async with session.post(city.url + ticket, data={"csrf": "0"}) as answer:
        expired = Page(answer.status, city.url + ticket, await answer.text())
    assert (expired.status, await resident.calls(expired)) == (403, number), "also where the form had expired"
    async with city.database() as database, database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
    assert intent is not None
    assert await resident.asked(f"/t?code={intent.code}") == (200, number)
    paid = await until_paid(resident.donor, await resident.donor.give(city.url + ticket))
    assert await resident.calls(paid) == number
    assert await resident.asked(f"{paid.url.removeprefix(city.url)}/receipt") == (200, number)
    async with session.get(f"{paid.url}/slip.pdf") as answer:
        slip = printed(await answer.read()).text
    assert [place for place, phone in NUMBERS.items() if phone.replace(" ", "") in slip] == [community]
    assert await resident.asked(ticket) == (200, number)
    async with city.database() as database, database.read() as connection:
        (line,) = await of_intent(connection, gateway.id, parcel.id)
    assert await resident.asked(f"/v/{line.secret}") == (200, number)
    assert await resident.asked(f"/v?slip={line.slip}") == (200, "059500000000"), (
        "a slip number reveals nothing of its gift"
    )


@pytest.mark.parametrize("community", ["huada", "neighbours"])
async def test_each_page_of_a_community_leads_to_its_number(
    city: RunningCentral, session: aiohttp.ClientSession, community: str
) -> None:
    resident, number = Resident(session, city.url), digits(community)
    for path, status in (
        ("", 200), ("/lunch", 200), ("/ended", 200), ("/unknown", 404),
    ):  # fmt: skip
        assert await resident.asked(f"/s/at/{community}{path}") == (status, number), path
    assert await resident.asked(f"/board/{community}") == (200, number)


async def test_the_page_of_a_beacon_or_a_gateway_leads_to_the_number_of_where_it_stands(
    city: RunningCentral, session: aiohttp.ClientSession
) -> None:
    resident = Resident(session, city.url)
    gateway = await enrolled(city, DeliveringGateway(session, city.url))
    async with city.database() as database, database.write() as connection:
        for place, beacon in BEACONS.items():
            await known(connection, beacon, place=place)
            await bound(connection, Target.beacon, beacon, project="lunch", place=community_of(place))
        await connection.execute(update(gateways).where(gateways.c.id == gateway.id).values(site="hall"))
    assert await resident.asked(f"/t/{gateway.ticket(gateway.intent())}") == (200, digits("hall"))
    for place, beacon in BEACONS.items():
        assert await resident.asked(f"/h/{beacon}") == (200, digits(place)), place
        question = {"beacons": [{"uuid": str(beacon.uuid), "major": beacon.major, "minor": beacon.minor, "rssi": -60}]}
        async with session.post(f"{city.url}/api/v1/shake", json=question) as answer:
            shaken = (await answer.json())["found"]["presence_pass"]
        assert await resident.asked(f"/s/{shaken}") == (200, digits(community_of(place))), place


async def test_pages_of_no_community_lead_to_the_servers_own_number(
    city: RunningCentral, session: aiohttp.ClientSession
) -> None:
    resident = Resident(session, city.url)
    for path, status in (
        ("/s", 200), ("/t", 200), ("/v", 200), ("/s/at/nowhere", 404), ("/board/nowhere", 404), ("/no-such-page", 404),
        (f"/h/{UUID_1}/9/9", 404), (f"/g/{'x' * 22}", 404), ("/t/FORGED", 400),
    ):  # fmt: skip
        assert await resident.asked(path) == (status, "059500000000"), path


class Away(Database):
    """A database that does not answer."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        for connection in self.connections:
            yield connection
        raise StoreUnavailable("away")


class NoStaff:
    def error(self, request: web.Request, status: int) -> web.Response:
        return web.Response(status=status)


@pytest.mark.parametrize("setting", ["0595-0000 0000", ""])
async def test_without_the_database_the_servers_own_number_is_shown(
    session: aiohttp.ClientSession, setting: str
) -> None:
    pages = Pages(environment=Environment.drill, site=texts("Huada"), surface=Surface.phone)
    call = ContactLookup(ContactPage(setting))
    responder = PageResponder(pages, Away(), call, NameLookup(texts("Huada")))
    rules = WebRules(frozenset({"127.0.0.1"}), b"only for tests")
    error_page = error_pages(responder, NoStaff())
    app = guarded_app(rules, error_page=error_page, middlewares=[contact_on_errors(responder), store_errors])
    app.add_routes(ContactPages(Away(), responder, call).routes())
    async with serving(app, "127.0.0.1", 0) as url:
        donor = Donor(session)
        page = await donor.open(f"{url}/contact")
        assert (page.status, "tel:059500000000" in page.html) == ((200, True) if setting else (503, False))
        page = await donor.open(f"{url}/contact/huada")
        assert (page.status, "tel:" in page.html) == (503, False), "unknown without the database"
        assert ('<a href="/contact?back=/contact/huada">' in page.html) == bool(setting)


async def test_an_unknown_place_gets_a_page_without_a_number(
    city: RunningCentral, session: aiohttp.ClientSession
) -> None:
    for place in ("nowhere", "..%5c..", "%00", "x" * 64, "'", "%F0%9F%98%80"):
        page = await Donor(session).open(f"{city.url}/contact/{place}")
        assert page.status == 404, place
        assert "tel:" not in page.html, place
        assert "Please ask at the community office." in page.text(), place
        assert 'class="button" href="/s"' in page.html, place
