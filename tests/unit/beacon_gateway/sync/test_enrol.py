"""A device enrols and rolls its key; after a kill at any moment, the same command completes it."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.commands import enrol as command
from beacon_gateway.commands.check_config import check_config
from beacon_gateway.commands.effective_settings import read_enrolled_central
from beacon_gateway.errors import KeysInUse
from beacon_gateway.settings import Settings
from beacon_gateway.store.identity import FILE, Enrolment, Keys
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.credential import Credential
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer, request_enrolment
from beacon_gateway.sync.ports import CentralUnreachable
from daemonkit.toml import load
from sync_contract.enrolment import EnrolmentRefusal, Invitation, fingerprint, group_code
from sync_contract.keys import public_text
from tests.fakes import forked_programs
from tests.fakes.key_server import GATEWAY, KeyServer, serving_keys
from tests.paths import ROOT

CONFIG = ROOT / "config"
NO_CONFIG = Path("/nowhere/gateway.toml")


def public(keys: Keys) -> str:
    return public_text(keys.read().key.public_key())


@asynccontextmanager
async def enrolled(state: Path) -> AsyncIterator[tuple[KeyServer, str, Keys]]:
    server = KeyServer()
    async with serving_keys(server) as url:
        state.mkdir(exist_ok=True)
        keys = Keys(state)
        enrolment = Enrolment(url, public_text(server.catalogue_key.public_key()), "huada", "hall")
        keys.store_enrolment(GATEWAY, Ed25519PrivateKey.generate(), enrolment)
        server.keys = [public(keys)]
        yield server, url, keys


async def kill_at(server: KeyServer, when: str, *words: str, state: Path) -> None:
    server.pause_at, server.paused = when, asyncio.Event()
    argv, nowhere = (*words, "--state-dir", str(state)), Path(os.devnull)
    process = forked_programs.start_command(*argv, program="beacon_gateway", out=nowhere, err=nowhere)
    async with asyncio.timeout(120):
        await server.paused.wait()
    process.kill()
    await process.wait()
    server.pause_at = ""


async def run_command(*words: str, state: Path) -> tuple[int, str]:
    code, out, err = await forked_programs.run_command(*words, "--state-dir", str(state), program="beacon_gateway")
    return code, out + err


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_killed_roll_is_completed_with_the_same_key(tmp_path: Path, when: str) -> None:
    async with enrolled(tmp_path / "pi") as (server, _, keys):
        old = public(keys)
        await kill_at(server, when, "enrol", "--roll", state=tmp_path / "pi")
        assert public(keys) == old, "the old key is used until the new one is accepted"
        upcoming = keys.read().next
        assert upcoming is not None
        code, output = await run_command("enrol", "--roll", state=tmp_path / "pi")
        assert code == 0, output
        assert public(keys) == public_text(upcoming.public_key())
        assert server.keys == [old, public(keys)], "no unused key"
        assert keys.read().next is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_killed_enrolment_is_completed_with_the_same_code(tmp_path: Path, when: str) -> None:
    server = KeyServer()
    async with serving_keys(server) as url:
        await kill_at(server, when, "enrol", url, server.code, state=tmp_path)
        assert Keys(tmp_path).read().enrolment is None
        text = Invitation(url, server.code, fingerprint(server.catalogue_key.public_key())).text()
        for _ in range(2):
            code, output = await run_command("enrol", text, state=tmp_path)
            assert code == 0, output
        assert server.keys == [public(Keys(tmp_path))]
        stored = Keys(tmp_path).read()
        assert (stored.gateway, stored.enrolment and stored.enrolment.community) == (GATEWAY, "huada")
        assert server.code not in (tmp_path / FILE).read_text("utf-8")


async def test_a_second_enrolment_uses_a_new_key(tmp_path: Path) -> None:
    async with enrolled(tmp_path) as (server, url, keys):
        old = public(keys)
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, group_code(server.code)) == 0
        assert server.keys == [public(keys)]
        assert public(keys) != old
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, server.code) == 0, "again, by mistake"
        assert server.keys == [public(keys)]


@pytest.mark.parametrize("refusal", list(EnrolmentRefusal))
async def test_each_refusal_has_a_sentence_with_a_remedy_in_both_languages(
    tmp_path: Path, refusal: EnrolmentRefusal, capsys: pytest.CaptureFixture[str]
) -> None:
    server = KeyServer(refuse=refusal)
    async with serving_keys(server) as url:
        code = await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, server.code)
    output = capsys.readouterr()
    assert code == (75 if refusal is EnrolmentRefusal.too_many else 1)
    chinese, english = output.err.strip().splitlines()
    assert any(word in chinese for word in ("请", "换"))
    assert english.endswith(".")
    assert refusal.value not in output.err
    assert output.out == ""
    assert server.requests == (2 if refusal is EnrolmentRefusal.key_known else 1), "a refusal is final"


async def test_a_mistyped_address_or_code_is_reported_before_any_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = KeyServer()
    async with serving_keys(server) as url:
        slip = ("1" if server.code[0] == "0" else "0") + server.code[1:]
        for address, code in (
            (url, slip),
            (url, server.code[:-1]),
            ("http://give.example.org", server.code),
            ("give.example.org", server.code),
            (f"beacon-enrol:{url}#{server.code}", ""),
            (f"beacon-enrol:http://give.example.org#{server.code}/{'0' * 26}", ""),
        ):
            assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, address, code) == 2, address
            assert "Traceback" not in capsys.readouterr().err
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, "", "") == 2
        assert server.requests == 0
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n{group_code(server.code).lower()}\n"))
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, "", "") == 0, "typed at the device"


async def test_another_server_is_rejected_and_a_lost_answer_is_requested_again(tmp_path: Path) -> None:
    server = KeyServer()
    key = Ed25519PrivateKey.generate()
    stranger = fingerprint(Ed25519PrivateKey.generate().public_key())
    async with serving_keys(server) as url:
        with pytest.raises(OtherServer):
            await request_enrolment(Invitation(url, server.code, stranger), key, None)
        with pytest.raises(EnrolmentRefused):
            await request_enrolment(Invitation(url, server.code), Ed25519PrivateKey.generate(), None)
        server.break_off = 2
        answer = await request_enrolment(Invitation(url, server.code), key, None, pauses=(0.0, 0.0))
        assert (answer.gateway, server.break_off) == (GATEWAY, 0), "both lost answers were requested again"
    with pytest.raises(CentralUnreachable):
        await request_enrolment(Invitation(url, server.code), key, None, pauses=(0.0, 0.0))
    assert await asyncio.to_thread(command.roll, tmp_path) == 1, "not enrolled"


async def test_a_key_is_rolled_when_it_is_old_by_the_servers_clock(tmp_path: Path) -> None:
    async with enrolled(tmp_path) as (server, url, keys):
        credential = Credential(keys)
        async with open_central(url, credential.signer) as central:
            for age, days in ((59 * 86_400, 60), (10**9, 0)):
                await credential.roll_when_due(central, age, days)
            assert server.requests == 0
            await credential.roll_when_due(central, 60 * 86_400, 60)
            assert server.keys[1:] == [public(keys)]
            assert public_text(credential.signer().key.public_key()) == public(keys)
            server.refuse = EnrolmentRefusal.key_known
            with pytest.raises(CentralUnreachable):
                await credential.roll_when_due(central, 60 * 86_400, 60)
            assert keys.read().next is None, "the next attempt uses another key"
            with keys.locked(), pytest.raises(KeysInUse), keys.locked():
                pass
            requests = server.requests
            with keys.locked():
                await credential.roll_when_due(central, 60 * 86_400, 60)
            assert server.requests == requests, "locked by another program"


async def test_changes_by_another_program_are_followed(tmp_path: Path) -> None:
    async with enrolled(tmp_path) as (_, url, keys):
        credential = Credential(keys, check_s=0.02)
        watching = asyncio.create_task(credential.watch(progress=lambda: None))
        keys.prepare()
        rolled = public_text(keys.adopt().key.public_key())
        async with asyncio.timeout(60):
            while public_text(credential.signer().key.public_key()) != rolled:
                await asyncio.sleep(0.05)
        assert not watching.done()
        keys.store_enrolment("f" * 16, keys.read().key, Enrolment(url, "A" * 43, "elsewhere", "hall"))
        async with asyncio.timeout(60):
            await watching


async def test_settings_with_another_server_cause_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = KeyServer()
    file = tmp_path / "gateway.toml"
    async with serving_keys(server) as url:
        for central, warned in (
            ("", False),
            ('[central]\nurl = ""\n', False),
            (f'[central]\nurl = "{url}"\n', False),
            ('[central]\nurl = "https://old.example"\n', True),
            (f'[central]\nurl = "{url}"\ncatalogue_key = "{"A" * 43}"\n', True),
            ("[central\n", False),
        ):
            file.write_text(central, "utf-8")
            assert await asyncio.to_thread(command.enrol, tmp_path, file, url, server.code) == 0
            assert ("delete url and catalogue_key there" in capsys.readouterr().out) is warned, central


async def test_an_enrolled_device_needs_no_central_section_in_its_settings(tmp_path: Path) -> None:
    text = (CONFIG / "gateway.toml").read_text("utf-8")
    ticket = text.replace('\nkind = "link"\n', '\nkind = "ticket"\n')
    assert ticket != text
    file = tmp_path / "gateway.toml"
    file.write_text(ticket, "utf-8")
    assert check_config(file, tmp_path / "pi") == 78
    async with enrolled(tmp_path / "pi") as (_, url, keys):
        assert check_config(file, tmp_path / "pi") == 0
        central = load(file, Settings, fill=read_enrolled_central(tmp_path / "pi")).central
        known = keys.read().enrolment
        assert known is not None
        assert (central.url, central.catalogue_key) == (url, known.catalogue_key)
        file.write_text(ticket.replace('url = ""', 'url = "https://other.example"'), "utf-8")
        central = load(file, Settings, fill=read_enrolled_central(tmp_path / "pi")).central
        assert central.url == "https://other.example", "the file has precedence"
