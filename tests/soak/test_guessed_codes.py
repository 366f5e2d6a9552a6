"""10,000 guesses at an enrolment code find nothing and do not block the correct code."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from central_server.store.engine.tables import gateway_keys
from central_server.store.enrolment import issued_codes
from sync_contract.enrolment import new_code
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.enrolling_device import EnrollingDevice, invited

GUESSES, AT_ONCE = 10_000, 20


async def test_ten_thousand_guesses(tmp_path: Path) -> None:
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank) as central,
        aiohttp.ClientSession() as session,
        central.database() as database,
    ):
        gateway, code = await invited(database)
        guesser, pi = (EnrollingDevice(session, central.url) for _ in range(2))
        answers: dict[int, int] = {}

        async def guess() -> None:
            for _ in range(GUESSES // AT_ONCE):
                status, _answer = await guesser.enrol(new_code(secrets.token_bytes(15)))
                answers[status] = answers.get(status, 0) + 1

        guessing = [asyncio.create_task(guess()) for _ in range(AT_ONCE)]
        async with asyncio.timeout(300):
            while sum(answers.values()) < GUESSES // 2:
                await asyncio.sleep(0.05)
            status, answer = await pi.enrol(code)
            assert status == 200, answer
            await asyncio.gather(*guessing)
        assert answers.keys() == {404, 429}, "no 5xx, nothing found"
        assert answers[404] < 200
        assert (await pi.report())[0] == 200
        async with database.read() as connection:
            keys = (await connection.execute(gateway_keys.select())).all()
            assert [key.public for key in keys] == [pi.public]
            reported = await issued_codes.wrong_since(connection, datetime.now(UTC) - timedelta(hours=2))
        # The count of the last seconds is stored with the next wrong code.
        assert reported > GUESSES // 2
        assert gateway.id == pi.id
