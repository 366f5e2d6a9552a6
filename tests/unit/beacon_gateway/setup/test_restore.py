"""A gateway's backup: what is in it, what a restore refuses, and a power cut at each step of one."""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.clock import read_clock
from beacon_gateway.commands import backup as backup_command
from beacon_gateway.commands import restore as restore_command
from beacon_gateway.commands.restore import RestoreOptions
from beacon_gateway.model.donations import Intent
from beacon_gateway.setup.backup import read_manifest, take_backup
from beacon_gateway.store import restored_state, state_folder
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import Enrolment, Keys
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from daemonkit.files import sync_folder
from sync_contract.keys import public_text
from sync_contract.money import Money
from sync_contract.records import Door, HandoffKind
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.flow.programs import DEMO

_GATEWAY = "00112233445566ff"
GIFTS = 3


async def gateway_with_gifts(folder: Path) -> tuple[Path, Path]:
    """Return settings and state folder of an enrolled gateway with three gifts that wait."""
    state, config = folder / "state", folder / "gateway.toml"
    state.mkdir(mode=0o700)
    shutil.copy(DEMO / "gateway.toml", config)
    keys = Keys(state)
    key = keys.read().key
    enrolment = Enrolment("http://127.0.0.1:9", public_text(key.public_key()), "huada", "大厅", "0" * 16)
    keys.store_enrolment(_GATEWAY, key, enrolment)
    state_folder.claim(state, Environment.drill)
    async with open_database(state / "gateway.db") as database:
        for _ in range(GIFTS):
            intent = Intent(new_id(), Environment.drill, "lunch", Money(500), None, Door.touch, HandoffKind.ticket, 1)
            await Intents(database).record(intent, key=intent.id, clock=read_clock())
    return config, state


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    config, state = await gateway_with_gifts(tmp_path)
    file = tmp_path / "one.tar"
    take_backup(config, state, file, datetime.now(UTC))
    return file


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder but locks and SQLite's side files, with its content."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file() and each.suffix != ".lock" and not each.name.endswith(("-shm", "-wal"))
    }


async def test_a_backup_has_everything_but_the_key_and_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, state = await gateway_with_gifts(tmp_path)
    was = files(state)
    assert backup_command.run(tmp_path, config, state, as_json=True) == 0
    facts = json.loads(capsys.readouterr().out)
    file = Path(facts["file"])
    assert (facts["gateway"], facts["contents"]["gifts"], facts["bound"]) == (_GATEWAY, GIFTS, True)
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["manifest.json", "gateway.db", "gateway.toml", "manifest.sha256"]
    key = Keys(state).read().key.private_bytes_raw()
    assert not any(secret in file.read_bytes() for secret in (key, b64encode(key), key.hex().encode()))
    assert files(state) == was, "a backup changes nothing"
    assert backup_command.run(file, config, state, as_json=False) == 1
    assert "name another" in capsys.readouterr().err
    for broken, words in (
        (lambda: (state / "gateway.db").write_bytes(b"x" * 8192), "Restart the gateway"),
        (lambda: (state / "identity.json").write_text("{"), "Restart the gateway"),
        (lambda: (state / "gateway.db").unlink(), "nothing to back up"),
    ):
        broken()
        assert backup_command.run(tmp_path / "two.tar", config, state, as_json=False) != 0
        assert words in capsys.readouterr().err
        assert not (tmp_path / "two.tar").exists()


def rewritten(file: Path, manifest: dict[str, Any] | None = None, **parts: bytes) -> None:
    """Write the archive again with other values in its manifest and other parts, with correct digests."""
    with tarfile.open(file) as tar:
        members = {each.name: tar.extractfile(each).read() for each in tar.getmembers()}  # type: ignore[union-attr]  # files all
    facts = json.loads(members["manifest.json"])
    for name, content in parts.items():
        members[f"gateway.{name}"] = content
    facts["parts"] = [
        {"name": name, "size": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
        for name in ("gateway.db", "gateway.toml")
    ]
    facts.update(manifest or {})
    members["manifest.json"] = json.dumps(facts).encode()
    members["manifest.sha256"] = hashlib.sha256(members["manifest.json"]).hexdigest().encode()
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def changed_store(file: Path, statement: str) -> bytes:
    with tarfile.open(file) as tar:
        content = tar.extractfile("gateway.db")
        assert content is not None
        database = file.with_name("changed.db")
        database.write_bytes(content.read())
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(statement)
    return database.read_bytes()


_ADD_GIFT_TRIGGER = "CREATE TRIGGER gift AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END"
_TOML = (DEMO / "gateway.toml").read_bytes()
UNSUITABLE: tuple[tuple[Callable[[Path], object], int, str], ...] = (
    (lambda file: rewritten(file, {"kind": "central"}), 1, "Not a backup of a gateway"),
    (lambda file: rewritten(file, {"surprise": 1}), 1, "Not a backup of a gateway"),
    (lambda file: rewritten(file, {"format": 2}), 1, "install that version first"),
    (lambda file: rewritten(file, {"parts": []}), 1, "has no gateway.db"),
    (
        lambda file: rewritten(file, {"parts": [{"name": "../../gateway.db", "size": 1, "sha256": "0" * 64}]}),
        1,
        "Not a backup of a gateway",
    ),
    (lambda file: rewritten(file, {"environment": "real"}), 78, "drill and real never mix"),
    (lambda file: rewritten(file, toml=b"[kiosk]\nport = 'x'\n"), 78, "gateway.toml:2: kiosk.port"),
    (lambda file: rewritten(file, db=b""), 1, "records in the backup are damaged"),
    (lambda file: rewritten(file, db=b"x" * 8192), 1, "records in the backup are damaged"),
    (lambda file: rewritten(file, db=changed_store(file, _ADD_GIFT_TRIGGER)), 1, "records in the backup are damaged"),
    (
        lambda file: rewritten(file, db=changed_store(file, "UPDATE intents SET amount_minor = 1")),
        1,
        "records in the backup are damaged",
    ),
    (
        lambda file: rewritten(
            file,
            db=changed_store(file, f"PRAGMA user_version=9; PRAGMA application_id={0x42470009}; DROP TABLE outbox"),
        ),
        78,
        "install that version first",
    ),
    (lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]), 1, "cannot be read to its end"),
)
"""A change of the backup, with the exit code and words of the refusal."""


