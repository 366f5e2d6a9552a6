"""`./dev deb [amd64|arm64]`: build the Debian packages from the working tree; their installation needs no network.

A package contains all Python libraries with exact pins, under /opt; Debian's Python runs it. So it is for one
architecture, the building machine's unless another one is given, and for the minor version of Python of the building
machine. The build is reproducible (SOURCE_DATE_EPOCH: the last commit's).
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

from debian.maintainer_scripts import maintainer_scripts
from debian.manual import MANUALS, make_completions, make_manual
from debian.package import LIBRARY_PACKAGES, PACKAGES, ROOT, LibraryPackage, Package
from debian.policy import MAINTAINER, make_policy_files
from debian.pruning import prune
from debian.repository import add_packages, sign, signing_command
from debian.sbom import make_sbom

OUTPUT = ROOT / "dist"
SYSTEM_PYTHON = "/usr/bin/python3"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's names of the architectures and those of wheels."""
_DISTRIBUTION = "beacon_gateway"
"""The distribution name in pyproject.toml."""

BUILD_ONLY = frozenset(("editables", "hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"))
"""Pins of the extra `build`, which the package does not need."""

_PROGRAM = """\
#!/{home}/bin/python3
import sys

from {module} import main

sys.exit(main())
"""


def own_architecture() -> str:
    """Return the building machine's architecture, as Debian names it."""
    return next(name for name, machine in _MACHINES.items() if machine == platform.machine())


def build(package: Package, work: Path, output: Path = OUTPUT, architecture: str | None = None) -> Path:
    """Build the .deb and return its path. Raises CalledProcessError when a step fails."""
    version = project_version()
    architecture = architecture or own_architecture()
    tree = work / package.name
    shutil.rmtree(tree, ignore_errors=True)
    _put_python(package, tree, _MACHINES[architecture])
    (library,) = (tree / package.home / "lib").glob("python3.*/site-packages")
    sbom = make_sbom(package.name, version, library, int(_epoch()), own=_DISTRIBUTION)
    _write(tree / "usr/share" / package.name / "sbom.cdx.json", sbom)
    return pack(package, tree, output, version, architecture)


def pack(package: Package, tree: Path, output: Path, version: str, architecture: str) -> Path:
    """Add the files of the working tree and the maintainer scripts to `tree`; return the .deb."""
    for target, source in package.files.items():
        _copy(ROOT / source, tree / target)
    for target, make in package.generated.items():
        _write(tree / target, make())
    put_on_path(package, tree)
    for name, module in package.programs.items():
        for target, text in make_completions(name).items():
            _write(tree / target, text)
        for language, path in MANUALS.items():
            manual = tree / path.format(name=name)
            manual.parent.mkdir(parents=True)
            manual.write_bytes(make_manual(name, module, version, language))
    _put_policy_files(package.name, tree, version)
    control = _control(package, version, architecture, _size(tree))
    _write(tree / "DEBIAN/control", control)
    for name, text in maintainer_scripts(package).items():
        _write(tree / "DEBIAN" / name, text, mode=0o755)
    return _make_deb(tree, output / f"{package.name}_{version}_{architecture}.deb")


def _make_deb(tree: Path, deb: Path) -> Path:
    _write(tree / "DEBIAN/md5sums", _list_md5sums(tree))
    _settle_times(tree)
    deb.parent.mkdir(exist_ok=True)
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(deb)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": _epoch()})
    return deb


def _list_md5sums(tree: Path) -> str:
    """Return deb-md5sums(5), by which `dpkg --verify` finds damaged files."""
    files = sorted(each for each in tree.rglob("*") if each.is_file() and not each.is_symlink())
    packed = [each for each in files if each.relative_to(tree).parts[0] != "DEBIAN"]
    return "".join(f"{md5(each.read_bytes()).hexdigest()}  {each.relative_to(tree)}\n" for each in packed)  # noqa: S324  # the format is MD5


def build_libraries(
    package: LibraryPackage, work: Path, output: Path = OUTPUT, architecture: str | None = None
) -> Path:
    """Build the .deb of the libraries and return its path. Raises CalledProcessError when a step fails."""
    version, architecture = project_version(), architecture or own_architecture()
    tree = work / package.name
    shutil.rmtree(tree, ignore_errors=True)
    library = tree / package.user.home / f"lib/python{_system_version()}/site-packages"
    library.mkdir(parents=True)
    pins = _split_pins((ROOT / "requirements" / package.user.requirements).read_text("utf-8"))
    _install("".join(pins[name] for name in package.libraries), tree, library, _MACHINES[architecture])
    _compile(tree, library)
    _put_policy_files(package.name, tree, version)
    fields = _common_fields(package, version, architecture, _size(tree))
    _write(tree / "DEBIAN/control", _format_control(fields))
    return _make_deb(tree, output / f"{package.name}_{version}_{architecture}.deb")


def runtime_pins(pins: str) -> str:
    """Return the pins of a requirements file, with hashes, that the installed program needs."""
    left_out = BUILD_ONLY.union(*(each.libraries for each in LIBRARY_PACKAGES))
    return "".join(pin for name, pin in _split_pins(pins).items() if name not in left_out)


def _split_pins(pins: str) -> dict[str, str]:
    """Return the pins of a requirements file, with hashes, by name. A name may have a pin for each Python."""
    found: dict[str, str] = {}
    for pin in re.split(r"^(?=[a-z0-9])", pins, flags=re.MULTILINE):
        name = pin.partition("==")[0]
        found[name] = found.get(name, "") + pin
    return found


