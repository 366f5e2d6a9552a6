"""A gateway is enrolled with a one-time code."""

import asyncio
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.enrolment import enrolment_codes
from central_server.enrolment.gateways import EnrolmentRefused, register
from central_server.state_files import catalogue_key
from central_server.store.accounts import audit_trail
from central_server.store.engine.tables import metadata
from central_server.store.enrolment import issued_codes
from central_server.store.places.places import TOP
from sync_contract.enrolment import EnrolmentAnswer, EnrolmentMalformed, EnrolmentRequest, fingerprint, new_code
from sync_contract.keys import public_text
from sync_contract.records import Receipt
from tests.databases import both_databases, sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.enrolling_device import code_for, invited
from tests.unit.central_server.enrolment_steps import age, device, keys_of

LATER = timedelta(minutes=14, seconds=59)


async def test_a_code_makes_a_device_the_gateway_and_nothing_else_is_kept_of_it(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        status, body = await pi.enrol(code)
        assert status == 200, body
        answer = EnrolmentAnswer.model_validate_json(json.dumps(body))
        pinned = catalogue_key(central.state).public_key()
        assert answer.check(pi.key.public_key(), fingerprint(pinned)) == pinned
        assert (answer.gateway, answer.community, answer.label) == (gateway.id, "huada", "社区大厅")
        assert [receipt.receipt for receipt in await pi.deliver([pi.intent()])] == [Receipt.accepted]
        (key,) = await keys_of(database, gateway.id)
        assert (key.public, key.origin, key.first_used_at is not None) == (pi.public, "code", True)
        async with database.read() as connection:
            for table in metadata.sorted_tables:
                for row in await connection.execute(table.select()):
                    assert code not in str(row), table.name
            (_, line), *_ = await audit_trail.page(connection, (TOP,))
        assert (line.action.name, line.action.subject, line.account) == ("gateway.enrol", gateway.id, "chen")


async def test_the_first_answer_may_get_lost(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    pi, other = device(central, session), device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        answers = [await pi.enrol(code) for _ in range(3)]
        assert answers[0][0] == 200
        assert answers[1:] == answers[:1] * 2
        assert (await other.enrol(code))[1]["code"] == "code_used"
        assert len(await keys_of(database, gateway.id)) == 1
        await age(database, "UPDATE enrolment_codes SET ends_at = ends_at - :by", timedelta(minutes=15))
        status, body = await pi.enrol(code)
        assert (status, body["code"]) == (409, "code_used"), "not for ever"


@both_databases
async def test_of_two_devices_with_one_code_exactly_one_wins(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        for _ in range(5):
            gateway, code = await invited(database)
            pis = [device(central, session) for _ in range(4)]
            answers = await asyncio.gather(*(pi.enrol(code) for pi in pis))
            assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
            assert {body["code"] for status, body in answers if status == 409} == {"code_used"}
            (key,) = await keys_of(database, gateway.id)
            assert key.public == pis[[status for status, _ in answers].index(200)].public


@sqlite_only
async def test_a_code_that_ran_out_or_was_withdrawn_says_so(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi = device(central, session)
    async with central.database() as database:
        gateway, first = await invited(database)
        second = await code_for(database, gateway.id)
        assert (await pi.enrol(first))[1]["code"] == "code_revoked"
        await age(database, "UPDATE enrolment_codes SET ends_at = ends_at - :by", enrolment_codes.CODE_LIFETIME)
        assert (await pi.enrol(second))[1]["code"] == "code_expired"
        assert await keys_of(database, gateway.id) == ()
        third = await code_for(database, gateway.id)
        await age(database, "UPDATE enrolment_codes SET ends_at = ends_at - :by", LATER)
        assert (await pi.enrol(third))[0] == 200


@sqlite_only
async def test_a_code_is_good_for_its_own_gateway_only_and_a_key_for_one_gateway_only(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi, thief = device(central, session), device(central, session)
    async with central.database() as database:
        ours, code = await invited(database)
        theirs, other_code = await invited(database, community="elsewhere")
        status, body = await pi.enrol(code, only_as=theirs.id)
        assert (status, body["code"]) == (409, "other_place")
        assert (await pi.enrol(code, only_as=ours.id))[0] == 200, "the code was not spent"
        assert (await pi.enrol(other_code))[1]["code"] == "key_known"
        thief.public = pi.public
        assert (await thief.enrol(other_code))[0] == 400, "without the other half of the key"
        assert (await pi.enrol(other_code, changes={"gateway": theirs.id}))[0] == 400, "the body names no gateway"
        with pytest.raises(EnrolmentRefused, match="another gateway"):  # a ticket names its gateway by the key only
            await register(database, theirs.id, pi.public, theirs.community, theirs.label, datetime.now(UTC))
        assert await register(database, ours.id, pi.public, ours.community, ours.label, datetime.now(UTC)) == ours


async def test_guesses_find_nothing_lock_nothing_and_are_told_to_staff(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    pi, guesser = device(central, session), device(central, session)
    async with central.database() as database:
        gateway, code = await invited(database)
        answers = [await guesser.enrol(new_code(secrets.token_bytes(15))) for _ in range(200)]
        assert {status for status, _ in answers} == {404, 429}
        assert {body["code"] for status, body in answers if status == 429} == {"too_many"}
        assert (await pi.enrol(code))[0] == 200, "from the same address, right after"
        assert pi.id == gateway.id
        async with database.read() as connection:
            assert await issued_codes.wrong_since(connection, datetime.now(UTC) - timedelta(hours=2)) >= 1
            assert await issued_codes.wrong_since(connection, datetime.now(UTC) + timedelta(hours=2)) == 0


@sqlite_only
async def test_what_is_no_request_changes_nothing(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    broken: list[dict[str, Any]] = [
        {"code": "A" * 24},
        {"code": "U" * 25},
        {"code": None},
        {"public": "A" * 42},
        {"public": "A" * 43},
        {"signature": ""},
        {"signature": "A" * 86},
        {"only_as": "x"},
        {"contract": 2},
        {"more": 1},
        {"code": "A" * 100_000},
    ]
    async with central.database() as database:
        gateway, code = await invited(database)
        for changes in broken:
            status, body = await device(central, session).enrol(code, changes=changes)
            assert status in (400, 413), changes
            assert code not in str(body)
        assert await keys_of(database, gateway.id) == ()


def test_an_answer_of_another_server_or_for_another_device_is_not_believed() -> None:
    server, stranger, pi, other = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in range(4))
    answer = EnrolmentAnswer(
        gateway="0" * 16,
        community="huada",
        label="hall",
        public=public_text(pi.public_key()),
        catalogue_key=public_text(server.public_key()),
    ).signed(server)
    mark = fingerprint(server.public_key())
    assert answer.check(pi.public_key(), mark) == answer.check(pi.public_key(), "")
    forged = answer.model_copy(update={"catalogue_key": public_text(stranger.public_key())})
    for bad, key, at in (
        (answer, other, mark),
        (answer, pi, fingerprint(stranger.public_key())),
        (forged, pi, ""),
        (forged.signed(stranger), pi, mark),
        (answer.model_copy(update={"gateway": "1" * 16}), pi, mark),
    ):
        with pytest.raises(EnrolmentMalformed):
            bad.check(key.public_key(), at)


def test_the_hash_in_the_database_is_of_the_code_as_it_is_sent() -> None:
    request = EnrolmentRequest(code="0" * 25, public="A" * 43, only_as=None)
    assert enrolment_codes._hash(request.code) == hashlib.sha256(b"0" * 25).hexdigest()
