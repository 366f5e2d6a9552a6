"""What gateways pull: signed, of their own community, newer with each edit that changes it, in a contract they read."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.catalogue.at_beacon import project_at
from central_server.catalogue.publication import PAID_EVERY, CatalogueTooLarge, Publication
from central_server.catalogue.seed import sow
from central_server.enrolment.gateways import register
from central_server.settings import Settings
from central_server.state_files import StateRefused, catalogue_key, form_secret
from central_server.store import (
    activity,
    attempts,
    beacons,
    bindings,
    intents,
    ledger_lines,
    organisations,
    projects,
    revised,
)
from central_server.store.activity import Activity, BeaconStatus, status
from central_server.store.attempts import Attempt
from central_server.store.beacons import KeptBeacon
from central_server.store.bindings import KeptBinding, Target
from central_server.store.connection import Connection
from central_server.store.database import Database
from central_server.store.intents import Intent
from central_server.store.ledger_lines import LedgerLine
from central_server.store.places import TOP, plant_community
from central_server.store.tables import gateways as gateways_table
from central_server.store.upsert import insert
from daemonkit.toml import load
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind, Catalogue, SignedCatalogue, unsigned, verify
from sync_contract.identity import new_id
from sync_contract.project import Texts
from sync_contract.records import AdvertisedSeconds, BeaconStatistics, PlaceBeaconStatistics
from sync_contract.strict import Environment
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway, clock
from tests.unit.central.conftest import enrolled

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Tuesday noon in Beijing."""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
UUID_1 = UUID("1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0")
DOOR, HALL, CARD = (BeaconId(UUID_1, 1, minor) for minor in (1, 2, 3))
BINDING = f"""
[[bindings]]
uuid = "{UUID_1}"
major = 1
minor = 1
project = "lunch"
"""


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


async def pulled(gateway: DeliveringGateway, central: RunningCentral, contract: int = 2) -> Catalogue:
    status, told = await gateway.get("/api/v1/catalogue", f"contract={contract}" if contract > 1 else "")
    assert status == 200, told
    signed = SignedCatalogue.model_validate(told)
    assert signed.contract == contract
    return verify(signed, catalogue_key(central.state).public_key(), 0)


async def edit(database: Database, place: str, **changed: object) -> None:
    """Change the project `lunch` there, as the staff's page does."""
    async with database.write() as connection:
        await revised.begin(connection)
        kept = await projects.get(connection, place, "lunch")
        assert kept is not None
        fields = {name: getattr(kept, name) for name in kept.__slots__} | changed
        assert await projects.save(connection, type(kept)(**fields), kept.revision)
        await revised.edited(connection, place, NOW)


async def copied_to(database: Database, place: str, title: str) -> None:
    """A project `lunch` of the place's own."""
    async with database.write() as connection:
        await revised.begin(connection)
        kept = await projects.get(connection, TOP, "lunch")
        assert kept is not None
        fields = {name: getattr(kept, name) for name in kept.__slots__} | {"place": place, "title": texts(title)}
        assert await projects.save(connection, type(kept)(**fields), 0)
        await revised.edited(connection, place, NOW)


