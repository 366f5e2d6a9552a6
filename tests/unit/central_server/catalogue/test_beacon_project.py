"""Find the project at a beacon, and the status of a beacon from gateways' reports."""

from datetime import datetime, timedelta
from typing import Any

from central_server.catalogue.beacon_project import project_at
from central_server.catalogue.publication import REFRESH_INTERVAL, Publication
from central_server.enrolment.gateways import register
from central_server.ledger.publication import Publisher
from central_server.store.catalogue.bindings import Target
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from central_server.store.statistics.beacon_activity import Activity, BeaconStatus, beacon_status
from sync_contract.catalogue import BeaconKind, SignedCatalogue, verify
from sync_contract.records import AdvertisedSeconds, BeaconStatistics
from sync_contract.strict_model import Environment
from tests.fakes.delivering_gateway import DeliveringGateway, clock
from tests.unit.central_server import ledger_world
from tests.unit.central_server.catalogue_world import CARD, DOOR, HALL, KEY, NOW, bound, edit, huada, known
from tests.unit.central_server.statistics_world import place as statistics_of

__all__ = ["huada"]


async def gave(database: Database, fen: int, environment: str) -> None:
    """Post five gifts of this sum and publish them."""
    for _ in range(5):
        async with database.write() as connection:
            await ledger_world.gave(connection, fen // 5, environment=environment)
    await Publisher(database, KEY, Environment(environment), lambda: NOW).publish_waiting()


def report(**changes: Any) -> BeaconStatistics:
    fields: dict[str, Any] = {
        "start": clock(),
        "seconds": 300,
        "foreign_frames": 0,
        "places": (),
        "classes": (),
        "advertised": (),
    }
    return BeaconStatistics(**{**fields, **changes})


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


async def test_paid_sums_are_published_for_goals_and_end_while_needed_bindings(huada: Database) -> None:
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
    signed = SignedCatalogue.model_validate_json((await publication.current("huada")).signed)
    lunch, ended = verify(signed, KEY.public_key(), 0).projects
    assert (lunch.paid_fen, lunch.need, ended.paid_fen) == (10_000, 0, None)
    before = (await publication.current("huada")).version
    async with huada.write() as connection:
        await ledger_world.gave(connection, 700)
    clock_now += 2 * REFRESH_INTERVAL
    assert (await publication.current("huada")).version == before, "a single gift is not published"
    await gave(huada, 100, "drill")
    assert (await publication.current("huada")).version == before, "not every gift is a new version"
    clock_now += REFRESH_INTERVAL
    assert (await publication.current("huada")).version > before


async def test_persons_tags_and_unknown_beacons_bring_no_project(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, CARD, BeaconKind.person)
        await bound(connection, Target.beacon, CARD, project="lunch")
        await bound(connection, Target.every, None, project="lunch")
        assert await project_at(connection, CARD, NOW, Environment.drill) is None
        assert await project_at(connection, HALL, NOW, Environment.drill) is None


async def test_of_two_communities_with_one_identity_the_first_counts(huada: Database) -> None:
    await register(huada, "a" * 16, DeliveringGateway(None, "").public, "huada", "A", NOW)
    await register(huada, "b" * 16, DeliveringGateway(None, "").public, "neighbours", "B", NOW)
    async with huada.write() as connection:
        for place in ("huada", "neighbours"):
            await known(connection, DOOR, place=place)
            await bound(connection, Target.beacon, DOOR, project="lunch", place=place)
        for gateway, community, hour in (("a" * 16, "huada", 1), ("b" * 16, "neighbours", 2), ("a" * 16, "huada", 3)):
            await beacon_activity.record_reports(
                connection,
                [(gateway, community, NOW + timedelta(hours=hour), report(places=(statistics_of(DOOR, 3),)))],
            )
            found = await project_at(connection, DOOR, NOW, Environment.drill)
            assert found is not None
            assert found.community == "huada"


async def test_a_gateway_decides_the_community_of_a_beacon_of_the_top(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, DOOR, place=TOP)
        await bound(connection, Target.beacon, DOOR, project="lunch", place=TOP)
        nowhere = await project_at(connection, DOOR, NOW, Environment.drill)
    await register(huada, "b" * 16, DeliveringGateway(None, "").public, "neighbours", "B", NOW)
    async with huada.write() as connection:
        advert = AdvertisedSeconds(beacon=DOOR, seconds=300.0)
        await beacon_activity.record_reports(connection, [("b" * 16, "neighbours", NOW, report(advertised=(advert,)))])
        there = await project_at(connection, DOOR, NOW, Environment.drill)
    assert nowhere is not None
    assert there is not None
    assert (nowhere.community, there.community) == (TOP, "neighbours")


async def test_what_gateways_report_makes_a_beacon_active_then_silent(huada: Database) -> None:
    await register(huada, "a" * 16, DeliveringGateway(None, "").public, "huada", "A", NOW)

    async def status_at(at: datetime) -> BeaconStatus:
        async with huada.read() as connection:
            return beacon_status((await beacon_activity.of_beacons(connection, [DOOR])).get(DOOR, []), at)[0]

    async def reports(at: datetime, frames: int) -> None:
        async with huada.write() as connection:
            await beacon_activity.record_reports(
                connection, [("a" * 16, "huada", at, report(places=(statistics_of(DOOR, frames),)))]
            )

    assert await status_at(NOW) is BeaconStatus.never
    await reports(NOW, 0)
    assert await status_at(NOW) is BeaconStatus.never
    await reports(NOW, 7)
    assert await status_at(NOW + timedelta(minutes=10)) is BeaconStatus.active
    assert await status_at(NOW + timedelta(hours=1)) is BeaconStatus.activated
    await reports(NOW + timedelta(hours=1), 0)
    assert await status_at(NOW + timedelta(hours=1)) is BeaconStatus.silent
    await reports(NOW - timedelta(days=30), 5)  # a parcel of a month ago that comes late
    assert await status_at(NOW + timedelta(hours=1)) is BeaconStatus.silent
    async with huada.read() as connection:
        (seen,) = (await beacon_activity.of_beacons(connection, [DOOR]))[DOOR]
    assert seen.first_at == NOW - timedelta(days=30) + timedelta(seconds=300)
    assert seen.last_at == NOW + timedelta(seconds=300)


def test_a_status_is_of_all_gateways_together() -> None:
    far = Activity("a", "huada", DOOR, NOW, NOW, NOW + timedelta(hours=5), advertised=False)
    near = Activity("b", "huada", DOOR, NOW, NOW + timedelta(hours=5), NOW + timedelta(hours=5), advertised=False)
    assert beacon_status([far], NOW + timedelta(hours=5))[0] is BeaconStatus.silent
    assert beacon_status([far, near], NOW + timedelta(hours=5))[0] is BeaconStatus.active
