"""`beacon-central init`, `backup` and `doctor`, as an operator uses them."""

import asyncio
import http.server
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central_server.backups import archive, backup_files
from central_server.backups.backup import Source
from central_server.commands import check_config, doctor, doctor_machine
from central_server.enrolment.gateways import register
from central_server.settings import Settings
from central_server.store.engine.database import open_database
from daemonkit.toml import load
from tests.fakes import forked_programs
from tests.fakes.central_process import CONFIG, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.sqlite import put_database
from tests.unit.central_server.backup_world import fill, state_in


@pytest.fixture
async def source(store_url: str, tmp_path: Path) -> Source:
    return state_in(tmp_path / "central", store_url)


def options(source: Source) -> tuple[str, ...]:
    return ("--config", str(source.settings), "--state-dir", str(source.state))


async def test_init_writes_valid_settings_and_overwrites_nothing(tmp_path: Path) -> None:
    config, state = tmp_path / "etc" / "central.toml", tmp_path / "var" / "state"
    code, out, err = await forked_programs.run_command("init", str(config), "--state-dir", str(state))
    assert (code, err) == (0, "")
    assert check_config.run(config) == 0
    assert "# 中心服务器的设置" in config.read_text("utf-8")
    assert (state.stat().st_mode & 0o777, config.stat().st_mode & 0o777) == (0o700, 0o644)
    output = [line.strip() for line in out.splitlines() if line.startswith("  ")]
    assert [line.partition("beacon-central ")[2].split()[0] for line in output] == ["check-config", "user", "doctor"]
    config.write_text(CONFIG, encoding="utf-8")
    (state / "kept").touch()
    code, out, _ = await forked_programs.run_command("init", str(config), "--state-dir", str(state))
    assert code == 0
    assert "exists, not changed" in out
    assert config.read_text("utf-8") == CONFIG
    assert (state / "kept").exists()


async def test_the_commands_that_init_prints_work(tmp_path: Path) -> None:
    config, state, password = tmp_path / "central.toml", tmp_path / "state", tmp_path / "password"
    password.write_text("long enough!\n")
    _, out, _ = await forked_programs.run_command("init", str(config), "--state-dir", str(state))
    for line in out.splitlines():
        if line.startswith("  "):
            words = line.partition("beacon-central ")[2].replace("NAME", f"chen --password-file {password}").split()
            code, output, err = await forked_programs.run_command(*words)
            assert code == (1 if words[0] == "doctor" else 0), output + err  # there is no backup yet
            if words[0] == "doctor":
                assert output.count("LOOK") == 2  # and the drill bank of the shipped settings was not started
                assert "enable --now beacon-drill-bank" in output
                assert "LOOK  backup" in output


async def test_init_reports_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = await forked_programs.run_command("init", str(tmp_path / "file" / "central.toml"))
    assert code == 1
    assert err == f"{tmp_path}/file: File exists\n"


async def test_backup_prints_its_content_and_omissions(source: Source, tmp_path: Path) -> None:
    async with open_database(source.url) as database:
        await fill(database, 3)
    file = tmp_path / "one.tar"
    code, out, err = await forked_programs.run_command("backup", str(file), *options(source))
    assert (code, err) == (0, "")
    assert "IT HOLDS SECRETS" in out
    assert "the database, 4 keys and central.toml" in out
    assert "Not in it: receipts.key and the bank's keys" in out
    with file.open("rb") as content:
        assert archive.read_manifest(content).environment == "drill"
    folder = tmp_path / "many"
    folder.mkdir()
    for where in ((str(folder),), ()):
        code, out, err = await forked_programs.run_command("backup", *where, *options(source))
        assert (code, err) == (0, "")
    assert len(list(folder.glob("central-*.tar"))) == 1
    newest = backup_files.newest(source.state)
    assert newest is not None
    assert str(newest[0]) in out


async def test_a_failed_backup_prints_its_cause(tmp_path: Path) -> None:
    source = state_in(tmp_path / "central")
    for argv, words in (
        ((str(tmp_path / "one.tar"),), "there is no database yet"),
        ((str(tmp_path / "nowhere" / "one.tar"),), "nowhere"),
        (("--with-receipts-key",), "name a FILE"),
    ):
        code, _, err = await forked_programs.run_command("backup", *argv, *options(source))
        assert code == 1
        assert err.startswith("no backup was made: ")
        assert words in err
        assert "Traceback" not in err


