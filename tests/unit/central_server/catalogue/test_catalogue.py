"""Publish signed catalogues: of the gateway's community, with a new version for each change."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from central_server.catalogue.catalogue_version import number_at
from central_server.catalogue.publication import CatalogueUnavailable, Publication
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.settings import Settings
from central_server.state_files import StateRefused, catalogue_key, form_secret
from central_server.store.catalogue import beacons, bindings, catalogues, organisations, projects
from central_server.store.catalogue.bindings import Target
from central_server.store.engine import tables, versioned_rows
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP, plant_community
from daemonkit.toml import load
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.catalogue_world import (
    BINDING,
    CARD,
    DOOR,
    HALL,
    KEY,
    NOW,
    bound,
    edit,
    huada,
    known,
    pulled,
    texts,
)
from tests.unit.central_server.conftest import enrolled

__all__ = ["huada"]


async def copied_to(database: Database, place: str, title: str) -> None:
    """Store a project `lunch` of the place itself."""
    async with database.write() as connection:
        await versioned_rows.begin(connection)
        project = await projects.get(connection, TOP, "lunch")
        assert project is not None
        fields = {name: getattr(project, name) for name in project.__slots__} | {"place": place, "title": texts(title)}
        assert await projects.save(connection, type(project)(**fields), 0)
        await versioned_rows.record_edit(connection, place, NOW)


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


async def test_the_settings_are_stored_at_the_first_start_only(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[tuple[int, ...], list[BeaconId | None]]] = []
    for config in (CONFIG + BINDING, CONFIG + BINDING, CONFIG.replace("[1000, 5000]", "[2000]")):
        async with running_central(tmp_path / "central", bank, config=config) as central:
            gateway = await enrolled(central, DeliveringGateway(session, central.url), f"c{len(seen)}")
            catalogue = await pulled(gateway, central)
            seen.append((catalogue.projects[0].amounts_fen, [binding.beacon for binding in catalogue.bindings]))
            found = capsys.readouterr().out
            assert ("catalogue.settings_ignored" in found) is (config != CONFIG + BINDING)
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


async def test_a_gateway_that_has_the_newest_catalogue_gets_304(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    gateway = await enrolled(central, DeliveringGateway(session, central.url))
    _, etag = await gateway.look("/api/v1/catalogue", "", {})
    for tag, expected in ((etag, 304), (f'"0-x", {etag}', 304), ('"0-x"', 200), ("*", 304)):
        assert await gateway.look("/api/v1/catalogue", "", {"If-None-Match": tag}) == (expected, etag), tag


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
    found = [(binding.beacon, binding.project, binding.hours, binding.weekdays) for binding in catalogue.bindings]
    assert found == [
        (DOOR, "lunch", ("22:00-06:00",), ()),
        (HALL, "lunch", ("22:00-06:00",), ()),
        (None, "ended", (), (6, 7)),
    ]


async def test_two_processes_never_publish_one_version_twice(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, NOW)
    async with database.write() as connection:
        for community in ("a", "b"):
            await plant_community(connection, community, NOW)
    key = catalogue_key(tmp_path)
    processes = [Publication(database, key, lambda: NOW, Environment.drill) for _ in range(2)]
    seen: dict[tuple[str, int], str] = {}
    for number in range(6):
        await edit(database, TOP, position=number)
        if number % 2:
            await edit(database, TOP, title=texts(f"Lunch {number}"))
        asked = [(community, process) for process in processes for community in ("a", "b")]
        found = await asyncio.gather(*(process.current(community) for community, process in asked))
        for (community, _), published in zip(asked, found, strict=True):
            named = (community, published.version)
            assert seen.setdefault(named, published.digest) == published.digest
        assert {each.version for each in found} == {max(seen)[1]}, "both processes publish the same"
    first = number_at(NOW)
    for community in ("a", "b"):
        numbers = sorted(version for each, version in seen if each == community)
        assert numbers == [*range(first, first + len(numbers))]
        assert len(numbers) >= 3


async def test_processes_that_start_together_store_the_settings_once(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    settings = load(file, Settings)
    sown = await asyncio.gather(*(seed_catalogue(database, settings.projects, {DOOR: "lunch"}, NOW) for _ in range(4)))
    assert sorted(sown) == [False, False, False, True]
    async with database.read() as connection:
        assert len(await projects.every(connection, [TOP])) == 2
        assert len(await organisations.every(connection, [TOP])) == 1
        assert len(await bindings.every(connection, [TOP])) == 1


async def test_a_second_save_of_one_revision_changes_nothing(database: Database) -> None:
    async with database.write() as connection:
        await known(connection, DOOR, place=TOP)
    async with database.read() as connection:
        (beacon,) = await beacons.same(connection, [DOOR])
    async with database.write() as connection:
        assert await beacons.save(connection, beacon, beacon.revision)
        assert not await beacons.save(connection, beacon, beacon.revision)
        assert not await beacons.save(connection, beacon, 0)


def test_the_servers_secrets_are_made_once_with_mode_0600(tmp_path: Path) -> None:
    key, secret = catalogue_key(tmp_path), form_secret(tmp_path)
    assert catalogue_key(tmp_path).private_bytes_raw() == key.private_bytes_raw()
    assert form_secret(tmp_path) == secret
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    (tmp_path / "catalogue.key").write_bytes(b"short")
    with pytest.raises(StateRefused, match=r"catalogue\.key"):
        catalogue_key(tmp_path)


async def test_too_large_a_catalogue_keeps_the_last_one_published(huada: Database) -> None:
    publication = Publication(huada, KEY, lambda: NOW, Environment.drill)
    before = await publication.current("huada")
    async with huada.write() as connection:
        await versioned_rows.begin(connection)
        project = await projects.get(connection, TOP, "lunch")
        assert project is not None
        fields = {name: getattr(project, name) for name in project.__slots__}
        for number in range(200):
            assert await projects.save(connection, type(project)(**fields | {"id": f"p{number}"}), 0)
        await versioned_rows.record_edit(connection, TOP, NOW)
    after = await publication.current("huada")
    assert (after.version, after.obstacle) == (before.version, "too_large")
    for _ in range(2):
        with pytest.raises(CatalogueUnavailable):
            await publication.current("neighbours")
    async with huada.read() as connection:
        found = [(each.community, each.reason) for each in await catalogues.troubles(connection, [TOP])]
        assert found == [("huada", "too_large"), ("neighbours", "too_large")]
        assert await catalogues.troubles(connection, ["elsewhere"]) == ()
    async with huada.write() as connection:
        await versioned_rows.begin(connection)
        await connection.execute(tables.projects.delete().where(tables.projects.c.id == "p7"))
        for number in (8, 9):
            await connection.execute(tables.projects.delete().where(tables.projects.c.id == f"p{number}"))
        await versioned_rows.record_edit(connection, TOP, NOW)
    assert (await publication.current("huada")).obstacle is None
    async with huada.read() as connection:
        assert [each.community for each in await catalogues.troubles(connection, [TOP])] == ["neighbours"]
