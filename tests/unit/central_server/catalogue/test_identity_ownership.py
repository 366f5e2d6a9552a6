"""A beacon identity belongs to the first community until it frees it; no other save or import takes it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from central_server.accounts.access import Role
from central_server.alerts.task_kinds import Task
from central_server.alerts.tasks import find_tasks
from central_server.catalogue import file_import
from central_server.catalogue.beacon_project import project_at
from central_server.catalogue.field_parsing import Word
from central_server.catalogue.file_import import Plan
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import Edit
from central_server.enrolment.gateway_status import survey
from central_server.enrolment.gateways import register
from central_server.sheets import sheet_reader_process
from central_server.staff.catalogue.beacon_page import BeaconPage
from central_server.staff.catalogue.beacons_page import BeaconsPage
from central_server.staff.catalogue.import_page import ImportPage
from central_server.statistics.event_times import hour
from central_server.store.catalogue import beacons
from central_server.store.catalogue.bindings import Target
from central_server.store.engine import versioned_rows
from central_server.store.engine.database import Database
from central_server.store.engine.tables import beacon_figures
from central_server.store.places.places import TOP, Place, PlaceKind, plant
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import AdvertisedSeconds
from sync_contract.strict_model import Environment
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.catalogue.test_beacon_project import report
from tests.unit.central_server.catalogue_world import DOOR, HALL, KEY, NOW, UUID_1, bound, huada, known, texts
from tests.unit.central_server.staff_desk import Browser, RunningDesk, account, running_desk
from tests.unit.central_server.statistics_world import place as statistics_of

__all__ = ["huada"]
FORM = {"uuid": str(UUID_1), "major": "1", "minor": "1", "kind": "place", "label": "mine", "measured_power": "-59"}
NEW = "/staff/beacons/new"


@pytest.fixture
async def tree(huada: Database) -> Database:
    """Two communities under one street office, one elsewhere; a site in each of the first two."""
    async with huada.write() as connection:
        for id_, kind, parent in (
            ("city", PlaceKind.city, TOP),
            ("street", PlaceKind.street, "city"),
            ("east", PlaceKind.community, "street"),
            ("west", PlaceKind.community, "street"),
            ("east-hall", PlaceKind.site, "east"),
            ("west-hall", PlaceKind.site, "west"),
        ):
            await plant(connection, Place(id_, kind, parent, texts(f"Place {id_}")), NOW)
    return huada


@pytest.fixture
async def desk(tree: Database) -> AsyncIterator[RunningDesk]:
    for name, place in (("eva", "east"), ("wang", "west"), ("sun", "street"), ("far", "neighbours")):
        await account(tree, name, place, Role.staff)
    publication = Publication(tree, KEY, lambda: NOW, Environment.drill)
    pages = (BeaconPage, BeaconsPage, ImportPage)
    async with running_desk(
        tree, more=lambda desk: [route for page in pages for route in page(desk, publication).routes()]
    ) as desk:
        yield desk


async def somebody(desk: RunningDesk, name: str) -> Browser:
    browser = Browser(desk, address=f"203.0.113.{len(name) + ord(name[0])}")
    await browser.log_in(name)
    await browser.open(NEW)
    return browser


async def tries(desk: RunningDesk, name: str, place: str, **typed: str) -> str:
    """Save a beacon; what the page then says."""
    browser = await somebody(desk, name)
    page = await browser.send(NEW, **FORM | {"place": place} | typed)
    return page.text() if page.status == 200 else f"refused {page.text()}"


async def waits(database: Database, top: str, now: datetime) -> dict[str, Task]:
    """By matter, what waits for the staff of a place."""
    async with database.read() as connection:
        surveyed = await survey(connection, [top], now)
        found = await find_tasks(connection, surveyed, [top], [], "drill", now)
    return {task.kind.value: task for task in found}


async def counting(database: Database, beacon: BeaconId = DOOR) -> str | None:
    """The community to which a phone is led that ranged it."""
    async with database.read() as connection:
        found = await project_at(connection, beacon, NOW, Environment.drill)
    return None if found is None else found.community


async def sends(database: Database, gateway: str, community: str, beacon: BeaconId, at: datetime = NOW) -> None:
    """The gateway says that it is this beacon."""
    await register(database, gateway, DeliveringGateway(None, "").public, community, f"Gateway {community}", NOW)
    async with database.write() as connection:
        advert = AdvertisedSeconds(beacon=beacon, seconds=300.0)
        await beacon_activity.record_reports(connection, [(gateway, community, at, report(advertised=(advert,)))])


async def test_a_neighbour_is_refused_and_the_owner_notified(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        await known(connection, DOOR, place="east")
        await bound(connection, Target.every, None, project="lunch", place="east")
        await bound(connection, Target.every, None, project="ended", place="west")
    assert "identity_wanted" not in await waits(desk.database, "east", desk.now)
    text = await tries(desk, "wang", "west-hall")
    assert text.startswith("refused")
    assert "ask the administrators of Place street" in text
    assert "Place east" not in text
    assert "ask the administrators of this server" in await tries(desk, "far", "neighbours")
    seen = await tries(desk, "sun", "west")
    assert "1 in Place east already has these numbers." in seen
    assert await counting(desk.database) == "east"
    task = (await waits(desk.database, "east", desk.now))["identity_wanted"]
    async with desk.database.read() as connection:
        (row,) = await beacons.same(connection, [DOOR])
    assert (task.community, task.count, task.link) == ("east", 1, f"/staff/beacons/{row.id}")
    for other in ("west", "neighbours"):
        assert "identity_wanted" not in await waits(desk.database, other, desk.now)
    assert "identity_wanted" not in await waits(desk.database, "east", desk.now + timedelta(days=8))


async def test_editing_to_an_owned_identity_is_refused_until_it_is_freed(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        await known(connection, HALL, place="west")
        await known(connection, DOOR, place="east")
        row = {each.place: each for each in await beacons.same(connection, [DOOR, HALL])}
    browser = await somebody(desk, "wang")
    path = f"/staff/beacons/{row['west'].id}"
    await browser.open(path)
    page = await browser.send(path, **FORM | {"place": "west"})
    assert "Another community already uses these numbers." in page.text()
    async with desk.database.write() as connection:
        await versioned_rows.begin(connection)
        assert await beacons.remove(connection, row["east"])
    page = await browser.send(path, **FORM | {"place": "west"})
    assert "Saved." in page.text()
    assert "refused" in await tries(desk, "eva", "east")


async def test_a_twin_in_the_same_community_is_a_warning_and_the_first_counts(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        await known(connection, DOOR, place="east")
        await bound(connection, Target.every, None, project="lunch", place="east")
    assert "Another beacon has the same numbers." in await tries(desk, "eva", "east-hall")
    assert await counting(desk.database) == "east"
    assert "identity_twice" not in await waits(desk.database, "east", desk.now)


async def test_places_above_and_below_own_identities_too(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        await known(connection, DOOR, place="street")
        await known(connection, HALL, place="east")
    assert "refused" in await tries(desk, "eva", "east")
    assert "2 in Place east already has these numbers." in await tries(desk, "sun", "street", minor="2")


async def test_of_concurrent_saves_only_one_gets_the_identity(desk: RunningDesk) -> None:
    browsers = [await somebody(desk, name) for name in ("eva", "wang", "far")]
    places = ("east", "west-hall", "neighbours")
    for round_ in range(4):
        saved = await asyncio.gather(
            *(
                browser.send(NEW, **FORM | {"place": place, "minor": str(round_ + 7)})
                for browser, place in zip(browsers, places, strict=True)
            )
        )
        assert sorted(page.status for page in saved) == [200, 422, 422]
        async with desk.database.read() as connection:
            assert len(await beacons.same(connection, [BeaconId(UUID_1, 1, round_ + 7)])) == 1
        for browser in browsers:
            await browser.open(NEW)


async def test_existing_duplicates_are_shown_to_both_and_the_first_counts(desk: RunningDesk) -> None:
    database = desk.database
    async with database.write() as connection:
        await known(connection, DOOR, place="east-hall")
        await known(connection, DOOR, place="west")
        await bound(connection, Target.every, None, project="lunch", place="east")
        await bound(connection, Target.every, None, project="ended", place="west")
    await register(database, "b" * 16, DeliveringGateway(None, "").public, "west", "B", NOW)
    async with database.write() as connection:
        await beacon_activity.record_reports(
            connection, [("b" * 16, "west", NOW, report(places=(statistics_of(DOOR, 3),)))]
        )
    assert await counting(database) == "east"
    for name, place, words, listed in (
        ("eva", "east", "This one was entered first", "another community also has these numbers; this one counts"),
        ("wang", "west", "It was entered first", "another community has these numbers, and its beacon counts"),
    ):
        task = (await waits(database, place, desk.now))["identity_twice"]
        assert (task.community, task.count, task.link) == (place, 1, "/staff/beacons?shared=yes")
        browser = await somebody(desk, name)
        page = await browser.open(task.link)
        assert listed in page.text()
        async with database.read() as connection:
            same = await beacons.same(connection, [DOOR])
        mine = next(each for each in same if each.place.startswith(place))
        page = await browser.open(f"/staff/beacons/{mine.id}")
        assert words in page.text()
        page = await browser.send(f"/staff/beacons/{mine.id}", **FORM | {"place": mine.place, "label": "still mine"})
        assert "Saved." in page.text(), "what is a double already may be edited"


async def test_an_advertised_identity_is_in_use_until_it_stops(desk: RunningDesk) -> None:
    await sends(desk.database, "a" * 16, "east", DOOR, desk.now - timedelta(days=29))
    assert "refused" in await tries(desk, "wang", "west")
    assert "Saved." in await tries(desk, "eva", "east")
    assert "identity_wanted" not in await waits(desk.database, "west", desk.now)
    await sends(desk.database, "b" * 16, "west", HALL, desk.now - timedelta(days=31))
    assert "Saved." in await tries(desk, "eva", "east", minor="2")


async def test_two_gateways_that_advertise_one_identity_are_a_task(tree: Database) -> None:
    async with tree.write() as connection:
        await known(connection, DOOR, place="east")
        await bound(connection, Target.every, None, project="lunch", place="east")
    await sends(tree, "a" * 16, "east", DOOR)
    assert await waits(tree, TOP, NOW) == {}
    await sends(tree, "b" * 16, "west", DOOR, NOW + timedelta(minutes=5))
    assert await counting(tree) == "east"
    for place, gateway in (("east", "a" * 16), ("west", "b" * 16)):
        task = (await waits(tree, place, NOW))["advert_twice"]
        assert (task.gateway, task.beacon) == (gateway, str(DOOR))
    assert (await waits(tree, "east", NOW))["identity_wanted"].count == 1
    assert "identity_wanted" not in await waits(tree, "west", NOW)


async def test_gateways_below_a_street_decide_the_community_of_its_beacon(tree: Database) -> None:
    """A gateway elsewhere, one that came later, and one that says it heard it long ago change nothing."""
    async with tree.write() as connection:
        await known(connection, DOOR, place="street")
        await bound(connection, Target.every, None, project="lunch", place="street")
    assert await counting(tree) == "street"
    await sends(tree, "f" * 16, "neighbours", DOOR)
    assert await counting(tree) == "street"
    await register(tree, "a" * 16, DeliveringGateway(None, "").public, "east", "A", NOW)
    await register(tree, "b" * 16, DeliveringGateway(None, "").public, "west", "B", NOW + timedelta(hours=1))
    async with tree.write() as connection:
        for gateway, place, at in (
            ("a" * 16, "east", NOW),
            ("b" * 16, "west", NOW - timedelta(days=300)),
            ("b" * 16, "west", NOW + timedelta(hours=2)),
        ):
            await beacon_activity.record_reports(
                connection, [(gateway, place, at, report(places=(statistics_of(DOOR, 3),)))]
            )
    assert await counting(tree) == "east"


async def test_a_persons_tag_brings_no_project(tree: Database) -> None:
    async with tree.write() as connection:
        await known(connection, DOOR, BeaconKind.person, place="east")
        await known(connection, DOOR, place="west")
        await bound(connection, Target.every, None, project="lunch", place="west")
    assert await counting(tree) is None


async def suspect(database: Database, beacon: BeaconId, at: datetime, suspect_frames: int, frames: int) -> None:
    """What a gateway's reports of an hour came to."""
    whole = {column.name: 0 for column in beacon_figures.columns if not column.nullable}
    key = {"gateway": "a" * 16, "span": "hour", "start": hour(at), "community": "east", "beacon": str(beacon)}
    async with database.write() as connection:
        await connection.execute(beacon_figures.delete())
        text = whole | key | {"frames": frames, "frames_suspect": suspect_frames}
        await connection.execute(beacon_figures.insert().values(text))


