"""A device enrols and rolls its key; killed at any moment, the same again brings it where it was to go."""

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.commands import enrol as command
from beacon_gateway.commands.check_config import check_config
from beacon_gateway.commands.run import central_of
from beacon_gateway.errors import KeysInUse
from beacon_gateway.settings import Settings
from beacon_gateway.store.identity import FILE, Enrolment, Keys
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.credential import Credential
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer, ask
from beacon_gateway.sync.ports import CentralUnreachable
from beacon_gateway.sync.report import hearing
from daemonkit.toml import load
from sync_contract.enrolment import EnrolmentRefusal, Invitation, fingerprint, grouped
from sync_contract.gateway_report import Hearing
from sync_contract.keys import public_text
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
        keys.enrolled(GATEWAY, Ed25519PrivateKey.generate(), enrolment)
        server.keys = [public(keys)]
        yield server, url, keys


async def start(*words: str, state: Path) -> asyncio.subprocess.Process:
    argv = [sys.executable, "-m", "beacon_gateway", *words, "--state-dir", str(state)]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)


async def killed_while_held(server: KeyServer, when: str, *words: str, state: Path) -> None:
    server.hold, server.held = when, asyncio.Event()
    process = await start(*words, state=state)
    async with asyncio.timeout(120):
        await server.held.wait()
    process.kill()
    await process.communicate()
    server.hold = ""


async def ended(*words: str, state: Path) -> tuple[int, str]:
    process = await start(*words, state=state)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode() + err.decode()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_roll_that_is_killed_is_done_again_with_the_same_key(tmp_path: Path, when: str) -> None:
    async with enrolled(tmp_path / "pi") as (server, _, keys):
        old = public(keys)
        await killed_while_held(server, when, "enrol", "--roll", state=tmp_path / "pi")
        assert public(keys) == old, "the old key is the key until the new one was accepted"
        upcoming = keys.read().next
        assert upcoming is not None
        code, said = await ended("enrol", "--roll", state=tmp_path / "pi")
        assert code == 0, said
        assert public(keys) == public_text(upcoming.public_key())
        assert server.keys == [old, public(keys)], "no key was left over"
        assert keys.read().next is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_enrolment_that_is_killed_is_done_again_with_the_same_code(tmp_path: Path, when: str) -> None:
    server = KeyServer()
    async with serving_keys(server) as url:
        await killed_while_held(server, when, "enrol", url, server.code, state=tmp_path)
        assert Keys(tmp_path).read().enrolment is None
        text = Invitation(url, server.code, fingerprint(server.catalogue_key.public_key())).text()
        for _ in range(2):
            code, said = await ended("enrol", text, state=tmp_path)
            assert code == 0, said
        assert server.keys == [public(Keys(tmp_path))]
        kept = Keys(tmp_path).read()
        assert (kept.gateway, kept.enrolment and kept.enrolment.community) == (GATEWAY, "huada")
        assert server.code not in (tmp_path / FILE).read_text("utf-8")


async def test_a_device_that_was_enrolled_before_brings_a_new_key(tmp_path: Path) -> None:
    async with enrolled(tmp_path) as (server, url, keys):
        old = public(keys)
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, grouped(server.code)) == 0
        assert server.keys == [public(keys)]
        assert public(keys) != old
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, server.code) == 0, "again, by mistake"
        assert server.keys == [public(keys)]


@pytest.mark.parametrize("refusal", list(EnrolmentRefusal))
async def test_every_refusal_is_a_sentence_in_both_languages_with_what_to_do(
    tmp_path: Path, refusal: EnrolmentRefusal, capsys: pytest.CaptureFixture[str]
) -> None:
    server = KeyServer(refuse=refusal)
    async with serving_keys(server) as url:
        code = await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, url, server.code)
    told = capsys.readouterr()
    assert code == (75 if refusal is EnrolmentRefusal.too_many else 1)
    chinese, english = told.err.strip().splitlines()
    assert any(word in chinese for word in ("请", "换"))
    assert english.endswith(".")
    assert refusal.value not in told.err
    assert told.out == ""
    assert server.requests == (2 if refusal is EnrolmentRefusal.key_known else 1), "a no is a no"


