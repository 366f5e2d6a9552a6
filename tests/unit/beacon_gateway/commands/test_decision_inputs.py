"""Tests of `scan`, `replay` and `explain` with the TOML and the catalogue of an enrolled gateway."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.commands.daemon_client import find_address
from beacon_gateway.commands.decision_inputs import read_inputs
from beacon_gateway.commands.explain import run as explain
from beacon_gateway.commands.replay import run as replay
from beacon_gateway.commands.scan import plan_radio
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import Enrolment, Keys
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, Binding, Catalogue, KnownBeacon, sign
from sync_contract.keys import public_text
from tests.captures.identity import PERSON_TAG, PLACE_BEACON, WALK
from tests.fakes.forked_programs import run_program
from tests.unit.beacon_gateway.commands.test_replay import NO_STATE, NOWHERE, changed, site, write_recording
from tests.unit.beacon_gateway.commands.test_scan import scan

__all__ = ["site"]
KEY = Ed25519PrivateKey.generate()
SERVER = "https://central.example"
CATALOGUE_BEACON = BeaconId(PLACE_BEACON.uuid, 1, 77)


def enrolled(state: Path) -> Path:
    """Create a state directory as `enrol` does."""
    state.mkdir()
    keys = Keys(state)
    known = Enrolment(SERVER, public_text(KEY.public_key()), "east gate", "hall")
    keys.store_enrolment(keys.read().gateway, keys.read().key, known)
    return state


def store_catalogue(state: Path, *bindings: Binding, version: int = 17, key: Ed25519PrivateKey = KEY) -> Path:
    catalogue = Catalogue(
        version=version,
        issued_at=datetime.now(UTC) - timedelta(hours=1),
        projects=(),
        bindings=bindings,
        beacons=(KnownBeacon(beacon=CATALOGUE_BEACON, kind=BeaconKind.place, label="new wall"),),
    )

    async def keep() -> None:
        async with open_database(state / "gateway.db") as database:
            await Catalogues(database).store(version, sign(catalogue, key))

    asyncio.run(keep())
    return state


@pytest.fixture
def by_ticket(site: Path) -> Path:
    """Settings as for an enrolled gateway: [central] is empty, and the handoff is by ticket."""
    text = site.read_text("utf-8")
    ticket = text.replace('\nkind = "link"\n', '\nkind = "ticket"\n')
    assert ticket != text
    site.write_text(ticket, "utf-8")
    return site


def test_every_command_accepts_the_settings_of_an_enrolled_gateway(
    by_ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = enrolled(tmp_path / "state")
    done = scan("--config", by_ticket, "--state-dir", state, "--radio", "simulated", "--seconds", "0.3")
    assert (done.returncode, done.stderr) == (0, "")
    assert replay(WALK, by_ticket, NOWHERE, state, "max", None, False) == 0
    assert replay(WALK, None, by_ticket, state, "max", None, False) == 0
    assert find_address(changed(by_ticket, "port = 8080", "port = 1"), state) == "http://127.0.0.1:1"
    assert explain(by_ticket.with_name("other.toml"), state, "", 5, False, None) == 75, "nothing answers there"
    assert "没有网关" in capsys.readouterr().err


def test_without_the_enrolment_these_settings_are_refused_with_the_remedy(
    by_ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(WALK, by_ticket, NOWHERE, NO_STATE, "max", None, False) == 78
    assert explain(by_ticket, NO_STATE, "", 5, False, None) == 78
    assert "beacon-gateway enrol" in capsys.readouterr().err
    with pytest.raises(ConfigRefused):
        read_inputs(by_ticket, NO_STATE)


def test_scan_and_replay_use_the_stored_catalogue_and_show_its_version(
    by_ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = store_catalogue(
        enrolled(tmp_path / "state"),
        Binding(beacon=PERSON_TAG.beacon, project="warm-winter"),
        Binding(beacon=PLACE_BEACON.beacon, project="books", zone="immediate"),
    )
    assert replay(WALK, by_ticket, NOWHERE, state, "max", None, False) == 0
    text = capsys.readouterr().out
    assert f"判定依据 decides from: 目录 catalogue 17 of {SERVER} + TOML" in text
    assert "首页 attract page → warm-winter" in text
    assert "elder-lunch" not in text
    words = ("--config", by_ticket, "--state-dir", state, "--radio", f"capture:{WALK}", "--seconds", "2.5")
    shown = scan(*words).stdout
    assert shown.splitlines()[0] == f"判定依据 decides from: 目录 catalogue 17 of {SERVER} + TOML"
    assert "new wall: 收不到 not received" in shown, "the catalogue's beacons are known"
    assert "项目 project books" in shown, "what its rules may bring"


def test_a_scan_knows_the_advert_of_the_running_gateway(by_ticket: Path, tmp_path: Path) -> None:
    inputs = read_inputs(by_ticket, enrolled(tmp_path / "state"))
    plan = plan_radio(inputs, "bluez")
    assert plan.frames == (), "a scan sends no advert"
    own = [beacon for beacon in plan.beacons if beacon.own]
    assert own, "but it is known"
    assert [inputs.list_projects()[beacon.id] for beacon in own] == [""]
    assert plan_radio(inputs, "simulated").frames


def test_nothing_is_written_to_the_state_directory(by_ticket: Path, tmp_path: Path) -> None:
    state = store_catalogue(enrolled(tmp_path / "state"))
    before = {file.name: file.read_bytes() for file in state.iterdir()}
    read_inputs(by_ticket, state)
    after = {file.name: file.read_bytes() for file in state.iterdir() if not file.name.endswith(("-shm", "-wal"))}
    assert after == {name: data for name, data in before.items() if not name.endswith(("-shm", "-wal"))}


def test_a_missing_damaged_or_forged_catalogue_is_ignored_and_reported(
    by_ticket: Path, site: Path, tmp_path: Path
) -> None:
    empty = enrolled(tmp_path / "empty")
    assert "只有 TOML only" in read_inputs(by_ticket, empty).sources
    assert "no catalogue is stored" in read_inputs(by_ticket, empty).sources
    forged = store_catalogue(enrolled(tmp_path / "forged"), key=Ed25519PrivateKey.generate())
    assert "the catalogue is refused" in read_inputs(by_ticket, forged).sources
    broken = enrolled(tmp_path / "broken")
    (broken / "gateway.db").write_bytes(b"no database" * 1000)
    assert "the catalogue cannot be read" in read_inputs(by_ticket, broken).sources
    assert (broken / "gateway.db").read_bytes() == b"no database" * 1000
    link = changed(site, '\nkind = "ticket"\n', '\nkind = "link"\n')
    assert read_inputs(link, NO_STATE).sources.endswith("(没有中心服务器 no central server)")


@pytest.fixture
def closed(by_ticket: Path) -> Iterator[Path]:
    """Create a readable folder with settings and a state directory that only its owner may read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copy(by_ticket, folder / "gateway.toml")
    (folder / "gateway.toml").chmod(0o644)
    state = store_catalogue(enrolled(folder / "state"))
    state.chmod(0o700 if os.geteuid() == 0 else 0)
    yield folder
    state.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "words", [("scan", "--radio", "simulated", "--seconds", "0.2"), ("replay", str(WALK)), ("explain",)]
)
def test_an_unreadable_state_directory_is_reported_with_sudo(words: tuple[str, ...], closed: Path) -> None:
    config = ("--config", str(closed / "gateway.toml"), "--state-dir", str(closed / "state"))
    done = as_other_user(*words, *config)
    assert (done.returncode, done.stdout) == (78, "")
    assert "请加 sudo it cannot be read: use sudo" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_without_enrolment_work_without_the_state_directory(closed: Path) -> None:
    link = (closed / "gateway.toml").read_text("utf-8").replace('\nkind = "ticket"\n', '\nkind = "link"\n')
    (closed / "gateway.toml").write_text(link, "utf-8")
    config = ("--config", str(closed / "gateway.toml"), "--state-dir", str(closed / "state"))
    done = as_other_user("replay", str(WALK), *config)
    assert done.returncode == 0
    assert "只有 TOML only (读不了 " in done.stdout
    status = as_other_user("sync", "status", "--state-dir", str(closed / "state"))
    assert (status.returncode, status.stdout) == (1, "")
    assert "use sudo" in status.stderr


def as_other_user(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user who is neither root nor the owner."""
    return run_program("beacon_gateway", *words, user=65534 if os.geteuid() == 0 else None)


def test_a_trace_contains_rules_and_need_of_the_catalogue(
    by_ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = store_catalogue(
        enrolled(tmp_path / "state"),
        Binding(beacon=PLACE_BEACON.beacon, project="books"),
        Binding(beacon=PLACE_BEACON.beacon, project="warm-winter", priority=2),
    )
    trace, near = tmp_path / "place.trace", write_recording(datetime(2026, 5, 4, 1, tzinfo=UTC), tmp_path)
    words = ("--config", by_ticket, "--state-dir", state, "--radio", f"capture:{near}", "--seconds", "3")
    done = scan(*words, "--trace", trace)
    assert done.returncode == 0
    assert f"{trace}: 已写轨迹 trace written, " in done.stdout
    assert "people's tags are left out" in done.stdout
    assert replay(trace, None, NOWHERE, NO_STATE, "max", None, True) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["after"] for each in found if each["kind"] == "shown"] == ["warm-winter"]