async def test_a_cloned_beacon_is_a_task_and_a_status(desk: RunningDesk) -> None:
    database = desk.database
    await register(database, "a" * 16, DeliveringGateway(None, "").public, "east", "Hall", NOW)
    async with database.write() as connection:
        await known(connection, DOOR, place="east")
    browser = await somebody(desk, "eva")
    for frames, of, hours, text in (
        (320, 3000, 1, True),
        (64, 70, 1, False),
        (400, 36_000, 1, False),
        (320, 3000, 9, False),
    ):
        await suspect(database, DOOR, desk.now - timedelta(hours=hours), frames, of)
        assert ("cloned_beacon" in await waits(database, "east", desk.now)) is text, (frames, of, hours)
        assert "cloned_beacon" not in await waits(database, "west", desk.now)
        listed = await browser.open("/staff/beacons")
        assert ("sent by two devices" in listed.text()) is text
        path = listed.html.partition('class="what"><a href="')[2].partition('"')[0]
        assert ("Another transmitter sends as this beacon." in (await browser.open(path)).text()) is text


async def planned(database: Database, content: str, tops: list[str], place: str, *, apply: bool = False) -> Plan:
    sheet = await sheet_reader_process.open_sheet(content.encode())

    async with database.write() as connection:
        await versioned_rows.begin(connection)
        edit = Edit("chen", NOW)
        found = await file_import.plan(connection, "beacons", sheet, tops, place, edit)
        if apply and not found.faults:
            await file_import.apply(connection, "beacons", found, "chen", "file.csv", edit)
        return found


