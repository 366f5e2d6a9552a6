"""`./dev deb --repository FOLDER`: add the packages of dist/ to a signed apt repository.

The layout is that of Debian (wiki.debian.org/DebianRepository/Format): pool/, dists/stable/main/binary-ARCH/Packages,
Release, InRelease. Earlier versions stay in the pool, because a device needs the previous one to go back.
"""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

SUITE, COMPONENT = "stable", "main"
_RELEASE = {"Origin": "beacon-gateway", "Label": "beacon-gateway", "Suite": SUITE, "Codename": SUITE}


def add_packages(repository: Path, debs: Iterable[Path], architectures: Iterable[str]) -> Path:
    """Copy the packages into the pool and write the indexes; return the Release file, which is not signed yet.

    Raises FileExistsError if the pool has another file of the same name: a published version never changes.
    """
    pool = repository / "pool"
    pool.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        target = pool / deb.name
        if target.exists() and target.read_bytes() != deb.read_bytes():
            raise FileExistsError(f"{target} is another build of a version that was published; raise the version")
        if not target.exists():
            shutil.copyfile(deb, target)
    dist = repository / "dists" / SUITE
    names = sorted(architectures)
    for architecture in names:
        folder = dist / COMPONENT / f"binary-{architecture}"
        folder.mkdir(parents=True, exist_ok=True)
        packages = _run("apt-ftparchive", "--arch", architecture, "packages", "pool", cwd=repository)
        (folder / "Packages").write_bytes(packages)
    for old in (dist / "Release", dist / "InRelease"):
        old.unlink(missing_ok=True)
    fields = {**_RELEASE, "Architectures": " ".join(names), "Components": COMPONENT}
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
    release = dist / "Release"
    content = _run("apt-ftparchive", *options, "release", str(dist.relative_to(repository)), cwd=repository)
    release.write_bytes(content)
    return release


def sign(release: Path, key: str) -> Path:
    """Sign the Release file with the key (a fingerprint or address of gpg's key ring); return InRelease.

    Raises CalledProcessError if gpg does not have the key.
    """
    signed = release.with_name("InRelease")
    _run("gpg", "--batch", "--yes", "--local-user", key, "--output", str(signed), "--clearsign", str(release))
    return signed


def signing_command(release: Path) -> str:
    """Return the command to run where the release key is."""
    return f"gpg --local-user KEY --output {release.with_name('InRelease')} --clearsign {release}"


def _run(*command: str, cwd: Path | None = None) -> bytes:
    return subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.PIPE).stdout
