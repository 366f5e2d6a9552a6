"""Print a beacon's poster from the staff page and from the command line."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.commands import import_, poster
from central_server.commands.poster import PosterRequest
from central_server.settings import Settings
from central_server.staff.catalogue.poster_page import PosterPage
from central_server.staff.frame.page_frame import PageFrame
from central_server.store.catalogue import beacons
from central_server.store.catalogue.bindings import Target
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.places import contacts
from central_server.store.places.contacts import Contact
from central_server.store.places.places import plant_community
from daemonkit.toml import load
from kiosk_ui.help_views import ContactPage
from kiosk_ui.paper.poster import Paper
from sync_contract.catalogue import BeaconKind
from sync_contract.code_address import in_capitals
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG, RunningCentral
from tests.fakes.donor import Donor
from tests.unit.central_server.catalogue_world import CARD, DOOR, HALL, NOW, UUID_1, bound, known
from tests.unit.central_server.staff.test_staff import logged_in
from tests.unit.central_server.staff_desk import Browser, account, running_desk
from tests.unit.kiosk_ui.printed import Printed, codes, printed

ADDRESS = f"/H/{DOOR}".upper()


@pytest.fixture
async def page_of(central: RunningCentral, donor: Donor) -> Callable[[int], str]:
    async with central.database() as database, database.write() as connection:
        await plant_community(connection, "huada", NOW)
        await known(connection, DOOR)
        await known(connection, HALL)
        await known(connection, CARD, BeaconKind.person)
        await bound(connection, Target.beacon, DOOR, project="lunch")
        ids = {row.beacon.minor: row.id for row in await beacons.same(connection, (DOOR, HALL, CARD))}
    await logged_in(central, donor)
    return lambda minor: f"{central.url}/staff/beacons/{ids[minor]}"


async def fetched(session: aiohttp.ClientSession, url: str) -> Printed:
    async with session.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return printed(await answer.read())


async def test_staff_print_the_project_that_the_beacon_brings(
    page_of: Callable[[int], str], central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    assert f'href="{page_of(1).removeprefix(central.url)}/poster"' in (await donor.open(page_of(1))).html
    page = await donor.open(f"{page_of(1)}/poster")
    assert '<option value="lunch" selected>' in page.html
    query = "paper=a4&language=zh-Hant-en&project=&phone=0595-2269+0000"
    made = await fetched(session, f"{page_of(1)}/poster.pdf?{query}")
    assert codes(made.picture(110)) == [in_capitals(central.url) + ADDRESS]
    for words in ("長者愛心午餐", "Warmlunches", "DRILL-F-1", "演練", "0595-22690000", "huada"):
        assert words in made.text
    sheet = await fetched(session, f"{page_of(1)}/poster.pdf?paper=nfc&project=ended")
    assert sheet.text.count("旧项目") == 8
    assert f"{central.url}{ADDRESS}?nfc".lower() in sheet.text


async def test_the_number_of_the_beacons_place_is_offered_and_may_be_removed(
    page_of: Callable[[int], str], central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    assert 'name="phone" type="tel" maxlength="30"' in (await donor.open(f"{page_of(1)}/poster")).html
    async with central.database() as database, database.write() as connection:
        await contacts.put(connection, "huada", Contact("0595-1111 1111"))
    assert 'value="0595-1111 1111"' in (await donor.open(f"{page_of(1)}/poster")).html
    assert 'value="0595-1111 1111"' not in (await donor.open(f"{page_of(1)}/poster?phone=")).html
    assert "0595-1111" not in (await fetched(session, f"{page_of(1)}/poster.pdf?phone=")).text


async def test_a_beacon_that_brings_nothing_is_printed_once_a_project_is_chosen(
    page_of: Callable[[int], str], donor: Donor, session: aiohttp.ClientSession
) -> None:
    assert "No project is bound to this beacon now." in (await donor.open(f"{page_of(2)}/poster")).text()
    for query in ("", "?project=nothing", "?paper=sail&language=tlh&phone=<hr>"):
        page = await donor.open(f"{page_of(2)}/poster.pdf{query}")
        assert (page.status, "No project is bound" in page.text()) == (422, True)
        assert "<hr>" not in page.html
    assert "旧项目" in (await fetched(session, f"{page_of(2)}/poster.pdf?project=ended")).text


async def test_a_persons_tag_has_no_poster(page_of: Callable[[int], str], donor: Donor) -> None:
    assert "/poster" not in (await donor.open(page_of(3))).html
    for path in ("/poster", "/poster.pdf?project=lunch"):
        assert (await donor.open(page_of(3) + path)).status == 404


async def test_missing_fonts_are_reported_with_their_package(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, NOW)
    async with database.write() as connection:
        await plant_community(connection, "huada", NOW)
        await known(connection, DOOR)
        await bound(connection, Target.beacon, DOOR, project="lunch")
        (door,) = await beacons.same(connection, [DOOR])
    await account(database, "chen")

    def pages(frame: PageFrame) -> list[web.RouteDef]:
        contacts = ContactLookup(ContactPage("0595-0000 0000"))
        return PosterPage(frame, Environment.drill, lambda: "http://127.0.0.1", contacts, fonts=tmp_path).routes()

    async with running_desk(database, more=pages) as desk:
        staff = Browser(desk, "203.0.113.1")
        await staff.log_in("chen")
        page = await staff.open(f"/staff/beacons/{door.id}/poster.pdf")
    assert page.status == 422
    assert "fonts-noto-cjk" in page.text()
    assert "<button disabled>" in page.html


async def sown(config: Path, state: Path) -> None:
    """As a server does on its first start."""
    async with open_database(sqlite_url(state / "central.db")) as database:
        await seed_catalogue(database, load(config, Settings).projects, {}, NOW)


def test_the_command_prints_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, rows, file = tmp_path / "central.toml", tmp_path / "rows.csv", tmp_path / "made.pdf"
    config.write_text(CONFIG, encoding="utf-8")
    asyncio.run(sown(config, tmp_path))
    options = PosterRequest(str(UUID_1), 1, 1, Paper.a3, ("en",), "lunch", "0595-1")
    assert poster.run(config, tmp_path, options, file) == 1
    assert "no such beacon" in capsys.readouterr().err
    rows.write_text(f"place,uuid,major,minor,kind,label\nall,{UUID_1},1,1,place,Door\n", encoding="utf-8")
    assert import_.run(config, tmp_path, "beacons", rows, "all", yes=True) == 0
    unbound = PosterRequest(str(UUID_1), 1, 1, Paper.a3, ("en",))
    assert poster.run(config, tmp_path, unbound, file) == 1
    assert "--project" in capsys.readouterr().err
    assert not file.exists()
    assert poster.run(config, tmp_path, options, file) == 0
    made = printed(file.read_bytes())
    assert made.size == (297, 420)
    assert codes(made.picture(72)) == [f"http://127.0.0.1:8040{ADDRESS}"]
    named = CONFIG + '\n[server]\npublic_url = "https://give.example.org"\n'
    config.write_text(named, encoding="utf-8")
    assert poster.run(config, tmp_path, options, file) == 0
    assert codes(printed(file.read_bytes()).picture(72)) == [f"https://GIVE.EXAMPLE.ORG{ADDRESS}"]
    config.write_text(named.replace("[bank]", 'contact_phone = "12345"\n[bank]', 1), encoding="utf-8")
    for each, phone in (
        (options, "0595-1"),
        (replace(options, phone=None), "12345"),
        (replace(options, phone=""), ""),
    ):
        assert poster.run(config, tmp_path, each, file) == 0
        text = printed(file.read_bytes()).text
        assert [number for number in ("0595-1", "12345") if number in text] == ([phone] if phone else [])
    wrong = PosterRequest("not-a-uuid", 1, 1, Paper.a4, ("en",), "lunch")
    assert poster.run(config, tmp_path, wrong, file) == 1