HEAD = "place,uuid,major,minor,kind,label\n"


def row(place: str, minor: int) -> str:
    return f"{place},{UUID_1},1,{minor},place,door\n"


async def test_an_import_takes_no_owned_identity_and_gives_none_to_two(tree: Database) -> None:
    async with tree.write() as connection:
        await known(connection, DOOR, place="east")
    rows = HEAD + row("west", 1) + row("west", 2) + row("west-hall", 2) + row("neighbours", 2) + row("west", 3)
    found = await planned(tree, rows, [TOP], "west")
    assert [(each.row, each.fault.word) for each in found.faults] == [
        (2, Word.owned_visibly),
        (5, Word.twice_in_file),
    ]
    assert found.faults[1].fault.facts == {"row": 3}
    assert [(each.row, each.remark.value) for each in found.warnings] == [(2, "twin"), (4, "twin"), (5, "twin")]
    assert found.conflicts == ((DOOR, "west"),)
    found = await planned(tree, HEAD + row("west", 1), ["west"], "west")
    assert [each.fault.word for each in found.faults] == [Word.owned_elsewhere]
    found = await planned(tree, HEAD + row("east", 1) + row("east-hall", 1), ["east"], "east", apply=True)
    assert (found.faults, found.added, found.unchanged) == ((), 1, 0)
