"""The command `beacon-central bank-emulator --kind unionpay`: start, kill, restart, options."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.unionpay.faults import FAULTS
from daemonkit.programs import program
from tests.fakes.forked_programs import run_command
from tests.fakes.unionpay_shop import open_shop

CENTRAL = (sys.executable, "-m", "central_server")


def started(folder: Path, *more: str) -> tuple[str, ...]:
    return (*CENTRAL, "bank-emulator", "--kind", "unionpay", "--state-dir", str(folder), *more)


async def test_a_killed_bank_keeps_its_state(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    folder = tmp_path / "bank"
    async with program("bank", started(folder), log=tmp_path / "1.log") as bank:
        async with open_shop(session, folder / "merchant") as shop:
            shop.bank = bank.url
            shop.answers = [500, 500]
            order = await shop.pay()
            await shop.turn(0)
            port = int(shop.url.rpartition(":")[2])
        bank.kill()
        await bank.exited()
    async with (
        program("bank", started(folder), log=tmp_path / "2.log") as bank,
        open_shop(session, folder / "merchant", port) as shop,
    ):
        shop.bank = bank.url
        await shop.turn(60)
        assert [stored["orderId"] for stored in shop.notified] == [order["orderId"]]
        assert (await shop.query(order))["origRespCode"] == "00"


async def test_the_emulator_does_not_start_in_the_real_environment(tmp_path: Path) -> None:
    config = tmp_path / "central.toml"
    config.write_text('[site]\nenvironment = "real"\n', encoding="utf-8")
    for kind in ("sandbox", "unionpay"):
        argv = ("bank-emulator", "--kind", kind, "--state-dir", str(tmp_path / kind), "--config", str(config))
        code, out, err = await run_command(*argv)
        assert (code, "the emulator runs only for drills" in out + err) == (78, True), out + err
        assert not (tmp_path / kind).exists()


async def test_faults_are_options(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    argv = started(tmp_path / "bank", "--fault", "a6", "--fault", "query-34=1")
    async with (
        program("bank", argv, log=tmp_path / "log") as bank,
        open_shop(session, tmp_path / "bank" / "merchant") as shop,
    ):
        shop.bank = bank.url
        stored = await shop.paid()
        assert stored["respCode"] == "A6"
        assert [(await shop.query(stored))["respCode"] for _ in range(2)] == ["34", "00"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--kind", "unionpay", "--fault", "nonsense"), "unknown fault: nonsense"),
        (("--kind", "unionpay", "--fault", "query-34=x"), "query-34: invalid value"),
        (("--fault", "a6"), "belongs to --kind unionpay"),
        (("--kind", "other"), "other"),
    ],
)
async def test_an_invalid_option_is_reported(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    code, out, err = await run_command("bank-emulator", "--state-dir", str(tmp_path / "bank"), *options)
    assert (code, words in out + err, "Traceback" in out + err) == (2, True, False)
    assert not (tmp_path / "bank").exists()


async def test_help_lists_every_fault() -> None:
    process = await asyncio.create_subprocess_exec(
        *CENTRAL, "bank-emulator", "--help", stdout=asyncio.subprocess.PIPE, env={**os.environ, "COLUMNS": "200"}
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert [fault.name for fault in FAULTS if f" {fault.name}" not in out.decode()] == []
