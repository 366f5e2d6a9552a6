"""What becomes of an enrolled gateway: its key is rolled, it is replaced, locked out, copied, or off for a year."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.enrolment import key_roll_and_revocation
from central_server.enrolment.gateway_status import GatewayStatus, survey
from central_server.enrolment.gateways import OLD_KEY_LIFETIME
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports, gateways, rejected_requests
from central_server.store.enrolment.rejected_requests import Noticed
from central_server.store.parcels import parcels
from central_server.store.places.places import TOP
from sync_contract.gateway_report import Hearing
from sync_contract.keys import public_text
from sync_contract.records import ClockReading, Receipt
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import as_json
from tests.fakes.enrolling_device import EnrollingDevice, code_for, invited
from tests.unit.central_server.enrolment_steps import age, device, keys_of


async def test_a_rolled_key_is_valid_beside_the_old_one_until_some_time_after_its_first_use(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        await pi.enrol(code)
        old = pi.key
        status, answer = await pi.roll()
        assert status == 200
        assert (await pi.roll(key=pi.next))[1] == answer, "the first answer was lost"
        assert (await pi.report())[0] == 200, "the old key is good"
        pi.take()
        assert (await pi.report())[0] == 200
        pi.key = old
        assert (await pi.report())[0] == 200, "still"
        new_key, old_key = await keys_of(database, gateway.id)
        assert (new_key.origin, new_key.replaces, new_key.revoked_at) == ("roll", old_key.key, None)
        assert old_key.revoked_at is not None
        assert old_key.revoked_why == "rolled"
        assert old_key.valid(datetime.now(UTC) + OLD_KEY_LIFETIME - timedelta(minutes=1))
        await age(
            database, "UPDATE gateway_keys SET revoked_at = revoked_at - :by", OLD_KEY_LIFETIME + timedelta(minutes=1)
        )
        status, answer = await pi.report()
        assert (status, answer["code"]) == (401, "key_revoked")
        pi.take()
        assert (await pi.report())[0] == 200


@sqlite_only
async def test_an_old_key_never_runs_out_while_its_successor_was_not_used(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        _, code = await invited(database)
        await pi.enrol(code)
        await pi.roll()
        await _a_year_passes(database)
        assert (await pi.report())[0] == 200, "it lost the answer, and was off for a year"


@sqlite_only
async def test_nobody_rolls_in_a_key_for_another_gateway_or_one_that_was_known(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi, other = device(central, session), device(central, session)
    async with central.database() as database:
        for each in (pi, other):
            _, code = await invited(database)
            await each.enrol(code)
        assert (await pi.roll(gateway=other.id))[0] == 409
        assert (await pi.roll(key=other.key))[0] == 409
        old = pi.key
        await pi.roll()
        pi.take()
        await pi.report()
        async with database.write() as connection:
            await gateways.revoke_keys(connection, pi.id, datetime.now(UTC), "staff", but=(await _newest(database, pi)))
        assert (await pi.roll(key=old))[0] == 409, "what was revoked stays so"
        assert {key.public for key in await keys_of(database, other.id)} == {other.public}


async def test_what_is_revoked_is_refused_and_a_new_code_takes_it_in_again(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        await pi.enrol(code)
        await pi.deliver([pi.statistics()])
        waiting = await code_for(database, gateway.id)
        async with database.write() as connection:
            assert await key_roll_and_revocation.revoke(connection, gateway.id, datetime.now(UTC)) == 1
        for path in ("/api/v1/parcels", "/api/v1/reports", "/api/v1/keys"):
            status, answer = await pi.post_json(path, b"{}")
            assert (status, answer["code"]) == (401, "key_revoked"), path
        assert (await pi.get("/api/v1/outcomes"))[1]["code"] == "key_revoked"
        assert (await pi.enrol(waiting))[1]["code"] == "key_known", "a revoked key is not taken again"
        pi.key = Ed25519PrivateKey.generate()
        pi.public = public_text(pi.key.public_key())
        assert (await pi.enrol(waiting))[1]["code"] == "code_revoked", "withdrawn together with the key"
        assert (await pi.enrol(await code_for(database, gateway.id), only_as=gateway.id))[0] == 200
        assert [r.receipt for r in await pi.deliver([pi.statistics()])] == [Receipt.accepted]
        async with database.read() as connection:
            (one,) = await parcels.numbered(connection, (TOP,), (gateway.id,))
        assert (one.highest, one.stored, one.forks) == (2, 2, 0), "the same sequence goes on"


async def test_a_new_device_takes_over_place_and_history_and_the_old_one_is_refused(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    old, new = device(central, session), device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        await old.enrol(code)
        await old.deliver([old.statistics(), old.statistics()])
        code = await code_for(database, gateway.id)
        assert (await old.report())[0] == 200, "it works until the code is used"
        assert (await new.enrol(code))[0] == 200
        assert new.id == old.id
        late, late_status = old.intent(), old.statistics()
        status, answer = await old.post_batch({"contract": 1, "parcels": [as_json(late)]})
        assert (status, json.loads(answer)["code"]) == (401, "key_revoked")
        assert [r.receipt for r in await new.deliver([new.statistics()])] == [Receipt.accepted]
        async with database.read() as connection:
            epochs = {
                one.epoch: (one.highest, one.stored, one.forks) for one in await parcels.numbered(connection, (TOP,))
            }
        assert epochs == {old.epoch: (2, 2, 0), new.epoch: (1, 1, 0)}
        assert late_status.n == 4


async def test_a_copied_card_is_named_and_nothing_of_it_is_lost(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    card, copy = device(central, session), device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        await card.enrol(code)
        await card.deliver([card.statistics() for _ in range(3)])
        copy.id, copy.key, copy.epoch, copy.n = card.id, card.key, card.epoch, card.n
        await card.deliver([card.statistics()])
        first = [copy.statistics(), copy.intent()]
        assert {r.receipt for r in await copy.deliver(first)} == {Receipt.accepted}, "nothing is thrown away"
        again = await asyncio.gather(card.deliver([card.intent()]), copy.deliver(first))
        assert {r.receipt for receipts in again for r in receipts} == {Receipt.accepted, Receipt.duplicate}
        async with database.read() as connection:
            (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
            assert seen.fork is not None
            assert (seen.fork.forks, seen.fork.forked_n, seen.fork.epoch) == (2, 5, card.epoch)
            assert len(await parcels.of_number(connection, gateway.id, card.epoch, 4)) == 2
            assert len(await parcels.of_number(connection, gateway.id, card.epoch, 3)) == 1
        right = device(central, session)
        assert (await right.enrol(await code_for(database, gateway.id)))[0] == 200
        async with database.read() as connection:
            (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
        assert seen.fork is None, "the one that was enrolled anew is the right one"
        assert (await copy.report())[0] == 401


async def test_of_some_gateways_a_survey_tells_what_it_tells_of_them_among_all(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pis = [device(central, session) for _ in range(3)]
    async with central.database() as database:
        for pi in pis:
            _, code = await invited(database)
            await pi.enrol(code)
            await pi.deliver([pi.statistics()])
        await pis[0].report()
        now = datetime.now(UTC)
        async with database.read() as connection:
            every = await survey(connection, (TOP,), now)
            assert len(every) == 3
            for some in ([pis[0].id, pis[2].id], [pis[1].id], ["f" * 16], []):
                found = await survey(connection, (TOP,), now, among=some)
                assert found == tuple(each for each in every if each.gateway.id in some)
            assert await survey(connection, ("elsewhere",), now, among=[pis[0].id]) == ()


@sqlite_only
async def test_a_year_without_a_network_is_forgiven(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    pi = device(central, session)
    async with central.database() as database:
        _, code = await invited(database)
        await pi.enrol(code)
        await pi.report()
        backlog = [pi.intent() for _ in range(40)]
        await _a_year_passes(database)
        async with database.read() as connection:
            (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
        assert seen.status is GatewayStatus.late
        assert {r.receipt for r in await pi.deliver(backlog)} == {Receipt.accepted}
        status, answer = await pi.report()
        assert status == 200
        assert 364 * 86_400 < answer["key_age_s"] < 367 * 86_400, "old enough to be rolled, good enough to be used"
        assert (await pi.get("/api/v1/catalogue"))[0] == 200
        async with database.read() as connection:
            (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
        assert seen.status is GatewayStatus.up


async def test_a_report_counts_once_and_a_boot_that_another_followed_never_again(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)

    def reading(boot: int, monotonic_ns: int) -> ClockReading:
        return ClockReading(wall=datetime.now(UTC), boot=f"{boot:032x}", monotonic_ns=monotonic_ns, trusted=False)

    async with central.database() as database:
        gateway, code = await invited(database)
        await pi.enrol(code)
        for boot, monotonic_ns, status in (
            (1, 50, 200),
            (1, 50, 409),
            (1, 49, 409),
            (1, 51, 200),
            (2, 7, 200),
            (1, 52, 409),
            (2, 7, 409),
            (3, 1, 200),
            (2, 8, 409),
            (1, 53, 409),
            (3, 2, 200),
        ):
            answer = await pi.report(clock=reading(boot, monotonic_ns), waiting=boot)
            assert (answer[0], answer[1].get("code")) == (status, "report_replayed" if status == 409 else None)
        await age(database, "UPDATE gateway_reports SET received_at = received_at - :by", timedelta(days=30))
        await age(database, "UPDATE gateway_keys SET added_at = added_at - :by", timedelta(days=60))
        assert (await pi.report(clock=reading(3, 2)))[0] == 409
        async with database.read() as connection:
            (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
            tasks = await rejected_requests.lately(connection, datetime.now(UTC), gateway.id)
        assert seen.status is GatewayStatus.late, "a replayed report is no contact"
        assert [task.what for task in tasks] == [Noticed.report_replayed]


async def test_a_request_signed_for_another_server_is_refused(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        _, code = await invited(database)
    await pi.enrol(code)
    assert (await pi.get("/api/v1/catalogue"))[0] == 200
    pi.url = central.url.replace("127.0.0.1", "localhost")
    headers = pi.signed_post("/api/v1/reports", b"{}") | {"Content-Type": "application/json"}
    async with session.post(f"{central.url}/api/v1/reports", data=b"{}", headers=headers) as answer:
        assert answer.status == 401
    async with session.post(f"{pi.url}/api/v1/reports", data=b"{}", headers=headers) as answer:
        assert answer.status == 400, "signed for this address"


async def test_a_report_is_kept_and_says_since_when(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        await pi.enrol(code)
        await pi.report()
        await age(database, "UPDATE gateway_reports SET hearing_since = hearing_since - :by", timedelta(hours=1))
        await pi.report(waiting=7)
        async with database.read() as connection:
            report = await gateway_reports.get(connection, gateway.id)
        assert report is not None
        assert (report.waiting, report.hearing, report.community) == (7, "proved", "huada")
        assert report.received_at - report.hearing_since > timedelta(minutes=59)
        await pi.report(hearing=Hearing.deaf, radio="silent")
        async with database.read() as connection:
            report = await gateway_reports.get(connection, gateway.id)
        assert report is not None
        assert report.received_at - report.hearing_since < timedelta(minutes=1)
        assert report.off_air_since is None
        await pi.report(advert="refused")
        await age(database, "UPDATE gateway_reports SET off_air_since = off_air_since - :by", timedelta(hours=1))
        await pi.report(advert="no_adapter")
        async with database.read() as connection:
            report = await gateway_reports.get(connection, gateway.id)
        assert report is not None
        assert report.off_air_since is not None
        assert report.received_at - report.off_air_since > timedelta(minutes=59), (
            "another reason, off the air all along"
        )
        for well in ("on_air", "off", "starting", "simulated"):
            await pi.report(advert=well)
            async with database.read() as connection:
                report = await gateway_reports.get(connection, gateway.id)
            assert report is not None
            assert report.off_air_since is None, well
        odd = ClockReading(wall=datetime(2199, 12, 31, tzinfo=UTC), boot="f" * 32, monotonic_ns=0, trusted=False)
        assert (await pi.report(clock=odd, uptime_s=2**32 - 1, waiting=2**53 - 1, refused=2**53 - 1))[0] == 200
        for broken in (b"", b"[]", b"{", b"null", json.dumps({"contract": 1}).encode()):
            assert (await pi.post_json("/api/v1/reports", broken))[0] == 400
        assert (await pi.post("/api/v1/reports", b"{}", {"Content-Type": "text/plain"}))[0] == 415


@sqlite_only
async def test_how_a_gateway_stands(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with central.database() as database:

        async def current_status() -> GatewayStatus:
            async with database.read() as connection:
                (seen,) = await survey(connection, (TOP,), datetime.now(UTC))
            return seen.status

        gateway, code = await invited(database)
        assert await current_status() is GatewayStatus.new
        pi = device(central, session)
        await pi.enrol(code)
        assert await current_status() is GatewayStatus.awaited
        await pi.deliver([pi.statistics()])
        assert await current_status() is GatewayStatus.up
        await age(database, "UPDATE gateway_keys SET added_at = added_at - :by", timedelta(days=1))
        await age(database, "UPDATE sequences SET last_at = last_at - :by", timedelta(minutes=9))
        assert await current_status() is GatewayStatus.up
        await age(database, "UPDATE sequences SET last_at = last_at - :by", timedelta(minutes=2))
        assert await current_status() is GatewayStatus.late
        await pi.report(every_s=60)
        assert await current_status() is GatewayStatus.up
        await age(database, "UPDATE gateway_reports SET received_at = received_at - :by", timedelta(seconds=115))
        assert await current_status() is GatewayStatus.up
        await age(database, "UPDATE gateway_reports SET received_at = received_at - :by", timedelta(seconds=10))
        assert await current_status() is GatewayStatus.late, "two reports that it promised did not come"
        async with database.write() as connection:
            await key_roll_and_revocation.revoke(connection, gateway.id, datetime.now(UTC))
        assert await current_status() is GatewayStatus.revoked


async def _newest(database: Database, pi: EnrollingDevice) -> str:
    return (await keys_of(database, pi.id))[0].key


async def _a_year_passes(database: Database) -> None:
    """As the server's clock sees it: all that it noted lies a year further back."""
    for table, columns in (
        ("gateway_keys", ("added_at", "first_used_at", "revoked_at")),
        ("enrolment_codes", ("made_at", "ends_at", "used_at")),
        ("gateway_reports", ("received_at", "hearing_since")),
        ("gateways", ("added_at",)),
    ):
        moved = ", ".join(f"{column} = {column} - :by" for column in columns)
        await age(database, f"UPDATE {table} SET {moved}", timedelta(days=366))
