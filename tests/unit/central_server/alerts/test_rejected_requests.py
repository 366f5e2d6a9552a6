"""Rejected requests become tasks of staff, one for each cause."""

from datetime import UTC, datetime, timedelta

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.alerts.tasks import find_tasks
from central_server.enrolment import key_roll_and_revocation
from central_server.enrolment.gateway_status import survey
from central_server.rejected_requests import Refusals
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, rejected_requests
from central_server.store.enrolment.gateways import Gateway
from central_server.store.enrolment.rejected_requests import Noticed
from central_server.store.places import places
from central_server.store.places.places import TOP
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.fakes.enrolling_device import code_for, invited
from tests.unit.central_server.enrolment_steps import device
from tests.unit.central_server.staff.test_overview import overview, reports, text
from tests.unit.central_server.staff.test_staff import logged_in

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
HALL = Gateway("a" * 16, "huada", "Hall")


async def waiting(connection: Connection, now: datetime, *tops: str) -> dict[TaskKind, Task]:
    surveyed = await survey(connection, tops, now)
    return {task.kind: task for task in await find_tasks(connection, surveyed, tops, [], "drill", now)}


@sqlite_only
async def test_a_wrong_signature_is_on_the_gateways_page_and_is_a_task(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database, label="Main hall")
        await pi.enrol(code)
        await pi.report()
        own, pi.key = pi.key, Ed25519PrivateKey.generate()
        for _ in range(3):
            assert (await pi.report())[0] == 401
        await logged_in(central, donor)
        tasks = await overview(central, donor)
        assert "Someone sends in the name of Main hall with a wrong key." in tasks
        page = text(await donor.open(f"{central.url}/staff/gateways/{gateway.id}"))
        assert "Someone sends in the name of Main hall" in page
        pi.key = own
        await pi.enrol(await code_for(database, gateway.id))
        async with database.read() as connection:
            assert not await rejected_requests.lately(connection, datetime.now(UTC), gateway.id)


@sqlite_only
async def test_unknown_devices_are_one_task_of_the_top(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with central.database() as database:
        for _ in range(20):
            pi = device(central, session)
            assert (await pi.report())[0] == 401
        async with database.read() as connection:
            seen = await rejected_requests.lately(connection, datetime.now(UTC))
            assert [(each.what, each.gateway) for each in seen] == [("unknown_gateway", "")]
    await logged_in(central, donor)
    assert "Devices that were never enrolled here tried to send." in await overview(central, donor)


@sqlite_only
async def test_an_unsigned_request_is_no_task(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with session.post(f"{central.url}/api/v1/reports", json={}) as answer:
        assert answer.status == 401
    async with central.database() as database, database.read() as connection:
        assert not await rejected_requests.lately(connection, datetime.now(UTC))


@sqlite_only
async def test_a_used_enrolment_code_from_another_device_is_a_task(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with central.database() as database:
        gateway, code = await invited(database, label="Main hall")
        await device(central, session).enrol(code)
        assert (await device(central, session).enrol(code))[1]["code"] == "code_used"
        await logged_in(central, donor)
        assert "Main hall: a second device used an enrolment code" in await overview(central, donor)
        await device(central, session).enrol(await code_for(database, gateway.id))
        assert "a second device used an enrolment code" not in await overview(central, donor), "staff dealt with it"


@sqlite_only
async def test_a_replayed_catalogue_is_a_task(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        _, code = await invited(database, label="Main hall")
    await pi.enrol(code)
    assert (await pi.report(asked="?noticed=something_newer"))[0] == 200
    await logged_in(central, donor)
    assert "old list of projects" not in await overview(central, donor)
    assert (await pi.report(asked="?noticed=catalogue_older"))[0] == 200
    assert "Main hall received an old list of projects again" in await overview(central, donor)


async def test_repeated_rejections_are_one_task_that_ends_after_a_quiet_day(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
        await places.plant_community(connection, "neighbours", NOW)
        await gateways.add(connection, HALL, NOW)
        for hours in (0, 5, 20):
            at = NOW + timedelta(hours=hours)
            await rejected_requests.note(connection, Noticed.wrong_signature, HALL.id, 2, at)
            await rejected_requests.note(connection, Noticed.unknown_gateway, "", 1, at)
    later = NOW + timedelta(hours=21)
    async with database.read() as connection:
        seen = await waiting(connection, later, TOP)
        assert (seen[TaskKind.wrong_signature].count, seen[TaskKind.wrong_signature].since) == (6, NOW)
        assert (seen[TaskKind.unknown_gateway].count, seen[TaskKind.unknown_gateway].community) == (3, TOP)
        assert set(await waiting(connection, later, "huada")) == {TaskKind.wrong_signature}
        assert not await waiting(connection, later, "neighbours")
        assert not await waiting(connection, NOW + timedelta(hours=45), TOP)
    again = NOW + timedelta(hours=46)
    async with database.write() as connection:
        await rejected_requests.note(connection, Noticed.wrong_signature, HALL.id, 1, again)
        (one,) = await rejected_requests.lately(connection, again)
        assert (one.times, one.since) == (1, again)


async def test_many_unknown_devices_are_one_row_with_few_writes(database: Database) -> None:
    refusals = Refusals()
    for number in range(200):
        await refusals.doorstep.reject_signature(database, f"{number:016x}", NOW)
    async with database.read() as connection:
        (one,) = await rejected_requests.lately(connection, NOW)
    assert (one.gateway, one.times) == ("", 1), "the rest follows with a later one"
    for seconds in (31, 32):
        await refusals.doorstep.notice(database, Noticed.unknown_gateway, "", NOW + timedelta(seconds=seconds))
    async with database.read() as connection:
        (one,) = await rejected_requests.lately(connection, NOW)
    assert 2 < one.times <= 200


async def test_a_retired_gateway_has_no_tasks(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
        await gateways.add(connection, HALL, NOW)
        await gateways.add_key(connection, HALL.id, "0" * 16, "A" * 43, NOW)
        await rejected_requests.note(connection, Noticed.wrong_signature, HALL.id, 2, NOW)
        later = NOW + timedelta(minutes=20)
        assert set(await waiting(connection, later, TOP)) == {TaskKind.awaited, TaskKind.wrong_signature}
        await gateways.retire(connection, HALL.id, NOW)
        assert not await waiting(connection, later, TOP)
        (gone,) = await survey(connection, [TOP], later, retired=True)
        assert gone.gateway.retired_at == NOW


@sqlite_only
async def test_damaged_parcels_do_not_hide_missing_ones(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await gateway.deliver([gateway.statistics()])
    gateway.n += 1
    await gateway.deliver([gateway.statistics()])
    await reports(gateway, waiting=1)
    assert "that never arrived" not in text(await logged_in(central, donor)), "it may still come"
    await reports(gateway, damaged=1)
    tasks = await overview(central, donor)
    assert "records that never arrived: 1." in tasks
    assert "records damaged by its memory card: 1." in tasks


async def test_only_a_gateway_that_staff_revoked_is_no_alert(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
        await gateways.add(connection, HALL, NOW)
        await gateways.add_key(connection, HALL.id, "0" * 16, "A" * 43, NOW)
        await gateways.revoke_keys(connection, HALL.id, NOW, "rolled")
        later = NOW + timedelta(days=2)
        assert set(await waiting(connection, later, TOP)) == {TaskKind.revoked}
        await gateways.add_key(connection, HALL.id, "1" * 16, "B" * 43, NOW)
        await key_roll_and_revocation.revoke(connection, HALL.id, NOW + timedelta(days=1))
        assert not await waiting(connection, later, TOP)
