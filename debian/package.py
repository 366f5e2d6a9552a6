"""`./dev deb`: build two Debian packages from the working tree; their installation needs no network.

A package contains all Python libraries with exact pins, under /opt; Debian's Python runs it. So it is for the machine
architecture and the minor version of Python of the building machine. The build is reproducible (SOURCE_DATE_EPOCH: the
last commit's).
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from debian.sbom import make_sbom

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "dist"
SYSTEM_PYTHON = "/usr/bin/python3"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_DISTRIBUTION = "beacon_gateway"
"""The distribution name in pyproject.toml."""
_UNITS, _USERS, _SETTINGS = "usr/lib/systemd/system", "usr/lib/sysusers.d", "etc"


@dataclass(frozen=True)
class Package:
    """`programs`: name -> module with a `main`, linked into /usr/bin; `files`: target -> source in the tree;
    `conffiles`: settings, which an upgrade does not overwrite.
    """

    name: str
    summary: str
    requirements: str
    own: Sequence[str]
    programs: Mapping[str, str]
    files: Mapping[str, str]
    depends: Sequence[str]
    services: Sequence[str]
    recommends: Sequence[str] = ()
    conffiles: Sequence[str] = field(default_factory=tuple)

    @property
    def home(self) -> str:
        return f"opt/{self.name}"


GATEWAY = Package(
    name="beacon-gateway",
    summary="iBeacon gateway and kiosk for community giving",
    requirements="gateway.txt",
    own=("beacon_gateway", "daemonkit", "kiosk_ui", "sync_contract"),
    programs={"beacon-gateway": "beacon_gateway.cli"},
    files={
        f"{_UNITS}/beacon-gateway.service": "systemd/beacon-gateway.service",
        f"{_UNITS}/beacon-kiosk.service": "systemd/beacon-kiosk.service",
        f"{_UNITS}/beacon-radio-helper.service": "systemd/beacon-radio-helper.service",
        f"{_UNITS}/beacon-radio-helper.socket": "systemd/beacon-radio-helper.socket",
        f"{_UNITS}/beacon-radio-reset@.service": "systemd/beacon-radio-reset@.service",
        f"{_USERS}/beacon-gateway.conf": "systemd/beacon-gateway.sysusers",
        f"{_USERS}/beacon-kiosk.conf": "systemd/beacon-kiosk.sysusers",
        f"{_USERS}/beacon-radio-helper.conf": "systemd/beacon-radio-helper.sysusers",
        "usr/share/polkit-1/rules.d/50-beacon-gateway.rules": "systemd/50-beacon-gateway.rules",
        "usr/share/beacon-gateway/kiosk-keyboard": "systemd/kiosk-keyboard",
        "opt/beacon-gateway/bin/beacon-radio-reset": "systemd/beacon-radio-reset",
        "usr/share/beacon-gateway/monitoring": "config/monitoring",
        "usr/share/beacon-gateway/avahi/beacon-gateway.service": "systemd/beacon-gateway.avahi",
        f"{_SETTINGS}/beacon-gateway/gateway.toml": "config/gateway.toml",
    },
    depends=("bluez (>= 5.66)", "dbus", "systemd (>= 252)"),
    recommends=(
        "cage",
        "chromium",
        "fonts-noto-cjk",
        "wlr-randr",
        "polkitd",
        "systemd-timesyncd | time-daemon",
        "speech-dispatcher",
        "speech-dispatcher-espeak-ng",
    ),
    services=("beacon-gateway.service",),
    conffiles=("/etc/beacon-gateway/gateway.toml",),
)
CENTRAL = Package(
    name="beacon-central",
    summary="central server for beacon gateways: donations, ledger, staff pages",
    requirements="central.txt",
    own=("central_server", "daemonkit", "kiosk_ui", "sync_contract"),
    programs={"beacon-central": "central_server.cli"},
    files={
        f"{_UNITS}/beacon-central.service": "systemd/beacon-central.service",
        f"{_UNITS}/beacon-central-backup.service": "systemd/beacon-central-backup.service",
        f"{_UNITS}/beacon-central-backup.timer": "systemd/beacon-central-backup.timer",
        f"{_USERS}/beacon-central.conf": "systemd/beacon-central.sysusers",
        "usr/share/beacon-central/sandbox.conf": "systemd/beacon-central-sandbox.conf",
        "usr/share/beacon-central/unionpay.conf": "systemd/beacon-central-unionpay.conf",
        "usr/share/beacon-central/nginx.conf": "config/nginx.conf",
        "usr/lib/tmpfiles.d/beacon-central.conf": "systemd/beacon-central.tmpfiles",
        "usr/share/beacon-central/monitoring": "config/monitoring",
        f"{_SETTINGS}/beacon-central/central.toml": "config/central.toml",
    },
    depends=("systemd (>= 252)",),
    recommends=("fonts-noto-cjk",),
    services=("beacon-central.service",),
    conffiles=("/etc/beacon-central/central.toml",),
)
PACKAGES = (GATEWAY, CENTRAL)
BUILD_ONLY = frozenset(("editables", "hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"))
"""Pins of the extra `build`, which the package does not need."""

_PROGRAM = """\
#!/{home}/bin/python3
import sys