async def looked(source: Source, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    assert source.settings is not None
    settings = source.settings
    code = await asyncio.to_thread(lambda: doctor.run(settings, source.state, None))
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 80 or str(source.state) in output  # a path is not wrapped
    return code, output


async def test_doctor_reports_that_all_is_well(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_database(source.url) as database:
        await register(database, "a" * 16, DeliveringGateway().public, "huada", "大厅", datetime.now(UTC))
    await asyncio.to_thread(backup_files.keep, source, datetime.now(UTC))
    code, output = await looked(source, capsys)
    assert code == 0, output
    assert output.endswith("\nNothing to do.\n")
    for word in ("settings", "folder", "keys", "database", "backup", "disk", "clock", "server", "bank", "mail"):
        assert f"  {word} " in output
    assert "all 4 are there" in output


async def test_doctor_changes_nothing(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_database(source.url) as database:
        await fill(database, 2)
    before = {file.name: file.read_bytes() for file in source.state.iterdir() if file.is_file()}
    await looked(source, capsys)
    after = {file.name: file.read_bytes() for file in source.state.iterdir() if file.is_file()}
    assert {name: content for name, content in after.items() if not name.endswith(("-wal", "-shm"))} == before


@pytest.mark.parametrize(
    ("harm", "words", "remedy"),
    [
        ("chmod 755 {state}", "folder     ", "chmod 700"),
        ("rm {state}/factors.key", "factors.key missing", "state/factors.key"),
        ("truncate -s 31 {state}/catalogue.key", "catalogue.key has 31 bytes", ""),
        ("chmod 644 {state}/form.secret", "form.secret can be read by others", "chmod 600"),
        ("rm -r {state}/backups", "backup     there is none", "beacon-central backup"),
        ("truncate -s 300000 {state}/central.db", "is damaged", "restore"),
        ("sed -i s/drill/rill/ {settings}", "site.environment", "check-config"),
        ("rm {settings}", "none", "init"),
    ],
)
async def test_doctor_reports_problems(
    tmp_path: Path, harm: str, words: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    await asyncio.to_thread(backup_files.keep, source, datetime.now(UTC))
    assert (await looked(source, capsys))[0] == 0
    harmed = harm.format(state=source.state, settings=source.settings).split()
    assert await (await asyncio.create_subprocess_exec(*harmed)).wait() == 0
    code, output = await looked(source, capsys)
    assert code == 1, output
    assert "LOOK" in output
    flat = " ".join(output.split())
    assert " ".join(words.split()) in flat or words == "none"
    assert remedy in output


async def test_doctor_reports_old_backups_newer_schemas_and_silent_gateways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    now = datetime.now(UTC)
    await asyncio.to_thread(backup_files.keep, source, now - timedelta(hours=50))
    async with open_database(source.url) as database:
        await fill(database, 1)  # its gateways reported long ago
    code, output = await looked(source, capsys)
    assert code == 1
    assert "50 hours ago" in output
    assert "silent: 大厅 1" in " ".join(output.split())
    with closing(sqlite3.connect(source.file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, output = await looked(source, capsys)
    assert "schema 9999 is newer than this program" in " ".join(output.split())
    with closing(sqlite3.connect(source.file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    code, output = await looked(source, capsys)
    assert "-> beacon-central migrate" in output


async def test_doctor_queries_the_running_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_bank(tmp_path / "bank") as bank, running_central(tmp_path / "central", bank) as central:
        port = int(central.url.rpartition(":")[2])
        found = await asyncio.to_thread(lambda: list(doctor_machine.port("127.0.0.1", port)))
        assert [each.level for each in found] == ["well"]
        assert "stages are running" in found[0].text
    (found,) = await asyncio.to_thread(lambda: list(doctor_machine.port("127.0.0.1", port)))  # type: ignore[assignment]  # one
    assert "is free" in str(found)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """Run a program that gives this answer to every request; return its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>", "taken by another program"),
        (200, b"[]", "another program answers"),
        (503, b'{"stages": {"bank": {"state": "running"}}, "stalled": ["bank"]}', "is stalled: bank"),
        (200, b'{"stages": {"backups": {"state": "waiting", "error": "BackupFailed"}}}', "backups (BackupFailed)"),
    ],
)
def test_doctor_distinguishes_an_unhealthy_server_from_another_program(status: int, body: bytes, words: str) -> None:
    with answering(status, body) as port:
        (found,) = doctor_machine.port("127.0.0.1", port)
    assert words in found.text
    assert found.level == "LOOK"


async def test_doctor_is_stricter_in_production(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = state_in(tmp_path / "central")
    await put_database(source.file)
    assert source.settings is not None
    link = 'kind = "link"\nlink_url = "https://gongyi.internal/p"\nlink_hosts = ["gongyi.internal"]'
    source.settings.write_text(CONFIG.replace('"drill"', '"real"').replace('kind = "sandbox"', link), encoding="utf-8")
    assert load(source.settings, Settings).site.environment == "real"
    code, output = await looked(source, capsys)
    assert code == 1
    for word in ("LOOK  address", "LOOK  alerts", "well  bank       link"):
        assert word in output
