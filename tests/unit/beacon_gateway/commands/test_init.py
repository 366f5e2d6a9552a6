"""`beacon-gateway init`: a settings file to start from."""

import subprocess
import tomllib
from pathlib import Path

from tests.fakes.forked_programs import run_program
from tests.paths import ROOT

SHIPPED = ROOT / "config/gateway.toml"


def init(file: Path, template: Path = SHIPPED) -> subprocess.CompletedProcess[str]:
    return run_program("beacon_gateway", "init", "--config", str(file), "--template", str(template))


def test_a_new_settings_file_has_every_comment_and_a_uuid_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "etc/gateway.toml", tmp_path / "gateway.toml"
    assert [init(file).returncode for file in (first, second)] == [0, 0]
    shared = tomllib.loads(SHIPPED.read_text("utf-8"))["advertise"]["uuid"]
    used = [tomllib.loads(file.read_text("utf-8"))["advertise"]["uuid"] for file in (first, second)]
    assert len({shared, *used}) == 3
    assert first.read_text("utf-8").replace(used[0], shared) == SHIPPED.read_text("utf-8")
    assert first.stat().st_mode & 0o777 == 0o644
    checked = run_program("beacon_gateway", "check-config", str(first), "--state-dir", str(tmp_path / "state"))
    assert checked.returncode == 0, checked.stderr


def test_an_existing_settings_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("# by the installer\n")
    assert "exists" in init(file).stdout
    assert file.read_text() == "# by the installer\n"


def test_a_missing_template_and_a_place_that_refuses_the_file_have_remedies(tmp_path: Path) -> None:
    found = init(tmp_path / "gateway.toml", tmp_path / "none.toml")
    assert (found.returncode, "none.toml" in found.stderr, "--template" in found.stderr) == (1, True, True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    found = init(tmp_path / "file/gateway.toml")
    assert (found.returncode, "file/gateway.toml" in found.stderr, "--config" in found.stderr) == (1, True, True)