async def test_what_was_mistyped_is_said_before_anything_is_sent(
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
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n{grouped(server.code).lower()}\n"))
        assert await asyncio.to_thread(command.enrol, tmp_path, NO_CONFIG, "", "") == 0, "typed at the device"


async def test_another_server_is_not_believed_and_a_silent_one_is_asked_again(tmp_path: Path) -> None:
    server = KeyServer()
    key = Ed25519PrivateKey.generate()
    stranger = fingerprint(Ed25519PrivateKey.generate().public_key())
    async with serving_keys(server) as url:
        with pytest.raises(OtherServer):
            await ask(Invitation(url, server.code, stranger), key, None)
        with pytest.raises(EnrolmentRefused):
            await ask(Invitation(url, server.code), Ed25519PrivateKey.generate(), None)
        server.break_off = 2
        answer = await ask(Invitation(url, server.code), key, None, pauses=(0.0, 0.0))
        assert (answer.gateway, server.break_off) == (GATEWAY, 0), "what got lost is asked for again"
    with pytest.raises(CentralUnreachable):
        await ask(Invitation(url, server.code), key, None, pauses=(0.0, 0.0))
    assert await asyncio.to_thread(command.roll, tmp_path) == 1, "not enrolled"


async def test_a_key_is_rolled_when_the_server_says_that_it_is_old(tmp_path: Path) -> None:
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
            assert keys.read().next is None, "another one next time"
            with keys.held(), pytest.raises(KeysInUse), keys.held():
                pass
            requests = server.requests
            with keys.held():
                await credential.roll_when_due(central, 60 * 86_400, 60)
            assert server.requests == requests, "somebody else is at it"


async def test_what_another_program_changes_is_taken_over(tmp_path: Path) -> None:
    async with enrolled(tmp_path) as (_, url, keys):
        credential = Credential(keys)
        watching = asyncio.create_task(credential.watch(progress=lambda: None, look_s=0.02))
        keys.prepare()
        rolled = public_text(keys.adopt().key.public_key())
        async with asyncio.timeout(60):
            while public_text(credential.signer().key.public_key()) != rolled:
                await asyncio.sleep(0.05)
        assert not watching.done()
        keys.enrolled("f" * 16, keys.read().key, Enrolment(url, "A" * 43, "elsewhere", "hall"))
        async with asyncio.timeout(60):
            await watching


async def test_settings_that_name_another_server_are_pointed_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = KeyServer()
    file = tmp_path / "gateway.toml"
    async with serving_keys(server) as url:
        for central, pointed_at in (
            ("", False),
            ('[central]\nurl = ""\n', False),
            (f'[central]\nurl = "{url}"\n', False),
            ('[central]\nurl = "https://old.example"\n', True),
            (f'[central]\nurl = "{url}"\ncatalogue_key = "{"A" * 43}"\n', True),
            ("[central\n", False),
        ):
            file.write_text(central, "utf-8")
            assert await asyncio.to_thread(command.enrol, tmp_path, file, url, server.code) == 0
            assert ("delete url and catalogue_key there" in capsys.readouterr().out) is pointed_at, central


async def test_once_enrolled_the_settings_need_no_word_about_the_server(tmp_path: Path) -> None:
    text = (CONFIG / "gateway.toml").read_text("utf-8")
    ticket = text.replace('\nkind = "link"\n', '\nkind = "ticket"\n')
    assert ticket != text
    file = tmp_path / "gateway.toml"
    file.write_text(ticket, "utf-8")
    assert check_config(file, tmp_path / "pi") == 78
    async with enrolled(tmp_path / "pi") as (_, url, keys):
        assert check_config(file, tmp_path / "pi") == 0
        central = load(file, Settings, fill=central_of(tmp_path / "pi")).central
        known = keys.read().enrolment
        assert known is not None
        assert (central.url, central.catalogue_key) == (url, known.catalogue_key)
        file.write_text(ticket.replace('url = ""', 'url = "https://other.example"'), "utf-8")
        central = load(file, Settings, fill=central_of(tmp_path / "pi")).central
        assert central.url == "https://other.example", "what is written goes before"


def test_an_old_identity_is_read_and_a_damaged_one_set_aside(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    first = keys.read()
    assert (first.next, first.enrolment) == (None, None)
    assert Keys(tmp_path).read().gateway == first.gateway
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text("utf-8")[:40], "utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        assert Keys(tmp_path).read().gateway != first.gateway
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "told", "word"),
    [
        ("simulated", {"state": "off"}, Hearing.simulated),
        ("capture", {"state": "replaying"}, Hearing.simulated),
        ("bluez", {"state": "hearing", "liveness": {"proof": "proved"}}, Hearing.proved),
        (
            "bluez",
            {"state": "hearing", "trouble": "transmitter_lost", "liveness": {"proof": "lost"}},
            Hearing.not_proved,
        ),
        ("bluez", {"state": "silent", "trouble": "deaf", "liveness": {"proof": "lost"}}, Hearing.deaf),
        ("bluez", {"state": "listening", "trouble": "deaf_from_start"}, Hearing.deaf),
        ("bluez", {"state": "hearing", "trouble": "never_heard"}, Hearing.not_proved),
        ("bluez", {"state": "listening", "trouble": "nothing_ever"}, Hearing.not_proved),
        ("bluez", {"state": "hearing", "trouble": "advert_lost", "liveness": {"proof": "proved"}}, Hearing.proved),
        ("bluez", {"state": "hearing", "liveness": {"proof": "not_proved"}}, Hearing.not_proved),
        ("bluez", {"state": "no_adapter", "liveness": {"proof": "not_proved"}}, Hearing.deaf),
        ("bluez", {"state": "starting"}, Hearing.not_proved),
        ("bluez", {}, Hearing.not_proved),
    ],
)
def test_a_scanners_words_come_to_one(name: str, told: dict[str, object], word: Hearing) -> None:
    assert hearing(name, told) is word
