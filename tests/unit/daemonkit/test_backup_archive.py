"""A backup archive is foreign data: every hostile or damaged one is refused, and nothing is written outside."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemonkit import backup_archive
from daemonkit.backup_archive import ArchiveFault, ArchiveRefused, Part, measure, read_manifest, unpack

_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_CONTENT = b"donations " * 500


def write(folder: Path) -> bytes:
    """Return an archive of one part, a.db, as our writer makes it."""
    source = folder / "source"
    source.write_bytes(_CONTENT)
    size, digest = measure(source)
    part = Part(name="a.db", size=size, sha256=digest)
    manifest = json.dumps({"format": 1, "parts": [part.model_dump()]}).encode()
    made = io.BytesIO()
    backup_archive.write(made, manifest, [part], {"a.db": source}, _AT)
    return made.getvalue()


def read(archive: bytes, folder: Path) -> None:
    """Read an archive as a program does."""
    file = io.BytesIO(archive)
    parts = json.loads(read_manifest(file, 1))["parts"]
    unpack(file, [Part(**each) for each in parts], folder)


def made_of(*members: tuple[tarfile.TarInfo, bytes], manifest: Any = None) -> bytes:
    """Return an archive of a valid manifest about a.db, and these members instead of a.db."""
    part = {"name": "a.db", "size": len(_CONTENT), "sha256": hashlib.sha256(_CONTENT).hexdigest()}
    text = json.dumps(manifest or {"format": 1, "parts": [part]}).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        digest = hashlib.sha256(text).hexdigest().encode()
        for member, content in (named("manifest.json", text), *members, named("manifest.sha256", digest)):
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


def named(name: str, content: bytes, **changes: Any) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in changes.items():
        setattr(member, field, value)
    return member, content


def _sparse() -> bytes:
    """A member of 512 bytes that states a size of a terabyte (GNU.sparse 1.0)."""
    sparse_map = b"1\n0\n1\n".ljust(512, b"\0")
    headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.db", "GNU.sparse.realsize": str(2**40),
    }  # fmt: skip
    return made_of(named("GNUSparseFile.0/a.db", sparse_map + b"x", pax_headers=headers))


def _large_header() -> bytes:
    """An extended header of two megabytes."""
    return made_of(named("a.db", _CONTENT, pax_headers={"comment": "x" * 2_000_000}))


HOSTILE: tuple[tuple[str, Callable[[], bytes], ArchiveFault], ...] = (
    (
        "link",
        lambda: made_of(named("a.db", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        ArchiveFault.not_a_file,
    ),
    (
        "hard link",
        lambda: made_of(named("a.db", b"", type=tarfile.LNKTYPE, linkname="manifest.json")),
        ArchiveFault.not_a_file,
    ),
    ("folder", lambda: made_of(named("a.db", b"", type=tarfile.DIRTYPE)), ArchiveFault.not_a_file),
    ("device", lambda: made_of(named("a.db", b"", type=tarfile.CHRTYPE, devmajor=1)), ArchiveFault.not_a_file),
    ("sparse", _sparse, ArchiveFault.not_a_file),
    ("large header", _large_header, ArchiveFault.too_large),
    ("many members", lambda: made_of(*[named(f"{n}", b"") for n in range(70)]), ArchiveFault.too_large),
    ("other path", lambda: made_of(named("../a.db", _CONTENT)), ArchiveFault.missing),
    ("absolute path", lambda: made_of(named("/tmp/a.db", _CONTENT)), ArchiveFault.missing),
    ("other content", lambda: made_of(named("a.db", _CONTENT.swapcase())), ArchiveFault.changed),
    ("other size", lambda: made_of(named("a.db", _CONTENT[1:])), ArchiveFault.changed),
    ("newer", lambda: made_of(manifest={"format": 2}), ArchiveFault.newer_format),
    ("no object", lambda: made_of(manifest=["format"]), ArchiveFault.manifest_foreign),
    ("empty", lambda: b"", ArchiveFault.not_archive),
    ("text", lambda: b"not an archive " * 100, ArchiveFault.not_archive),
)


def test_hostile_archives_are_refused_and_nothing_is_written_outside(tmp_path: Path) -> None:
    for what, archive, fault in HOSTILE:
        folder = tmp_path / what
        folder.mkdir()
        content = archive()
        with pytest.raises(ArchiveRefused) as refused:
            read(content, folder)
        assert refused.value.fault is fault, what
        assert {each.name for each in folder.rglob("*")} <= {"a.db"}, what
        assert sum(each.stat().st_size for each in folder.rglob("*")) <= len(_CONTENT), what
    assert {each.name for each in tmp_path.iterdir()} == {what for what, *_ in HOSTILE}


def test_a_cut_or_changed_archive_is_never_read_as_whole(tmp_path: Path) -> None:
    whole = write(tmp_path)
    read(whole, tmp_path)
    assert (tmp_path / "a.db").read_bytes() == _CONTENT
    end = len(whole.rstrip(b"\0"))
    for cut in (*range(0, end, 509), end - 1):
        target = tmp_path / f"cut-{cut}"
        target.mkdir()
        with pytest.raises(ArchiveRefused):
            read(whole[:cut], target)
    for place in range(0, end, 97):
        if not whole[place]:
            continue  # padding
        changed = bytearray(whole)
        changed[place] ^= 1
        target = tmp_path / f"changed-{place}"
        target.mkdir()
        try:
            read(bytes(changed), target)
        except ArchiveRefused:
            continue
        assert (target / "a.db").read_bytes() == _CONTENT, f"byte {place} of a header without effect"