async def test_the_version_rises_only_when_the_content_changes(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    first = await pulled(gateway, central)
    assert [project.id for project in first.projects] == ["lunch", "ended"]
    async with central.database() as database:
        await edit(database, TOP, edited_by="somebody")
        assert (await pulled(gateway, central)).version == first.version
        await edit(database, TOP, title=texts("Soup"))
        second = await pulled(gateway, central)
        await edit(database, TOP, withdrawn=True)
        third = await pulled(gateway, central)
    assert first.version < second.version < third.version
    assert second.projects[0].title.en == "Soup"
    assert [project.id for project in third.projects] == ["ended"]


async def test_the_settings_are_the_seed_and_nothing_after_the_first_start(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[tuple[int, ...], list[BeaconId | None]]] = []
    for config in (CONFIG + BINDING, CONFIG + BINDING, CONFIG.replace("[1000, 5000]", "[2000]")):
        async with running_central(tmp_path / "central", bank, config=config) as central:
            gateway = await enrolled(central, DeliveringGateway(session, central.url), f"c{len(seen)}")
            catalogue = await pulled(gateway, central)
            seen.append((catalogue.projects[0].amounts_fen, [binding.beacon for binding in catalogue.bindings]))
            told = capsys.readouterr().out
            assert ("catalogue.settings_ignored" in told) is (config != CONFIG + BINDING)
    assert seen == [((1000, 5000), [DOOR])] * 3


async def test_a_gateway_gets_its_communitys_catalogue_and_the_nearest_project_of_an_id(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    neighbour = await enrolled(central, DeliveringGateway(session, central.url), "neighbours")
    async with central.database() as database:
        await copied_to(database, "huada", "Huada's own lunch")
    ours, theirs = await pulled(gateway, central), await pulled(neighbour, central)
    assert [project.title.en for project in ours.projects if project.id == "lunch"] == ["Huada's own lunch"]
    assert [project.title.en for project in theirs.projects if project.id == "lunch"] == ["Warm lunches"]


async def test_a_gateway_that_has_it_is_told_304(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    gateway = await enrolled(central, DeliveringGateway(session, central.url))
    for query in ("", "contract=2", "contract=99"):
        _, etag = await gateway.look("/api/v1/catalogue", query, {})
        for held, expected in ((etag, 304), (f'"0-x", {etag}', 304), ('"0-x"', 200), ("*", 304)):
            assert await gateway.look("/api/v1/catalogue", query, {"If-None-Match": held}) == (expected, etag), held
    for query in ("contract=0", "contract=x", "contract="):
        assert (await gateway.look("/api/v1/catalogue", query, {}))[0] == 400


async def test_a_gateway_of_before_reads_what_it_always_read(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    async with central.database() as database, database.write() as connection:
        await bound(connection, Target.beacon, DOOR, project="ended", hours=("10:00-11:00",), priority=9)
        await bound(connection, Target.beacon, DOOR, project="lunch")
        await bound(connection, Target.every, None, project="ended")
        await known(connection, CARD, BeaconKind.person)
    _, told = await gateway.get("/api/v1/catalogue")
    assert told["contract"] == 1
    catalogue = await pulled(gateway, central, 1)
    said = catalogue.model_dump(exclude_unset=True)
    assert said.keys() == {"version", "issued_at", "projects", "bindings"}
    assert said["projects"][0].keys() == {
        *("id", "title", "summary", "story", "payee", "currency", "amounts_fen", "min_fen", "max_fen", "permit")
    }
    assert [(binding.beacon, binding.project) for binding in catalogue.bindings] == [(DOOR, "lunch")]


async def test_rules_groups_and_beacons_are_published(central: RunningCentral, gateway: DeliveringGateway) -> None:
    async with central.database() as database, database.write() as connection:
        await known(connection, DOOR, groups=("east",))
        await known(connection, HALL, groups=("east", "hall"))
        await known(connection, CARD, BeaconKind.person)
        await bound(connection, Target.group, None, group="east", project="lunch", hours=("22:00-06:00",))
        await bound(connection, Target.every, None, project="ended", weekdays=(6, 7), priority=-1)
        await bound(connection, Target.beacon, CARD, project="gone")
    catalogue = await pulled(gateway, central)
    assert [(each.beacon, each.kind, each.tag_class) for each in catalogue.beacons] == [
        (DOOR, BeaconKind.place, ""),
        (HALL, BeaconKind.place, ""),
        (CARD, BeaconKind.person, "card"),
    ]
    told = [(binding.beacon, binding.project, binding.hours, binding.weekdays) for binding in catalogue.bindings]
    assert told == [
        (DOOR, "lunch", ("22:00-06:00",), ()),
        (HALL, "lunch", ("22:00-06:00",), ()),
        (None, "ended", (), (6, 7)),
    ]


async def test_two_processes_and_many_edits_never_give_one_version_twice(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await sow(database, load(file, Settings).projects, {}, NOW)
    async with database.write() as connection:
        for community in ("a", "b"):
            await plant_community(connection, community, NOW)
    key = catalogue_key(tmp_path)
    processes = [Publication(database, key, lambda: NOW, Environment.drill) for _ in range(2)]
    seen: dict[int, tuple[str, str]] = {}
    for number in range(6):
        await edit(database, TOP, position=number)
        if number % 2:
            await edit(database, TOP, title=texts(f"Lunch {number}"))
        asked = [(community, process) for process in processes for community in ("a", "b")]
        found = await asyncio.gather(*(process.current(community) for community, process in asked))
        for (community, _), published in zip(asked, found, strict=True):
            assert seen.setdefault(published.version, (community, published.digest)) == (community, published.digest)
        assert {each.version for each in found} == {max(seen), max(seen) - 1}, "both processes tell the same two"
    assert sorted(seen) == [*range(1, len(seen) + 1)]
    assert len(seen) >= 6


async def test_what_a_gateway_holds_is_never_newer_than_what_it_is_told(database: Database, tmp_path: Path) -> None:
    """One that comes from elsewhere with a greater number gets the same content under a number that is greater."""
    async with database.write() as connection:
        await plant_community(connection, "a", NOW)
    publication = Publication(database, catalogue_key(tmp_path), lambda: NOW, Environment.drill)
    before = await publication.current("a")
    assert (await publication.current("a", held=before.version)).version == before.version
    after = await publication.current("a", held=before.version + 40)
    assert (after.version, after.digest) == (before.version + 41, before.digest)


async def test_the_seed_is_sown_once_by_processes_that_start_together(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    settings = load(file, Settings)
    sown = await asyncio.gather(*(sow(database, settings.projects, {DOOR: "lunch"}, NOW) for _ in range(4)))
    assert sorted(sown) == [False, False, False, True]
    async with database.read() as connection:
        assert len(await projects.every(connection, [TOP])) == 2
        assert len(await organisations.every(connection, [TOP])) == 1
        assert len(await bindings.every(connection, [TOP])) == 1


async def test_who_saves_second_changes_nothing(database: Database) -> None:
    async with database.write() as connection:
        await known(connection, DOOR, place=TOP)
    async with database.read() as connection:
        (held,) = await beacons.same(connection, [DOOR])
    async with database.write() as connection:
        assert await beacons.save(connection, held, held.revision)
        assert not await beacons.save(connection, held, held.revision)
        assert not await beacons.save(connection, held, 0)


async def known(
    connection: Connection,
    beacon: BeaconId,
    kind: BeaconKind = BeaconKind.place,
    *,
    place: str = "huada",
    groups: tuple[str, ...] = (),
    gateway: str | None = None,
) -> None:
    await revised.begin(connection)
    tag_class = "card" if kind is BeaconKind.person else ""
    kept = KeptBeacon(
        new_id(), place, beacon, kind, str(beacon.minor), -59, tag_class, gateway, groups, "", NOW, "chen"
    )
    assert await beacons.save(connection, kept, 0)
    await revised.edited(connection, place, NOW)


async def bound(
    connection: Connection,
    target: Target,
    beacon: BeaconId | None,
    *,
    project: str,
    place: str = "huada",
    group: str = "",
    hours: tuple[str, ...] = (),
    weekdays: tuple[int, ...] = (),
    zone: str = "",
    priority: int = 0,
    while_needed: bool = False,
) -> None:
    await revised.begin(connection)
    kept = KeptBinding(
        new_id(),
        place,
        target,
        beacon,
        group,
        project,
        priority,
        hours,
        weekdays,
        None,
        None,
        zone,
        while_needed,
        NOW,
        "chen",
    )
    assert await bindings.save(connection, kept, 0)
    await revised.edited(connection, place, NOW)


@pytest.fixture
async def huada(database: Database, tmp_path: Path) -> Database:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await sow(database, load(file, Settings).projects, {}, NOW)
    async with database.write() as connection:
        await plant_community(connection, "huada", NOW)
        await plant_community(connection, "neighbours", NOW)
    return database


async def test_the_project_at_a_beacon_follows_the_rule_and_the_hour(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, DOOR)
        await bound(connection, Target.beacon, DOOR, project="ended")
        await bound(connection, Target.beacon, DOOR, project="lunch", hours=("10:00-13:30",), priority=2)
        at_noon = await project_at(connection, DOOR, NOW, Environment.drill)
        at_night = await project_at(connection, DOOR, NOW + timedelta(hours=9), Environment.drill)
        assert at_noon is not None
        assert at_night is not None
    assert (at_noon.community, at_noon.project.id, at_noon.pick.priority) == ("huada", "lunch", 2)
    assert at_night.project.id == "ended"


async def test_a_zone_asks_how_near_the_phone_is(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, DOOR)
        await bound(connection, Target.every, None, project="lunch", zone="immediate")
        assert await project_at(connection, DOOR, NOW, Environment.drill) is None
        assert await project_at(connection, DOOR, NOW, Environment.drill, zone="near") is None
        assert await project_at(connection, DOOR, NOW, Environment.drill, zone="immediate") is not None


async def test_what_was_paid_is_told_where_there_is_a_goal_and_ends_what_is_shown_until_then(huada: Database) -> None:
    await edit(huada, TOP, goal_fen=10_000)
    async with huada.write() as connection:
        await known(connection, DOOR)
        await bound(connection, Target.beacon, DOOR, project="ended")
        await bound(connection, Target.beacon, DOOR, project="lunch", priority=1, while_needed=True)
    clock_now = NOW
    publication = Publication(huada, KEY, lambda: clock_now, Environment.drill)
    for paid, environment, shown in ((4000, "drill", "lunch"), (9000, "real", "lunch"), (6000, "drill", "ended")):
        await gave(huada, paid, environment)
        clock_now += timedelta(minutes=6)
        async with huada.read() as connection:
            found = await project_at(connection, DOOR, NOW, Environment.drill)
        assert found is not None
        assert found.project.id == shown
    signed = SignedCatalogue.model_validate_json((await publication.current("huada")).signed[2])
    lunch, ended = unsigned(signed).projects
    assert (lunch.paid_fen, lunch.need, ended.paid_fen) == (10_000, 0, None)
    before = (await publication.current("huada")).version
    await gave(huada, 100, "drill")
    assert (await publication.current("huada")).version == before, "not every gift is a new version"
    clock_now += PAID_EVERY
    assert (await publication.current("huada")).version > before


async def gave(database: Database, fen: int, environment: str) -> None:
    """A line of the ledger; what leads to one is not of interest here."""
    id_ = new_id()
    async with database.write() as connection:
        await connection.execute(
            insert(connection, gateways_table)
            .values(id="a" * 16, community="huada", label="A", added_at=NOW)
            .on_conflict_do_nothing()
        )
        intent = Intent(
            "a" * 16, id_, "huada", environment, "lunch", fen, "CNY", None, 1, "ticket", None, NOW, "t", "paid"
        )
        await intents.add(connection, [intent])
        attempt = Attempt(id_, "a" * 16, id_, 1, "huada", environment, "sandbox", fen, "CNY", id_, "paid", NOW, 0, None)
        await attempts.add(connection, attempt)
        line = LedgerLine(
            id_, "paid", "huada", environment, "lunch", "a" * 16, id_, id_, fen, "CNY", id_[-9:], False, False, "", NOW
        )
        assert await ledger_lines.add(connection, line)


async def test_phones_are_never_told_of_people_or_of_strangers(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, CARD, BeaconKind.person)
        await bound(connection, Target.beacon, CARD, project="lunch")
        await bound(connection, Target.every, None, project="lunch")
        assert await project_at(connection, CARD, NOW, Environment.drill) is None
        assert await project_at(connection, HALL, NOW, Environment.drill) is None


async def test_of_two_communities_with_one_identity_the_last_active_one_counts(huada: Database) -> None:
    await register(huada, "a" * 16, DeliveringGateway(None, "").public, "huada", "A", NOW)
    await register(huada, "b" * 16, DeliveringGateway(None, "").public, "neighbours", "B", NOW)
    async with huada.write() as connection:
        for place in ("huada", "neighbours"):
            await known(connection, DOOR, place=place)
            await bound(connection, Target.beacon, DOOR, project="lunch", place=place)
        for gateway, community, hour in (("a" * 16, "huada", 1), ("b" * 16, "neighbours", 2), ("a" * 16, "huada", 3)):
            await activity.note(
                connection, gateway, [(community, NOW + timedelta(hours=hour), report(places=(heard(DOOR, 3),)))]
            )
            found = await project_at(connection, DOOR, NOW, Environment.drill)
            assert found is not None
            assert found.community == community


async def test_a_beacon_of_the_top_stands_where_a_gateway_says(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, DOOR, place=TOP)
        await bound(connection, Target.beacon, DOOR, project="lunch", place=TOP)
        nowhere = await project_at(connection, DOOR, NOW, Environment.drill)
    await register(huada, "b" * 16, DeliveringGateway(None, "").public, "neighbours", "B", NOW)
    async with huada.write() as connection:
        advert = AdvertisedSeconds(beacon=DOOR, seconds=300.0)
        await activity.note(connection, "b" * 16, [("neighbours", NOW, report(advertised=(advert,)))])
        there = await project_at(connection, DOOR, NOW, Environment.drill)
    assert nowhere is not None
    assert there is not None
    assert (nowhere.community, there.community) == (TOP, "neighbours")


def heard(beacon: BeaconId, frames: int) -> PlaceBeaconStatistics:
    level = -60 if frames else None
    return PlaceBeaconStatistics(
        beacon=beacon,
        frames=frames,
        frames_without_rssi=0,
        frames_suspect=0,
        expected_frames=100,
        heard_of_expected=frames,
        longest_gap_ms=10,
        gap_histogram=(0, frames, *[0] * 7),
        rssi_min=level,
        rssi_max=level,
        rssi_sum=-60 * frames,
        rssi_histogram=(*[0] * 9, frames, *[0] * 6),
    )


def report(**changes: Any) -> BeaconStatistics:
    told: dict[str, Any] = {
        "start": clock(),
        "seconds": 300,
        "foreign_frames": 0,
        "places": (),
        "classes": (),
        "advertised": (),
    }
    return BeaconStatistics(**{**told, **changes})


async def test_what_gateways_report_makes_a_beacon_active_then_silent(huada: Database) -> None:
    await register(huada, "a" * 16, DeliveringGateway(None, "").public, "huada", "A", NOW)

    async def stands(at: datetime) -> BeaconStatus:
        async with huada.read() as connection:
            return status((await activity.of(connection, [DOOR])).get(DOOR, []), at)[0]

    async def reports(at: datetime, frames: int) -> None:
        async with huada.write() as connection:
            await activity.note(connection, "a" * 16, [("huada", at, report(places=(heard(DOOR, frames),)))])

    assert await stands(NOW) is BeaconStatus.never
    await reports(NOW, 0)
    assert await stands(NOW) is BeaconStatus.never
    await reports(NOW, 7)
    assert await stands(NOW + timedelta(minutes=10)) is BeaconStatus.active
    assert await stands(NOW + timedelta(hours=1)) is BeaconStatus.activated
    await reports(NOW + timedelta(hours=1), 0)
    assert await stands(NOW + timedelta(hours=1)) is BeaconStatus.silent
    await reports(NOW - timedelta(days=30), 5)  # a parcel of a month ago that comes late
    assert await stands(NOW + timedelta(hours=1)) is BeaconStatus.silent
    async with huada.read() as connection:
        (seen,) = (await activity.of(connection, [DOOR]))[DOOR]
    assert seen.first_at == NOW - timedelta(days=30) + timedelta(seconds=300)
    assert seen.last_at == NOW + timedelta(seconds=300)


def test_a_status_is_of_all_gateways_together() -> None:
    far = Activity("a", "huada", DOOR, NOW, NOW, NOW + timedelta(hours=5), advertised=False)
    near = Activity("b", "huada", DOOR, NOW, NOW + timedelta(hours=5), NOW + timedelta(hours=5), advertised=False)
    assert status([far], NOW + timedelta(hours=5))[0] is BeaconStatus.silent
    assert status([far, near], NOW + timedelta(hours=5))[0] is BeaconStatus.active


def test_the_servers_own_secrets_are_made_once_and_kept_close(tmp_path: Path) -> None:
    key, secret = catalogue_key(tmp_path), form_secret(tmp_path)
    assert catalogue_key(tmp_path).private_bytes_raw() == key.private_bytes_raw()
    assert form_secret(tmp_path) == secret
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    (tmp_path / "catalogue.key").write_bytes(b"short")
    with pytest.raises(StateRefused, match=r"catalogue\.key"):
        catalogue_key(tmp_path)


async def test_more_than_a_catalogue_holds_leaves_the_last_one_standing(huada: Database) -> None:
    publication = Publication(huada, KEY, lambda: NOW, Environment.drill)
    before = await publication.current("huada")
    async with huada.write() as connection:
        await revised.begin(connection)
        kept = await projects.get(connection, TOP, "lunch")
        assert kept is not None
        fields = {name: getattr(kept, name) for name in kept.__slots__}
        for number in range(200):
            assert await projects.save(connection, type(kept)(**fields | {"id": f"p{number}"}), 0)
        await revised.edited(connection, TOP, NOW)
    assert (await publication.current("huada")).version == before.version
    with pytest.raises(CatalogueTooLarge):
        await publication.current("neighbours")
