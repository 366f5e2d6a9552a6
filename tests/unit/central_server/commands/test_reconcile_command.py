"""`beacon-central reconcile` next to a running server, with files of the emulated UnionPay."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.unionpay.clock import Clock, settlement_day
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.commands.reconcile import ReconcileRequest, run
from central_server.store.donations import attempts, intents
from central_server.store.ledger import ledger_lines
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, statements
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.fakes.unionpay import authority_in
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_unionpay_giving import UNIONPAY, handed_over

A_DAY_S = 26 * 3600.0


async def turned(session: aiohttp.ClientSession, url: str, **output: object) -> None:
    for path, body in output.items():
        async with session.post(f"{url}/control/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()


async def test_reconcile_downloads_statements_and_prints_differences(
    tmp_path: Path,
    session: aiohttp.ClientSession,
    donor: Donor,
    store_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    authority_in(tmp_path / "bank")
    config = tmp_path / "central.toml"
    config.write_text(UNIONPAY + (f'\n[store]\nurl = "{store_url}"\n' if store_url.startswith("post") else ""))
    state = tmp_path / "central"
    async with (
        running_bank(tmp_path / "bank", kind="unionpay", gaps_min=()) as bank,
        running_central(state, bank, config=UNIONPAY, store=store_url) as central,
    ):
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        page, heard = await handed_over(central, gateway, donor)
        await donor.press(await donor.press(page), decision="confirm")
        await turned(session, bank.url, faults={"faults": ["notify-lost"], "scope": "next"})
        page, unheard = await handed_over(central, gateway, donor)
        await donor.press(await donor.press(page), decision="confirm")
        day = settlement_day(Clock().now())

        def reconcile(**asked: object) -> int:
            output: dict[str, object] = {"day": str(day), "file": None, **asked}
            return run(config, state, ReconcileRequest(**output, bank_url=bank.url, credentials=bank.credentials))  # type: ignore[arg-type]  # a test's shorthand

        assert await asyncio.to_thread(reconcile) == 0  # the day is not over: there is no file
        assert f"{day}: the bank has no file" in capsys.readouterr().out
        await turned(session, bank.url, clock={"advance_s": A_DAY_S})
        assert await asyncio.to_thread(reconcile) == 0
        output = capsys.readouterr().out
        assert "no open differences" in output
        assert f"{day} 2 2 10000 0 60 9940 yes 0" in " ".join(output.split())
        await turned(session, bank.url, faults={"faults": ["file-unknown-row"], "scope": "all"})
        assert await asyncio.to_thread(reconcile) == FAILURE
        assert "theirs_only" in capsys.readouterr().out
        async with central.database() as database, database.read() as connection:
            for attempt in (heard, unheard):
                stored = await attempts.get(connection, attempt.id)
                assert stored is not None
                assert (stored.state, stored.statement is not None) == ("paid", True)
                kinds = [line.kind for line in await ledger_lines.of_attempts(connection, [attempt.id])]
                assert kinds == ["paid", "fee"]
            causes = {change.cause for change in await intents.history(connection, gateway.id, unheard.intent)}
            assert "statement" in causes
            (found,) = await differences.every(connection, [TOP], "drill")
            editions = [each for each in await statements.every(connection, "drill") if not each.empty]
        assert (found.kind, found.community) == ("theirs_only", TOP)
        assert len(editions) == 2
        content = (tmp_path / "by-hand.zip").resolve()
        content.write_bytes(b"no zip at all")
        assert await asyncio.to_thread(reconcile, file=content) == FAILURE
        assert "by-hand.zip" in capsys.readouterr().err
    assert await asyncio.to_thread(reconcile) == TRY_AGAIN  # the bank does not answer


def test_invalid_arguments_and_settings_have_separate_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none.toml", tmp_path, ReconcileRequest("yesterday", None)) == 2
    assert "2026-11-23" in capsys.readouterr().err
    assert run(tmp_path / "none.toml", tmp_path, ReconcileRequest("", None)) == CONFIGURATION