from {module} import main

sys.exit(main())
"""
_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemd-sysusers {sysusers}
{tmpfiles}    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        # An upgrade restarts running services; a new installation starts after its settings are written.
        systemctl try-restart {services}
    fi
    if [ -z "$2" ]; then
        echo "{name}: write {settings}, then:"
        echo "  {name} check-config {settings}"
        echo "  systemctl enable --now {first}"
    fi
fi
"""
_PRERM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl disable --now {services}
fi
"""
_POSTRM = """\
#!/bin/sh
set -e
# A purge does not delete donation data in /var/lib/{name}; a person must do it.
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
"""


def build(package: Package, work: Path, output: Path = OUTPUT) -> Path:
    """Build the .deb and return its path. Raises CalledProcessError when a step fails."""
    version = _version()
    architecture = _ARCHITECTURES[platform.machine()]
    tree = work / package.name
    shutil.rmtree(tree, ignore_errors=True)
    _put_python(package, tree)
    for target, source in package.files.items():
        _copy(ROOT / source, tree / target)
    put_on_path(package, tree)
    (library,) = (tree / package.home / "lib").glob("python3.*/site-packages")
    sbom = make_sbom(package.name, version, library, int(_epoch()), own=_DISTRIBUTION)
    _write(tree / "usr/share" / package.name / "sbom.cdx.json", sbom)
    control = _control(package, version, architecture, _size(tree))
    _write(tree / "DEBIAN/control", control)
    _write(tree / "DEBIAN/conffiles", "".join(f"{path}\n" for path in package.conffiles))
    for name, text in _scripts(package).items():
        _write(tree / "DEBIAN" / name, text, mode=0o755)
    _settle_times(tree)
    output.mkdir(exist_ok=True)
    deb = output / f"{package.name}_{version}_{architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(deb)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": _epoch()})
    return deb


def runtime_pins(pins: str) -> str:
    """Return the pins of a requirements file, with hashes, that the installed program needs."""
    each = re.split(r"^(?=[a-z0-9])", pins, flags=re.MULTILINE)
    return "".join(pin for pin in each if pin.partition("==")[0] not in BUILD_ONLY)


def _put_python(package: Package, tree: Path) -> None:
    """Create the virtual environment below /opt, without pip, activation scripts and paths of the build."""
    home = tree / package.home
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", str(home)], check=True)
    shutil.rmtree(home / "include", ignore_errors=True)
    (home / ".gitignore").unlink(missing_ok=True)
    for file in (home / "bin").iterdir():
        if not file.name.startswith("python"):
            file.unlink()
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n", encoding="utf-8")
    (library,) = (home / "lib").glob("python3.*/site-packages")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-compile"]
    pins = tree.with_suffix(".txt")
    _write(pins, runtime_pins((ROOT / "requirements" / package.requirements).read_text("utf-8")))
    wanted = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pins)]
    tags = ["--python-version", _system_version(), "--implementation", "cp"]
    platforms = [f"--platform=manylinux_2_{minor}_{platform.machine()}" for minor in range(17, 42)]
    platforms += [f"--platform=manylinux2014_{platform.machine()}", f"--platform=manylinux1_{platform.machine()}"]
    subprocess.run([*pip, *wanted, *tags, *platforms, "--target", str(library)], check=True)
    shutil.rmtree(library / "bin", ignore_errors=True)
    for name in package.own:
        shutil.copytree(ROOT / name, library / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, module in package.programs.items():
        _write(home / "bin" / name, _PROGRAM.format(home=package.home, module=module), mode=0o755)
    put_version(library, _version())
    # The programs cannot write to their folder, so compile now; the hash mode ignores timestamps.
    compiled = [SYSTEM_PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiled, "-s", str(tree), "-p", "/", str(library)], check=True)


def put_version(library: Path, version: str) -> None:
    """Write the version for importlib.metadata (Core metadata, PyPA)."""
    _write(
        library / f"{_DISTRIBUTION}-{version}.dist-info" / "METADATA",
        f"Metadata-Version: 2.1\nName: {_DISTRIBUTION.replace('_', '-')}\nVersion: {version}\n",
    )


def put_on_path(package: Package, tree: Path) -> None:
    """Link the programs into /usr/bin, with relative links (Debian Policy 10.5)."""
    bin_ = tree / "usr/bin"
    bin_.mkdir(parents=True, exist_ok=True)
    for name in package.programs:
        (bin_ / name).symlink_to(Path("../..") / package.home / "bin" / name)


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _system_version() -> str:
    """Return the version of the system's Python, such as 3.13."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([SYSTEM_PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _control(package: Package, version: str, architecture: str, size: int) -> str:
    """Return the control file, see deb-control(5)."""
    python = _system_version()
    major, minor = map(int, python.split("."))
    depends = ", ".join((f"python3 (>= {python}~), python3 (<< {major}.{minor + 1})", *package.depends))
    fields = {
        "Package": package.name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "the beacon-gateway maintainers <maintainers@beacon-gateway.invalid>",
        "Installed-Size": str(size // 1024),
        "Depends": depends,
        "Recommends": ", ".join(package.recommends),
        "Section": "net",
        "Priority": "optional",
        "Description": package.summary,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def _scripts(package: Package) -> dict[str, str]:
    users = " ".join(f"/{path}" for path in package.files if path.startswith(_USERS))
    tmpfiles = [f"/{path}" for path in package.files if path.startswith("usr/lib/tmpfiles.d")]
    values = {
        "name": package.name,
        "services": " ".join(package.services),
        "first": package.services[0],
        "settings": package.conffiles[0],
        "sysusers": users,
        "tmpfiles": "".join(f"    systemd-tmpfiles --create {path}\n" for path in tmpfiles),
    }
    return {
        name: text.format(**values) for name, text in (("postinst", _POSTINST), ("prerm", _PRERM), ("postrm", _POSTRM))
    }


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
        return
    shutil.copyfile(source, target)
    runs = source.read_bytes().startswith(b"#!")
    target.chmod(0o755 if runs else 0o644)


def _write(file: Path, text: str, *, mode: int = 0o644) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def _size(tree: Path) -> int:
    return sum(file.lstat().st_size for file in tree.rglob("*") if not file.is_dir())


def _settle_times(tree: Path) -> None:
    """Set all times to the last commit's, and folder modes independent of the umask."""
    epoch = int(_epoch())
    for path in (tree, *tree.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def _epoch() -> str:
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        return epoch
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    for package in PACKAGES:
        deb = build(package, ROOT / "build")
        print(f"{deb.relative_to(ROOT)}  {deb.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
