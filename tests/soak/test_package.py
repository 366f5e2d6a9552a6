"""The Debian packages: complete, reproducible, and independent of the checkout."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from debian.build import build
from debian.package import CENTRAL, GATEWAY, PACKAGES, ROOT, Package

ALONE = """
set -e
mount -t tmpfs tmpfs /opt
mount -t tmpfs tmpfs {root}
mount -t tmpfs tmpfs /mnt
cp -a {tree}/opt/. /opt/
cp -a {tree}/usr/bin /mnt/
cd /
exec env -i PATH=/usr/bin:/bin:/mnt/bin {command}
"""
"""In a mount namespace of its own: the package's files where it puts them, and no working tree. /mnt/bin is its
/usr/bin, as deep, so that relative links hold."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("deb")
    return {package.name: build(package, folder / "work", folder) for package in PACKAGES}


def unpacked(deb: Path, folder: Path) -> Path:
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", str(deb), str(tree)], check=True)
    return tree


def run(tree: Path, command: str, *, fails: int = 0) -> str:
    script = ALONE.format(root=ROOT, tree=tree, command=command)
    ended = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.returncode == fails, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_it_runs_where_it_is_installed(package: Package, built: dict[str, Path], tmp_path: Path) -> None:
    tree = unpacked(built[package.name], tmp_path)
    program = package.name
    assert "check-config" in run(tree, f"{program} --help")
    settings = tree / package.template
    run(tree, f"{program} check-config {settings}")
    broken = tmp_path / "broken.toml"
    broken.write_text("[site\n")
    assert "broken.toml" in run(tree, f"{program} check-config {broken}", fails=78)


def test_the_central_server_begins_and_keeps_itself_without_a_working_tree(
    built: dict[str, Path], tmp_path: Path
) -> None:
    """init brings its own settings, and a backup says which version made it."""
    tree = unpacked(built[CENTRAL.name], tmp_path)
    at = "--config /mnt/c.toml --state-dir /mnt/state"
    steps = ("init /mnt/c.toml --state-dir /mnt/state", f"migrate {at}", f"backup /mnt/b.tar {at}")
    again = f"restore /mnt/b.tar --yes {at}"
    output = run(tree, "sh -c '" + " && ".join(f"beacon-central {each}" for each in (*steps, again)) + "'")
    assert "/mnt/c.toml: written" in output
    assert "restored from /mnt/b.tar" in output


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_it_contains_the_programs_of_its_units_and_no_path_of_the_checkout(
    package: Package, built: dict[str, Path], tmp_path: Path
) -> None:
    tree = unpacked(built[package.name], tmp_path)
    for unit in (tree / "usr/lib/systemd/system").iterdir():
        for word in unit.read_text("utf-8").split():
            if word.startswith((f"/opt/{package.name}/", f"ExecStart=/opt/{package.name}/")):
                assert (tree / word.removeprefix("ExecStart=").lstrip("/")).exists(), word
    control = (tree / "DEBIAN/control").read_text("utf-8")
    assert "Depends: python3 (>= 3." in control
    checkout = str(ROOT).encode()
    leaking = [file for file in tree.rglob("*") if file.is_file() and checkout in file.read_bytes()]
    assert leaking == []


def test_the_build_is_reproducible(built: dict[str, Path], tmp_path: Path) -> None:
    again = build(GATEWAY, tmp_path / "elsewhere", tmp_path)
    assert _sum(again) == _sum(built[GATEWAY.name])


def test_the_gateway_package_has_no_library_of_the_central_server(built: dict[str, Path], tmp_path: Path) -> None:
    tree = unpacked(built[GATEWAY.name], tmp_path)
    names = {path.name for path in tree.glob("opt/beacon-gateway/lib/python3.*/site-packages/*")}
    assert not names & {"central_server", "sqlalchemy", "asyncpg", "typst", "argon2"}
    assert CENTRAL.name in built


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_lintian_finds_nothing_but_what_the_package_states_with_a_reason(
    package: Package, built: dict[str, Path]
) -> None:
    """See debian/policy.py for the overrides; an override that nothing needs is a finding too."""
    command = ["lintian", "--allow-root", "--display-info", "--tag-display-limit", "0", str(built[package.name])]
    output = subprocess.run(command, capture_output=True, text=True, timeout=600).stdout
    found = [line for line in output.splitlines() if line.startswith(("E:", "W:", "I:"))]
    assert found == []