async def test_an_unsuitable_backup_changes_nothing(
    backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, state = tmp_path / "gateway.toml", tmp_path / "state"
    was, good = (files(state), config.read_bytes()), backup.read_bytes()
    for change, code, words in UNSUITABLE:
        backup.write_bytes(good)
        change(backup)
        for place in (state, tmp_path / "new"):
            assert restore_command.run(backup, config, place, RestoreOptions(yes=True)) == code, words
            output = capsys.readouterr().err
            assert words in output, output
            assert "没有改动" in output
            assert "Nothing was changed" in output
            assert (files(state), config.read_bytes()) == was, words
            assert not (tmp_path / "new").exists(), words
            assert not list(state.glob(".restore*")), words
    backup.write_bytes(good)
    for options, words in (
        (RestoreOptions(), "moved aside, not deleted"),
        (RestoreOptions(yes=True, code="0" * 24 + "1"), "does not fit"),
        (RestoreOptions(yes=True, code="0" * 25, server="ftp://x"), "must begin with https://"),
    ):
        assert restore_command.run(backup, config, state, options) in (1, 2)
        assert words in capsys.readouterr().err
    with state_folder.locked(state):
        assert restore_command.run(backup, config, state, RestoreOptions(yes=True)) == 75
    assert "sudo systemctl stop beacon-gateway" in capsys.readouterr().err
    assert (files(state), config.read_bytes()) == was


class PowerCut(BaseException):
    """Ends the program as a power cut does."""


async def test_a_power_cut_leaves_the_old_or_the_new_state(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each flush of a folder; the next start completes what was committed."""
    source = tmp_path / "state"
    old = files(source)
    steps = 0
    for step in range(100):
        state, config = tmp_path / f"card-{step}", tmp_path / f"card-{step}.toml"
        shutil.copytree(source, state)
        left = step

        def cut(folder: Path) -> None:
            nonlocal left
            if not left:
                raise PowerCut
            left -= 1
            sync_folder(folder)

        monkeypatch.setattr(restored_state, "sync_folder", cut)
        monkeypatch.setattr(shutil, "rmtree", lambda folder, **_: None)  # nothing cleans up after a power cut
        try:
            restore_command.run(backup, config, state, RestoreOptions(yes=True))
            ended = True
        except PowerCut:
            ended = False
        monkeypatch.undo()
        restored_state.finish_restore(state)
        identity = Keys(state).read()
        if identity.enrolment:
            assert not ended
            assert {name: content for name, content in files(state).items() if "/" not in name} == old
        else:
            assert (identity.gateway, identity.bound) == (_GATEWAY, True)
            async with open_database(state / "gateway.db") as database:
                assert (await Outbox(database).counts())["waiting"] == GIFTS
                assert await Outbox(database).epoch() not in await _epochs(source)
            (aside,) = state.glob("before-restore-*")
            assert Keys(aside).read().enrolment is not None, "the old state remains"
        if ended:
            assert config.read_bytes() == _TOML
            break
        steps += 1
    assert steps >= 5


async def test_only_a_gateway_that_a_server_knows_is_bound_to_its_id(backup: Path, tmp_path: Path) -> None:
    """A gateway that was never enrolled may join any server later, with its gifts; one that delivered may not."""
    config, state = tmp_path / "gateway.toml", tmp_path / "state"
    (state / "identity.json").unlink()
    Keys(state).read()
    found = []
    for name, event in (("never", "unreachable"), ("delivered", "accepted")):
        async with open_database(state / "gateway.db") as database:
            await Outbox(database).log_event(event)
        file = tmp_path / f"{name}.tar"
        found.append(take_backup(config, state, file, datetime.now(UTC)).bound)
        assert restore_command.run(file, tmp_path / f"{name}.toml", tmp_path / name, RestoreOptions()) == 0
        found.append(Keys(tmp_path / name).read().bound)
    assert found == [False, False, True, True]


async def _epochs(state: Path) -> set[str]:
    with closing(sqlite3.connect(state / "gateway.db")) as connection:
        return {epoch.hex() for (epoch,) in connection.execute("SELECT epoch FROM epochs")}


async def test_settings_of_the_new_card_remain_beside_the_restored_ones(backup: Path, tmp_path: Path) -> None:
    config = tmp_path / "new.toml"
    config.write_text("# written by hand\n")
    assert restore_command.run(backup, config, tmp_path / "new", RestoreOptions()) == 0
    assert config.read_bytes() == _TOML
    (aside,) = tmp_path.glob("new.toml.before-restore-*")
    assert aside.read_text() == "# written by hand\n"
    with backup.open("rb") as file:
        assert read_manifest(file).gateway == Keys(tmp_path / "new").read().gateway
