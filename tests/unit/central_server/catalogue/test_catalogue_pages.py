"""Edit the catalogue on the staff pages: faults at their fields, typed values preserved, conflicting saves shown."""

import re
from html import unescape

import aiohttp
import pytest

from central_server.accounts.access import Role
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import ProjectChanged
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.catalogue import beacons, bindings, organisations, projects
from central_server.store.catalogue.bindings import Target
from central_server.store.engine import versioned_rows
from central_server.store.engine.tables import gateway_reports, installation
from central_server.store.places.places import TOP, Place, PlaceKind, plant, plant_community
from sync_contract.beacon_identity import BeaconId
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.editor import Editor, form_of
from tests.fakes.staff_account import set_password
from tests.unit.central_server.catalogue_world import DOOR, NOW, UUID_1, bound, known, pulled, texts
from tests.unit.central_server.staff.test_staff import PASSWORD


def faults(page: Page) -> dict[str, str]:
    shown = re.findall(r'class="amiss" id="fault-([a-z_]+)">([^<]*)<', page.html)
    return {name: unescape(text) for name, text in shown}


async def test_an_edited_title_reaches_the_gateway(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    before = await pulled(gateway, central)
    page = await editor.open("/staff/projects/all/lunch")
    saved = await editor.save(page, title_en="Soup for elders", goal_yuan="5000.50")
    assert saved.url.endswith("/staff/projects/all/lunch?saved=1")
    assert "Saved." in saved.text()
    after = await pulled(gateway, central)
    assert after.version > before.version
    lunch = after.projects[0]
    assert (lunch.title.en, lunch.title.zh_hans, lunch.goal_fen) == ("Soup for elders", "长者爱心午餐", 500_050)
    assert lunch.permit == before.projects[0].permit
    async with central.database() as database, database.read() as connection:
        ((_, line),) = [
            each for each in await audit_trail.page(connection, [TOP]) if isinstance(each[1].action, ProjectChanged)
        ]
    assert isinstance(line.action, ProjectChanged)
    assert (line.account, line.place, line.action.subject) == ("chen", TOP, "lunch")
    assert FieldChange("title_en", "Warm lunches", "Soup for elders") in line.action.changes


async def test_placeholders_of_the_shipped_files_are_for_drills_only(editor: Editor, central: RunningCentral) -> None:
    page = await editor.open("/staff/projects/all/lunch")
    drill = await editor.save(page, payee_en="Hall account (fill in)")
    assert drill.url.endswith("?saved=1")
    assert "come with the software: Hall account (fill in)" in unescape(drill.text())
    async with central.database() as database, database.write() as connection:
        await connection.execute(installation.update().values(environment="real"))
    real = await editor.save(drill, payee_en="Hall account (fill in)", summary_en="Soup")
    assert real.status == 422
    assert faults(real)["payee_en"].startswith("This is a placeholder of the files")
    assert (await editor.save(real, payee_en="Huada Charity Federation")).url.endswith("?saved=1")


async def test_every_fault_is_at_its_field_and_typed_values_are_preserved(
    editor: Editor, central: RunningCentral
) -> None:
    page = await editor.open("/staff/projects/new")
    story = "Zeile <b>\n" * 100
    wrong = await editor.save(
        page, id="Bad Id", title_en="x" * 41, story_en=story, amounts_yuan="10 abc", min_yuan="0.001", max_yuan="5",
        filing="F-1", opens="2026-13-01", goal_yuan="-3", position="many",
    )  # fmt: skip
    assert wrong.status == 422
    shown = faults(wrong)
    assert shown.keys() >= {
        "id", "title_en", "title_zh_hans", "summary_en", "payee_zh_hant", "amounts_yuan", "min_yuan", "goal_yuan",
        "organisation", "area", "opens", "closes", "position",
    }  # fmt: skip
    assert shown["title_en"] == "41 characters; there is room for 40. Shorten it."
    assert shown["opens"] == "This is not a date. Write it like 2026-12-31."
    assert "story_en" not in shown
    _, typed = form_of(wrong)
    assert typed["story_en"].replace("\r\n", "\n") == story
    assert (typed["id"], typed["amounts_yuan"], typed["opens"]) == ("Bad Id", "10 abc", "2026-13-01")
    async with central.database() as database, database.read() as connection:
        assert len(await projects.every(connection, [TOP])) == 2


async def test_a_second_save_shows_both_versions(editor: Editor, central: RunningCentral) -> None:
    first = await editor.open("/staff/projects/all/lunch")
    second = await editor.open("/staff/projects/all/lunch")
    await editor.save(first, title_en="Soup", min_yuan="2")
    shown = await editor.save(second, title_en="Noodles")
    assert shown.status == 409
    text = " ".join(shown.text().split())
    assert "Someone else saved this while you were typing: chen" in text
    assert "Saved meanwhile: Soup" in text
    assert "Saved meanwhile: 2" in text
    assert form_of(shown)[1]["title_en"] == "Noodles"
    async with central.database() as database, database.read() as connection:
        row = await projects.get(connection, TOP, "lunch")
    assert row is not None
    assert row.title.en == "Soup"
    saved = await editor.save(shown, min_yuan="2")
    assert "saved=1" in saved.url
    async with central.database() as database, database.read() as connection:
        row = await projects.get(connection, TOP, "lunch")
    assert row is not None
    assert (row.title.en, row.min_fen) == ("Noodles", 200)


async def test_a_taken_id_is_reported(editor: Editor) -> None:
    page = await editor.open("/staff/organisations/new")
    shown = await editor.save(page, id="org-1", name="Another")
    assert "This already exists: 演练慈善会." in faults(shown)["id"]


async def test_staff_see_records_from_above_and_cannot_change_them(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with central.database() as database:
        await set_password(database, "wang", PASSWORD, NOW, place="huada", role=Role.staff)
    await donor.press(await donor.open(f"{central.url}/staff/"), name="wang", password=PASSWORD)
    editor = Editor(session, central.url)
    page = await editor.open("/staff/projects/all/lunch")
    assert page.status == 200
    assert "Only the staff there can change it." in page.text()
    assert "Save" not in re.sub(r"Saved?[a-z ]* by|Last saved", "", page.text())
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page.html)[0]
    async with session.post(
        f"{central.url}/staff/projects/all/lunch", data={"csrf": csrf, "title_en": "mine", "revision": "1"}
    ) as answer:
        assert answer.status == 404
    new = await editor.open("/staff/beacons/new")
    async with central.database() as database, database.write() as connection:
        await plant_community(connection, "neighbours", NOW)
        await known(connection, DOOR, place="neighbours")
    twin = await editor.save(new, uuid=str(UUID_1), major="1", minor="1", label="x", place="huada")
    assert twin.status == 422
    assert faults(twin)["minor"].endswith("If the device is yours, ask the administrators of this server.")
    assert "neighbours" not in twin.html
    elsewhere = await editor.save(new, uuid=str(UUID_1), major="1", minor="9", label="x", place="all")
    assert "you may not edit there" in faults(elsewhere)["place"]


async def test_a_new_beacon_gets_the_next_free_numbers_and_twins_are_shown(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open(f"/staff/beacons/new?uuid={UUID_1}")
    assert (form_of(page)[1]["major"], form_of(page)[1]["minor"]) == ("1", "1")
    first = await editor.save(page, label="door", place="huada", groups="east, 大厅", gateway=gateway.id)
    assert "saved=1" in first.url
    page = await editor.open("/staff/beacons/new")
    assert (form_of(page)[1]["uuid"], form_of(page)[1]["minor"]) == (str(UUID_1), "2")
    same = await editor.save(page, label="twin", place="huada", minor="1")
    assert faults(same)["minor"].startswith("This already exists: door.")
    async with central.database() as database, database.write() as connection:
        await plant(connection, Place("hall", PlaceKind.site, "huada", texts("Hall")), NOW)
    twin = await editor.save(page, label="twin", place="hall", minor="1")
    assert "Another beacon has the same numbers." in twin.text()
    assert "It was entered first" in twin.text()
    for listed in ("/staff/beacons?shared=yes", "/staff/beacons?place=huada&status=never"):
        shown = (await editor.open(listed)).text()
        assert shown.count("duplicate numbers here") == 2
    assert "door" not in (await editor.open("/staff/beacons?status=active")).text()
    assert "door" not in (await editor.open("/staff/beacons?place=hall")).text()
    listed = (await editor.open("/staff/beacons?group=大厅")).text()
    assert "door" in listed
    assert "twin" not in listed
    async with central.database() as database, database.read() as connection:
        row = [each for each in await beacons.same(connection, [DOOR]) if each.place == "huada"]
    assert [(each.groups, each.gateway) for each in row] == [(("east", "大厅"), gateway.id)]


async def test_a_beacon_of_a_person_needs_a_class_and_is_not_followed(editor: Editor) -> None:
    page = await editor.open("/staff/beacons/new")
    shown = await editor.save(page, uuid=str(UUID_1), major="1", minor="1", label="card", kind="person", place="all")
    assert "needs a class" in faults(shown)["tag_class"]
    saved = await editor.save(shown, tag_class="volunteer-card")
    assert "nothing is stored about a single one" in saved.text()


async def test_a_binding_is_made_by_ticks_and_removed(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open("/staff/bindings/new")
    shown = await editor.save(page, target="group", group="", project="lunch", hours="25:00-26:00")
    assert faults(shown).keys() == {"group", "hours", "place"}
    saved = await editor.save(shown, place="all", group="east", hours="9:30-11:00 22:00-02:00", day6=None, day7=None)
    assert "saved=1" in saved.url
    assert form_of(saved)[1].keys() & {f"day{day}" for day in range(1, 8)} == {f"day{day}" for day in range(1, 6)}
    async with central.database() as database, database.read() as connection:
        (row,) = await bindings.every(connection, [TOP])
    assert (row.group, row.hours, row.weekdays) == ("east", ("09:30-11:00", "22:00-02:00"), (1, 2, 3, 4, 5))
    listed = (await editor.open("/staff/bindings")).text()
    assert "No beacon is in this group: it has no effect." in saved.text()
    assert "No beacon is in this group: it has no effect." in listed
    async with central.database() as database, database.write() as connection:
        await known(connection, DOOR, groups=("east",))
    for again in (saved.url.partition("?")[0].removeprefix(central.url), "/staff/bindings"):
        assert "No beacon is in this group" not in (await editor.open(again)).text()
    assert "Mon Tue Wed Thu Fri · 09:30-11:00, 22:00-02:00" in listed
    gone = await editor.save(saved, "/remove")
    assert gone.url.endswith("/staff/bindings?removed=1")
    async with central.database() as database, database.read() as connection:
        assert await bindings.every(connection, [TOP]) == ()


async def test_the_list_of_bindings_names_a_beacon_once(editor: Editor) -> None:
    page = await editor.open(f"/staff/beacons/new?uuid={UUID_1}")
    await editor.save(page, major="7", minor="9", label="7/9", place="all", kind="place")
    saved = await editor.save(
        await editor.open("/staff/bindings/new"), target="beacon", beacon=f"{UUID_1}/7/9", project="lunch", place="all"
    )
    assert "saved=1" in saved.url
    listed = await editor.open("/staff/bindings")
    assert listed.html.partition("<tbody>")[2].count("7/9") == 1


async def test_a_beacon_changed_meanwhile_is_not_removed(editor: Editor, central: RunningCentral) -> None:
    page = await editor.save(await editor.open(f"/staff/beacons/new?uuid={UUID_1}"), label="door", place="all")
    await editor.save(page, label="gate")
    shown = await editor.save(page, "/remove")
    assert shown.status == 409
    async with central.database() as database, database.read() as connection:
        (row,) = await beacons.same(connection, [BeaconId(UUID_1, 1, 1)])
    assert row.label == "gate"


async def test_an_organisation_whose_certificate_ends_closes_its_projects(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open("/staff/organisations/all/org-1")
    await editor.save(page, certificate_until="2021-01-01")
    assert "certificate expired" in (await editor.open("/staff/projects")).text()
    lunch = (await pulled(gateway, central)).projects[0]
    assert lunch.permit is not None
    assert lunch.permit.certificate_until.year == 2021
    async with central.database() as database, database.read() as connection:
        (row,) = await organisations.every(connection, [TOP])
    assert row.revision == 2


async def test_the_page_shows_which_gateways_have_the_newest_catalogue(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = (await editor.open("/staff/projects")).text()
    assert "Gateways that are up to date: 0 of 1." in page
    assert "Not yet: 社区大厅." in page
    version = (await pulled(gateway, central)).version
    facts = dict.fromkeys(("hearing", "radio", "advert", "version", "epoch", "boot"), "x") | dict.fromkeys(
        ("every_s", "waiting", "refused", "damaged", "clock_off_s", "uptime_s", "monotonic_ns"), 1
    )
    async with central.database() as database, database.write() as connection:
        shown = gateway_reports.insert().values(
            gateway=gateway.id,
            community="huada",
            received_at=NOW,
            hearing_since=NOW,
            clock_trusted=True,
            catalogue_version=version,
            **facts,
        )
        await connection.execute(shown)
    page = (await editor.open("/staff/projects")).text()
    assert "Last published 2026-" in page
    assert "Gateways that are up to date: 1 of 1." in page


async def test_an_edit_that_cannot_be_published_is_reported(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    before = await pulled(gateway, central)
    async with central.database() as database, database.write() as connection:
        await versioned_rows.begin(connection)
        row = await projects.get(connection, TOP, "lunch")
        assert row is not None
        fields = {name: getattr(row, name) for name in row.__slots__}
        for number in range(200):
            assert await projects.save(connection, type(row)(**fields | {"id": f"p{number}"}), 0)
    saved = await editor.save(await editor.open("/staff/projects/all/lunch"), title_en="Soup")
    shown = " ".join(saved.text().split())
    assert "The gateways fetch it within a minute" not in shown
    assert "Saved here, but the gateways cannot fetch it yet. This is more than a gateway can store" in shown
    assert (await pulled(gateway, central)).version == before.version
    assert "huada: what was saved last cannot reach the gateways." in (await editor.open("/staff/")).text()
    async with central.database() as database, database.write() as connection:
        await known(connection, DOOR)
        (beacon,) = await beacons.same(connection, [DOOR])
    gone = await editor.save(await editor.open(f"/staff/beacons/{beacon.id}"), "/remove")
    assert "Removed here, but the gateways cannot learn of it yet." in gone.text()
    page = await editor.open("/staff/import?kind=beacons")
    rows = f"uuid,major,minor,kind,label\n{UUID_1},1,1,place,door\n".encode()
    preview = await editor.send(page, "", "file", "a.csv", rows, place="huada")
    url, fields = preview.url, dict(re.findall(r'name="(csrf|digest)" value="([^"]+)"', preview.html))
    async with editor.session.post(url, data=fields, headers={"Accept-Language": "en"}) as answer:
        assert "But the gateways cannot fetch it yet." in Page(200, "", await answer.text()).text()


async def test_a_beacons_page_shows_its_project_and_warns_of_implausible_power(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open(f"/staff/beacons/new?uuid={UUID_1}")
    saved = await editor.save(page, label="door", place="huada", measured_power="9")
    assert "No beacon is received that strongly at 1 m: 9 dBm." in saved.text()
    assert "Nothing: no binding refers to it." in saved.text()
    async with central.database() as database, database.write() as connection:
        await bound(connection, Target.beacon, DOOR, project="lunch", priority=3)
        await bound(connection, Target.every, None, project="ended", weekdays=(1, 2, 3, 4, 5, 6, 7))
    path = saved.url.partition("?")[0].removeprefix(central.url)
    shown = " ".join((await editor.save(await editor.open(path), measured_power="-20")).text().split())
    assert "received that strongly" not in shown
    assert "Its project now Warm lunches · Priority 3" in shown
    assert "every place beacon" in shown


async def test_bindings_can_be_searched_and_come_in_parts(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    async with central.database() as database, database.write() as connection:
        await known(connection, DOOR)
        await bound(connection, Target.beacon, DOOR, project="lunch", place=TOP, priority=-100)
        for number in range(120):
            await bound(connection, Target.group, None, group=f"g{number}", project="ended", priority=number % 7 - 3)
    seen: list[str] = []
    page = await editor.open("/staff/bindings")
    for _ in range(2):
        seen += re.findall(r'<a href="(/staff/bindings/[0-9a-f]{32})"', page.html)
        more = re.search(r'rel="next" href="([^"]+)"', page.html)
        page = await editor.open(unescape(more[1])) if more else page
    assert (len(seen), len({*seen})) == (121, 121)
    for query, rows in (
        ("words=g11", 11), ("words=lunch", 1), ("words=Warm", 1), ("words=1&target=beacon", 1), ("place=huada", 100),
        ("target=every", 0), ("words=%25", 0), ("place=nowhere", 0),
    ):  # fmt: skip
        page = await editor.open(f"/staff/bindings?{query}")
        assert page.html.count('<td class="what">') == rows, query


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
async def test_every_page_has_every_language(editor: Editor, language: str) -> None:
    for path in (
        "projects", "projects/new", "projects/all/lunch", "organisations", "organisations/new",
        "organisations/all/org-1", "beacons", "beacons/new", "bindings", "bindings/new", "import?kind=bindings",
    ):  # fmt: skip
        page = await editor.open(f"/staff/{path}{'&' if '?' in path else '?'}lang={language}")
        assert page.status == 200, path
        assert f'<html lang="{language}"' in page.html
        assert '<p class="fault"' not in page.html
