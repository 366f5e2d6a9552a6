"""Gateways are renamed, moved within their community, retired, and found among thousands."""

import re

import aiohttp

from central_server.staff.enrolment.gateway_select import MAX_OPTIONS, select_gateways
from central_server.staff.enrolment.gateways_page import PAGE
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.enrolling_device import invited
from tests.unit.central_server.alerts.test_rejected_requests import NOW
from tests.unit.central_server.enrolment_steps import device
from tests.unit.central_server.staff.test_overview import text
from tests.unit.central_server.staff.test_staff import logged_in


def called(name: str) -> Texts:
    return Texts.model_validate({"zh-Hans": name, "zh-Hant": name, "en": name})


async def sent(donor: Donor, page: Page, path: str, **fields: str) -> Page:
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    return await donor.send(path, {"csrf": csrf[1], **fields})


@sqlite_only
async def test_a_gateway_is_renamed_and_moved_within_its_community_only(central: RunningCentral, donor: Donor) -> None:
    async with central.database() as database:
        gateway, _ = await invited(database, label="Old name")
        async with database.write() as connection:
            await places.plant_community(connection, "elsewhere", NOW)
            await places.plant(connection, Place("annex", PlaceKind.site, "huada", called("Annex")), NOW)
        await logged_in(central, donor)
        at = f"{central.url}/staff/gateways/{gateway.id}"
        page = await donor.open(f"{at}/change")
        assert "elsewhere" not in page.text()
        page = await sent(donor, page, f"{at}/change", label="Reading room", place="elsewhere")
        assert "It can move within its community only." in page.text()
        page = await sent(donor, page, f"{at}/change", label="Reading room", place="annex")
        assert "Reading room" in page.text()
        assert "Annex" in page.text()
        async with database.read() as connection:
            stored = await gateways.get(connection, gateway.id)
        assert stored == Gateway(gateway.id, "huada", "Reading room", "annex")
        assert "Changed a gateway" in text(await donor.open(f"{central.url}/staff/audit"))


@sqlite_only
async def test_a_retired_gateway_leaves_the_overview_and_keeps_its_history(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with central.database() as database:
        gateway, code = await invited(database, label="Old hall")
    pi = device(central, session)
    await pi.enrol(code)
    await pi.deliver([pi.statistics()])
    await pi.report(damaged=3)
    overview = text(await logged_in(central, donor))
    assert "Old hall: records damaged by its memory card: 3." in overview
    at = f"{central.url}/staff/gateways/{gateway.id}"
    page = await sent(donor, await donor.open(f"{at}/retire"), f"{at}/retire")
    assert "It is retired" in page.text()
    assert f"/staff/gateways/{gateway.id}/code" not in page.html
    assert (await pi.report())[1]["code"] == "key_revoked"
    assert "Old hall" not in text(await donor.open(f"{central.url}/staff/"))
    assert "Old hall" not in text(await donor.open(f"{central.url}/staff/gateways"))
    assert "Old hall" in text(await donor.open(f"{central.url}/staff/gateways?state=retired"))
    assert "Beacon report." in text(await donor.open(f"{central.url}/staff/log?gateway={gateway.id}"))
    page = await sent(donor, await donor.open(f"{at}/retire"), f"{at}/retire")
    assert f"/staff/gateways/{gateway.id}/code" in page.html
    assert "Old hall" in text(await donor.open(f"{central.url}/staff/gateways"))


@sqlite_only
async def test_of_many_gateways_one_sees_a_part_and_finds_the_one_by_a_word(
    central: RunningCentral, donor: Donor
) -> None:
    async with central.database() as database, database.write() as connection:
        for community in ("dongmei", "beifeng"):
            await places.plant_community(connection, community, NOW)
            for number in range(MAX_OPTIONS):
                await gateways.add(
                    connection, Gateway(f"{community[0]}{number:015x}", community, f"Hall {number}"), NOW
                )
    await logged_in(central, donor)
    listed = await donor.open(f"{central.url}/staff/gateways")
    assert listed.html.count('<td class="what">') == PAGE
    assert "Gateways: 200." in listed.text()
    more = re.search(r'href="(/staff/gateways\?after=[0-9a-f]+)"', listed.html)
    assert more is not None
    second = await donor.open(f"{central.url}{more[1]}")
    assert second.html.count('<td class="what">') == PAGE
    assert not set(re.findall(r"/staff/gateways/[0-9a-f]{16}", listed.html)) & set(
        re.findall(r"/staff/gateways/[0-9a-f]{16}", second.html)
    )
    found = await donor.open(f"{central.url}/staff/gateways?words=DONGMEI")
    assert "Gateways: 100." in found.text()
    assert "No gateway matches this filter." in text(await donor.open(f"{central.url}/staff/gateways?words=nowhere"))
    assert "Gateways: 200." in text(await donor.open(f"{central.url}/staff/gateways?state=new"))
    log = await donor.open(f"{central.url}/staff/log?named=beifeng")
    assert "beifeng · Hall 7" in log.html
    assert "dongmei · Hall 7" not in log.html
    assert "beifeng · Hall 7" in (await donor.open(f"{central.url}/staff/figures?named=beifeng")).html


def test_the_chosen_one_stays_among_those_of_the_choice() -> None:
    known = [Gateway(f"{number:016x}", "huada", f"Hall {number}") for number in range(MAX_OPTIONS + 5)]
    names = {"huada": called("Huada")}
    last = known[-1].id
    choice = select_gateways(known, names, Language.en, "", last)
    assert choice.many
    assert choice.options[0] == (last, f"Hall {MAX_OPTIONS + 4}")
    assert len(choice.options) == MAX_OPTIONS
    assert select_gateways(known, names, Language.en, "hall 3", last).options[1] == (known[3].id, "Hall 3")
    assert not select_gateways(known[:3], names, Language.en, "", "").many


@sqlite_only
async def test_whoever_is_logged_in_keeps_the_menu_on_a_page_that_is_not_there(
    central: RunningCentral, donor: Donor
) -> None:
    strangers = await donor.open(f"{central.url}/staff/nowhere")
    assert "There is no such page" in strangers.text()
    assert "/staff/gateways" not in strangers.html
    await logged_in(central, donor)
    for path in ("nowhere", f"gateways/{'0' * 16}"):
        page = await donor.open(f"{central.url}/staff/{path}")
        assert page.status == 404
        assert "There is no such page" in page.text()
        assert 'href="/staff/gateways"' in page.html
