"""Number catalogues: greater with each edit, never in the future, despite gateways, backups and clocks."""

from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from central_server.alerts.tasks import find_tasks
from central_server.catalogue.catalogue_version import MAX_VERSION, REISSUE_INTERVAL, is_impossible, number_at
from central_server.catalogue.publication import Publication
from central_server.enrolment.gateway_status import survey
from central_server.enrolment.gateways import register
from central_server.state_files import catalogue_key
from central_server.store.catalogue import catalogues
from central_server.store.catalogue.catalogues import StoredCatalogue
from central_server.store.engine import tables
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports
from central_server.store.enrolment.gateway_reports import Report
from central_server.store.places.places import TOP
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.catalogue_world import NOW, edit, huada, pulled, texts
from tests.unit.central_server.conftest import enrolled

__all__ = ["huada"]


def reported(gateway: str, version: int) -> Report:
    """Return a report of this version."""
    facts = ("proved", NOW, "hearing", "on_air", None, "1", "", False, 0, 0, 0)
    clock = {"clock_trusted": True, "clock_off_s": 0, "uptime_s": 1, "boot": "0" * 32, "monotonic_ns": version}
    return Report(gateway, "huada", NOW, 60, *facts, version, epoch="e", **clock)  # type: ignore[arg-type]  # as named


class Numbered:
    """Two communities, a clock, and what is published."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.now = NOW
        self.publication = Publication(database, catalogue_key(folder), lambda: self.now, Environment.drill)

    async def version(self, community: str, reported_number: int = 0) -> int:
        return (await self.publication.current(community, reported_number)).version

    async def troubles(self) -> list[tuple[str, str]]:
        async with self.database.read() as connection:
            return [(each.community, each.reason) for each in await catalogues.troubles(connection, [TOP])]

    async def tasks(self) -> list[tuple[str, str]]:
        """Matter and community."""
        async with self.database.read() as connection:
            surveyed = await survey(connection, [TOP], self.now)
            found = await find_tasks(connection, surveyed, [TOP], [], "drill", self.now)
        return [(task.kind.value, task.community) for task in found]


@pytest.fixture
async def numbered(huada: Database, tmp_path: Path) -> Numbered:
    return Numbered(huada, tmp_path)


@pytest.mark.parametrize("claimed", [2**32 - 2, 2**32 - 1, 2**53 - 1, number_at(NOW) + 1])
async def test_a_false_report_of_a_gateway_has_no_effect_on_versions(numbered: Numbered, claimed: int) -> None:
    before = {community: await numbered.version(community) for community in ("huada", "neighbours")}
    assert await numbered.version("huada", claimed) == before["huada"]
    if claimed > number_at(NOW) + 1:
        numbered.now += timedelta(hours=1)
        assert await numbered.version("huada", claimed) == before["huada"], "not published again"
    numbered.now += timedelta(seconds=1)
    await edit(numbered.database, TOP, title=texts("Soup"))
    for community, version in before.items():
        assert version < await numbered.version(community, claimed) <= number_at(numbered.now)
    assert await numbered.troubles() == []


async def test_a_report_of_the_greatest_number_uses_up_none(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    neighbour = await enrolled(central, DeliveringGateway(session, central.url), "neighbours")
    before = [(await pulled(each, central)).version for each in (gateway, neighbour)]
    async with central.database() as database:
        async with database.write() as connection:
            await gateway_reports.store(connection, reported(gateway.id, 2**32 - 2))
        assert [(await pulled(each, central)).version for each in (gateway, neighbour)] == before
        await edit(database, TOP, title=texts("Soup"))
    for each, version in zip((gateway, neighbour), before, strict=True):
        after = await pulled(each, central)
        assert (after.projects[0].title.en, version < after.version < 2**32 - 10**9) == ("Soup", True)


async def test_a_gateway_with_a_newer_version_gets_a_reissue_at_intervals(numbered: Numbered) -> None:
    """It came from another community, or the server's database was restored."""
    ours = await numbered.publication.current("huada")
    numbered.now += timedelta(hours=1)
    await edit(numbered.database, TOP, edited_by="somebody")
    reported_number = number_at(numbered.now) - 5
    newer = await numbered.publication.current("huada", reported_number)
    assert (newer.version, newer.digest) == (number_at(numbered.now), ours.digest)
    numbered.now += REISSUE_INTERVAL - timedelta(seconds=1)
    assert await numbered.version("huada", number_at(numbered.now)) == newer.version, "not as often as somebody asks"
    numbered.now += timedelta(seconds=1)
    assert await numbered.version("huada", number_at(numbered.now)) == number_at(numbered.now)


async def test_after_a_restored_backup_the_next_catalogue_is_newer_than_all_before(numbered: Numbered) -> None:
    await numbered.version("huada")
    lost = number_at(NOW) + 3600  # published after the backup, in an hour that the database does not know
    numbered.now += timedelta(hours=2)
    await edit(numbered.database, TOP, title=texts("Soup"))
    assert await numbered.version("huada") > lost


async def test_versions_increase_when_the_servers_clock_falls_back(numbered: Numbered) -> None:
    numbered.now += timedelta(days=20_000)
    ahead = await numbered.version("huada")
    numbered.now = NOW - timedelta(days=10_000)
    await edit(numbered.database, TOP, title=texts("Soup"))
    assert await numbered.version("huada", ahead) == ahead + 1
    assert not is_impossible(ahead + 1, ahead + 1, numbered.now)
    assert await numbered.version("neighbours") == number_at(numbered.now)


async def test_what_cannot_be_published_is_a_task_until_it_can(numbered: Numbered) -> None:
    before = await numbered.publication.current("huada")
    async with numbered.database.write() as connection:
        last = StoredCatalogue(MAX_VERSION, "x", before.signed, NOW, "huada")
        await catalogues.add(connection, last)
    await edit(numbered.database, TOP, title=texts("Soup"))
    stuck = await numbered.publication.current("huada")
    assert (stuck.version, stuck.obstacle) == (MAX_VERSION, "no_number")
    assert await numbered.version("neighbours") == number_at(NOW), "one community's trouble is nobody else's"
    assert await numbered.troubles() == [("huada", "no_number")]
    assert ("catalogue_number", "huada") in await numbered.tasks()
    async with numbered.database.write() as connection:
        await connection.execute(tables.catalogues.delete().where(tables.catalogues.c.version == MAX_VERSION))
    numbered.now += timedelta(minutes=6)
    assert await numbered.version("huada") == number_at(numbered.now)
    assert await numbered.troubles() == []
    assert await numbered.tasks() == []


async def test_a_gateway_with_an_impossible_version_is_a_task(numbered: Numbered) -> None:
    await register(numbered.database, "a" * 16, DeliveringGateway(None, "").public, "huada", "Hall", NOW)
    for reported_number, expected in ((number_at(NOW), False), (2**32 - 2, True)):
        async with numbered.database.write() as connection:
            await gateway_reports.store(connection, reported("a" * 16, reported_number))
        assert (("catalogue_lost", "huada") in await numbered.tasks()) is expected
