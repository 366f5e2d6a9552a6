"""Properties of the packages that need no build. The others: tests/soak."""

import base64
import gzip
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from debian.build import put_on_path, put_version
from debian.manual import make_completions, make_manual
from debian.package import PACKAGES, ROOT, Package
from debian.pruning import prune
from debian.sbom import make_sbom

COMMAND = re.compile(r"(?:^|[`\s])((?:/\S+/)?beacon-(?:gateway|central)) (?:[a-z]+(?:-[a-z]+)*)\b(?! =)", re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_each_program_has_a_relative_link_in_usr_bin(package: Package, tmp_path: Path) -> None:
    put_on_path(package, tmp_path)
    for name in package.programs:
        program = tmp_path / package.home / "bin" / name
        program.parent.mkdir(parents=True)
        program.write_text("it")
        link = tmp_path / "usr/bin" / name
        assert not link.readlink().is_absolute()
        assert link.read_text() == "it"


def test_a_package_states_its_version(tmp_path: Path) -> None:
    """importlib.metadata asks for it: reports, backups and the API's document name it."""
    put_version(tmp_path, "9.8.7")
    found = [(each.name, each.version) for each in distributions(path=[str(tmp_path)])]
    assert found == [("beacon-gateway", "9.8.7")]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_manual_page_describes_each_command_and_renders_without_warnings(package: Package, tmp_path: Path) -> None:
    ((name, module),) = package.programs.items()
    page = gzip.decompress(make_manual(name, module, "9.8.7"))
    for heading in (b'.SS "check\\-config ', b'.SS "enrol ADDRESS' if "gateway" in name else b'.SS "user list'):
        assert heading in page
    chinese = gzip.decompress(make_manual(name, module, "9.8.7", "zh"))
    assert chinese.count(b".SS ") == page.count(b".SS ")
    assert "网关。" not in chinese.decode().splitlines()[3], "whatis prints no full stop"
    for each in (page, chinese):
        (tmp_path / "page.1").write_bytes(each)
        command = ["groff", "-man", "-Tutf8", "-K", "utf8", "-wall", str(tmp_path / "page.1")]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


def test_bash_completes_commands_of_an_installed_program(tmp_path: Path) -> None:
    """As bash-completion does: with the script of the package, and the program on the path."""
    script, program = tmp_path / "script", tmp_path / "beacon-gateway"
    script.write_text(make_completions("beacon-gateway")["usr/share/bash-completion/completions/beacon-gateway"])
    program.write_text(f"#!{sys.executable}\nfrom beacon_gateway.cli import main\nmain()\n")
    program.chmod(0o755)
    words = "COMP_WORDS=(beacon-gateway config s); COMP_CWORD=2; _beacon_gateway_completion beacon-gateway"
    done = subprocess.run(
        ["bash", "-c", f'. {script}; {words}; echo "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["set", "schema"], done.stderr


def test_the_bill_of_materials_lists_each_library_with_its_version_and_licence(tmp_path: Path) -> None:
    put_version(tmp_path, "9.8.7")
    for name, licence in (("Some_Library", "License-Expression: MIT"), ("other", "License: BSD")):
        metadata = tmp_path / f"{name}-1.2.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n{licence}\n")
    bill = json.loads(make_sbom("beacon-gateway", "9.8.7", tmp_path, 0, own="beacon_gateway"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["version"] == "9.8.7"
    assert [(each["purl"], each["licenses"]) for each in bill["components"]] == [
        ("pkg:pypi/other@1.2", [{"license": {"name": "BSD"}}]),
        ("pkg:pypi/some-library@1.2", [{"expression": "MIT"}]),
    ]


def test_the_central_package_contains_the_settings_of_init() -> None:
    """As a link here; what is packed is a file with the same content."""
    link = ROOT / "central_server/central.toml"
    assert link.is_symlink()
    assert link.read_bytes() == (ROOT / "config/central.toml").read_bytes()


@pytest.mark.parametrize("page", ["docs/installing.md", "docs/operating.md"])
def test_commands_in_the_manual_are_on_the_path(page: str) -> None:
    programs = {name for package in PACKAGES for name in package.programs}
    documented = {found[1] for found in COMMAND.finditer((ROOT / page).read_text("utf-8"))}
    assert documented
    assert documented <= programs, "as they are found on the PATH, not where they lie"


def test_the_service_uses_bluez_only() -> None:
    """A bluetoothd that is slow to come is waited for; no word is left from which another radio could follow."""
    unit = (ROOT / "systemd/beacon-gateway.service").read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert " run --radio bluez " in command


def test_a_library_without_its_symbols_and_unused_files_still_loads_and_its_list_of_files_is_right(
    tmp_path: Path,
) -> None:
    """A real wheel's shared object: the dynamic linker loads it, and the list states its new size and hash."""
    found = find_spec("greenlet")
    assert found is not None
    assert found.origin is not None
    copy = tmp_path / "greenlet"
    shutil.copytree(Path(found.origin).parent, copy)
    shutil.copytree(ROOT / "debian", tmp_path / "sqlalchemy/dialects/mysql")
    (shared,) = copy.glob("_greenlet*.so")
    before = shared.stat().st_size
    record = tmp_path / "greenlet-1.dist-info" / "RECORD"
    record.parent.mkdir()
    same_size = copy / "__init__.py"
    record.write_text(
        f"greenlet/__init__.py,sha256=a,{same_size.stat().st_size}\n"
        f"greenlet/{shared.name},sha256=a,{before}\ngreenlet/tests/__init__.py,sha256=b,9\ngreenlet-1.dist-info/RECORD,,\n"
    )
    prune(tmp_path, platform.machine())
    assert shared.stat().st_size < before / 2
    assert not list(copy.glob("*.h")) + list(tmp_path.rglob("tests")) + list(tmp_path.rglob("mysql"))
    unchanged, stripped, itself = record.read_text().splitlines()
    own, digest = (
        base64.urlsafe_b64encode(hashlib.sha256(each.read_bytes()).digest()).decode().rstrip("=")
        for each in (same_size, shared)
    )
    assert unchanged == f"greenlet/__init__.py,sha256={own},{same_size.stat().st_size}"
    assert stripped == f"greenlet/{shared.name},sha256={digest},{shared.stat().st_size}"
    assert itself == "greenlet-1.dist-info/RECORD,,"
    code = (
        f"import greenlet; assert greenlet.__file__.startswith({str(tmp_path)!r}); greenlet.greenlet(print).switch(1)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "1\n"