def _put_python(package: Package, tree: Path, machine: str) -> None:
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
    _install(runtime_pins((ROOT / "requirements" / package.requirements).read_text("utf-8")), tree, library, machine)
    for name in package.own:
        shutil.copytree(ROOT / name, library / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, module in package.programs.items():
        _write(home / "bin" / name, _PROGRAM.format(home=package.home, module=module), mode=0o755)
    put_version(library, project_version())
    put_entry_points(package, library)
    _compile(tree, library)


def _install(pins: str, tree: Path, library: Path, machine: str) -> None:
    """Install the pins for the machine and the system's Python; leave out what no program of ours reads."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-compile"]
    file = tree.with_suffix(".txt")
    _write(file, pins)
    wanted = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(file)]
    tags = ["--python-version", _system_version(), "--implementation", "cp"]
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in range(17, 42)]
    platforms += [f"--platform=manylinux2014_{machine}", f"--platform=manylinux1_{machine}"]
    subprocess.run([*pip, *wanted, *tags, *platforms, "--target", str(library)], check=True)
    prune(library, machine)


def _compile(tree: Path, library: Path) -> None:
    """Compile now, as the programs cannot write to their folder; the hash mode ignores timestamps."""
    command = [SYSTEM_PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(tree), "-p", "/", str(library)], check=True)


def put_version(library: Path, version: str) -> None:
    """Write the version for importlib.metadata (Core metadata, PyPA)."""
    _write(
        library / f"{_DISTRIBUTION}-{version}.dist-info" / "METADATA",
        f"Metadata-Version: 2.1\nName: {_DISTRIBUTION.replace('_', '-')}\nVersion: {version}\n",
    )


def put_entry_points(package: Package, library: Path) -> None:
    """Write the entry points that lead into the package's own code (Entry points specification, PyPA)."""
    groups = project_table().get("entry-points", {})
    lines = []
    for group, entries in groups.items():
        found = [f"{name} = {target}" for name, target in entries.items() if target.split(".")[0] in package.own]
        lines += [f"[{group}]", *found] if found else []
    if lines:
        folder = library / f"{_DISTRIBUTION}-{project_version()}.dist-info"
        _write(folder / "entry_points.txt", "\n".join(lines) + "\n")


def put_on_path(package: Package, tree: Path) -> None:
    """Link the programs into /usr/bin, with relative links: the package also runs below another root."""
    bin_ = tree / "usr/bin"
    bin_.mkdir(parents=True, exist_ok=True)
    for name in package.programs:
        (bin_ / name).symlink_to(Path("../..") / package.home / "bin" / name)


def project_version() -> str:
    """Return the version in pyproject.toml."""
    return str(project_table()["version"])


def project_table() -> dict[str, Any]:
    """Return the table [project] of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def _system_version() -> str:
    """Return the version of the system's Python, such as 3.13."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([SYSTEM_PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _put_policy_files(name: str, tree: Path, version: str) -> None:
    news = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for target, content in make_policy_files(name, version, int(_epoch()), news).items():
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        (tree / target).write_bytes(content)


def _control(package: Package, version: str, architecture: str, size: int) -> str:
    """Return the control file, see deb-control(5)."""
    fields = _common_fields(package, version, architecture, size)
    fields["Recommends"] = ", ".join(package.recommends)
    if package.suggests:
        fields["Suggests"] = ", ".join(package.suggests)
    return _format_control(fields)


def _common_fields(package: Package | LibraryPackage, version: str, architecture: str, size: int) -> dict[str, str]:
    python = _system_version()
    major, minor = map(int, python.split("."))
    return {
        "Package": package.name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size // 1024),
        "Depends": ", ".join((f"python3 (>= {python}~), python3 (<< {major}.{minor + 1})", *package.depends)),
        "Section": "net",
        "Priority": "optional",
        "Description": "\n ".join((package.summary, *package.description)),
    }


def _format_control(fields: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


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


def publish(repository: Path, key: str) -> int:
    """Add the packages of dist/ to the repository. Without a key, print how to sign it elsewhere."""
    debs = sorted(OUTPUT.glob("*.deb"))
    if not debs:
        print(f"{OUTPUT.name}/ has no package; run ./dev deb first", file=sys.stderr)
        return 1
    try:
        release = add_packages(repository, debs, _MACHINES)
        if key:
            sign(release, key)
    except (FileExistsError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{repository}: {len(debs)} packages added, {'signed' if key else 'not signed yet; devices refuse it'}")
    if not key:
        print(f"Where the release key is: {signing_command(release)}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev deb", description="Build the packages into dist/.")
    parser.add_argument("architecture", nargs="?", choices=sorted(_MACHINES), default=own_architecture())
    parser.add_argument(
        "--repository", type=Path, help="add the packages of dist/ to this apt repository; build nothing"
    )
    parser.add_argument("--key", default="", help="sign the repository with this key of gpg")
    chosen = parser.parse_args()
    if chosen.repository:
        return publish(chosen.repository, chosen.key)
    architecture = chosen.architecture
    builds = [(each.name, partial(build, each)) for each in PACKAGES]
    builds += [(each.name, partial(build_libraries, each)) for each in LIBRARY_PACKAGES]
    for number, (name, make) in enumerate(builds, 1):
        print(f"[{number}/{len(builds)}] {name} for {architecture} …", file=sys.stderr, flush=True)
        deb = make(ROOT / "build", architecture=architecture)
        print(f"{deb.relative_to(ROOT)}  {deb.stat().st_size / 1e6:.1f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
