"""beacon-central as an operator starts and stops it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemonkit.programs import Program, ProgramFailed, program
from sync_contract.keys import public_text, read_public
from tests.fakes import forked_programs
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.sqlite import put_database

CENTRAL = (sys.executable, "-m", "central_server")


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[Program, Program]]:
    (folder / "central.toml").write_text(CONFIG, encoding="utf-8")
    bank_argv = (*CENTRAL, "bank-emulator", "--state-dir", str(folder / "bank"), "--port", "0")
    async with program("bank", bank_argv, log=folder / "bank.log") as bank:
        argv = (
            *CENTRAL,
            "run",
            *("--config", str(folder / "central.toml")),
            *("--state-dir", str(folder / "state")),
            *("--port", "0"),
            *("--bank-url", bank.url),
            *("--bank-credentials", str(folder / "bank")),
        )
        # Use compiled modules, as when installed: compiling needs 8 MB more.
        stored = {"PYTHONDONTWRITEBYTECODE": ""}
        async with program("central", argv, log=folder / "central.log", env=stored) as central:
            yield bank, central


async def run_command(*argv: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *CENTRAL, *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_server_stops_in_time_with_open_requests(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with started(tmp_path) as (_, central):
        gateway = DeliveringGateway(session, central.url)
        state = ("--state-dir", str(tmp_path / "state"))
        code, out, _ = await run_command("gateway", "add", gateway.id, gateway.public, "--community", "huada", *state)
        assert code == 0
        read_public(out)
        parcel = gateway.intent()
        await gateway.deliver([parcel])
        waiting = [
            asyncio.create_task(gateway.get("/api/v1/outcomes", f"known={parcel.id}:registered&wait=25"))
            for _ in range(5)
        ]
        await asyncio.sleep(0.3)
        central.terminate()
        async with asyncio.timeout(20):  # less than the duration of a long poll
            assert await central.exited() == 0
        for status, output in await asyncio.gather(*waiting):
            assert (status, output["outcomes"]) == (200, [])


async def test_health_shows_the_stages_and_memory(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    await put_database(tmp_path / "state" / "central.db")  # a new schema would load Alembic
    async with started(tmp_path) as (_, central):
        output: dict[str, Any] = {"stages": {}}
        async with asyncio.timeout(120):
            while not {"bank", "changes"} <= output["stages"].keys():
                async with session.get(f"{central.url}/healthz") as answer:
                    output = json.loads(await answer.read())
        assert output["ok"]
        status = Path(f"/proc/{central.pid}/status").read_text()
        resident_kb = int(status.split("VmRSS:")[1].split()[0])
        # 113 MiB on an idle machine, 115 on a busy one, which asks more often until the stages run.
        assert resident_kb < 118 * 1024


async def test_an_account_is_added_and_gets_a_new_password(tmp_path: Path) -> None:
    file, state = tmp_path / "password", ("--state-dir", str(tmp_path / "state"))
    for password, code, words in (("long enough!", 0, "added"), ("long enough?", 0, "new password"), ("short", 1, "")):
        file.write_text(f"{password}\n", encoding="utf-8")
        found, out, _ = await forked_programs.run_command("user", "add", "chen", "--password-file", str(file), *state)
        assert found == code
        assert words in out


async def test_a_public_key_may_start_with_a_hyphen(tmp_path: Path) -> None:
    """One in 64 does, because it is base64url."""
    keys = (Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big")).public_key() for number in range(1000))
    public = next(text for text in map(public_text, keys) if text.startswith("-"))
    code, out, err = await forked_programs.run_command(
        "gateway", "add", "0" * 16, public, "--community", "huada", "--state-dir", str(tmp_path)
    )
    assert code == 0, err
    read_public(out)


UNIONPAY = 'kind = "unionpay"\nmerchant = "777290058110048"\nown_site = true'


async def test_exit_codes_distinguish_causes(tmp_path: Path) -> None:
    good, bad, port = tmp_path / "good.toml", tmp_path / "bad.toml", ("--port", "0")
    good.write_text(CONFIG, encoding="utf-8")
    bad.write_text(CONFIG.replace('"drill"', '"rill"'), encoding="utf-8")
    away = tmp_path / "away.toml"
    away.write_text(f'[store]\nurl = "postgresql://beacon:hunter2@127.0.0.1:1/beacon"\n{CONFIG}', encoding="utf-8")
    drill, real = tmp_path / "drill.toml", tmp_path / "real.toml"
    drill.write_text(CONFIG.replace('kind = "sandbox"', UNIONPAY), encoding="utf-8")
    real.write_text(drill.read_text().replace('"drill"', '"real"'), encoding="utf-8")
    https = ("--public-url", "https://give.example.org")
    state, other = (("--state-dir", str(tmp_path / name)) for name in ("state", "other"))
    bank = ("--bank-url", "http://127.0.0.1:1")
    keys = ("--bank-credentials", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "key").mkdir(mode=0o700)
    (tmp_path / "key" / "catalogue.key").touch(0o640)
    for argv, code, words in (
        (("check-config", str(good)), 0, "good"),
        (("check-config", str(bad)), 78, "site.environment"),
        (("check-config", str(tmp_path / "none.toml")), 78, "none.toml"),
        (("run", "--config", str(bad), *state, *port), 78, "site.environment"),
        (("run", "--config", str(good), *state, *port), 78, "bank.url"),
        (("run", "--config", str(good), *state, *port, *bank), 78, "bank.credentials"),
        (("run", "--config", str(good), *state, *port, *bank, *keys), 78, "bank.pub"),
        (("run", "--config", str(away), *state, *port, *bank, *keys), 75, "cannot start"),
        (("run", "--config", str(good), *state, *port, "--bank-url", "nonsense"), 78, "http"),
        (("run", "--config", str(drill), *state, *port, *keys), 78, "merchant.key cannot be read"),
        (
            ("run", "--config", str(drill), *state, *port, *keys, "--bank-url", "https://gateway.95516.com"),
            78,
            "a drill must",
        ),
        (("run", "--config", str(real), *other, *port, *keys, *https), 78, "merchant.key cannot be read"),
        (("run", "--config", str(real), *state, *port, *keys), 78, "server.public_url: must be https://"),
        (("run", "--config", str(real), *state, *port, *keys, *https, *bank), 78, "--bank-url: must be https://"),
        (("run", "--config", str(good), "--state-dir", str(tmp_path / "open"), *port, *bank, *keys), 78, "chmod 0750"),
        (("run", "--config", str(good), "--state-dir", str(tmp_path / "key"), *port, *bank, *keys), 78, "chmod 0600"),
        (("gateway", "add", "x", "y", "--community", "huada", *state), 1, "16 hexadecimal"),
        (("gateway", "add", "0" * 16, "y", "--community", "huada", *state), 1, "43 characters"),
        (("nonsense",), 2, ""),
    ):
        found, out, err = await forked_programs.run_command(*argv)
        assert (found, words in out + err) == (code, True), (argv, out, err)
        assert "Traceback" not in out + err
        assert "hunter2" not in out + err


async def test_a_used_port_is_a_temporary_failure(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = str(taken.sockets[0].getsockname()[1])
    try:
        argv = (*CENTRAL, "bank-emulator", "--state-dir", str(tmp_path), "--port", port)
        starting = program("bank", argv, log=tmp_path / "log")
        with pytest.raises(ProgramFailed, match="ended with 75"):
            await starting.__aenter__()
    finally:
        taken.close()
        await taken.wait_closed()
