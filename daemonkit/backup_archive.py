"""Write and read backup archives: a tar with a manifest first and the manifest's digest last.

The manifest is JSON. It has a `format` and lists every part with its size and SHA-256 digest. An archive is foreign
data: only parts that the manifest names are read, each into a file of that name, and no header takes more memory than
one piece.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MANIFEST, DIGEST = "manifest.json", "manifest.sha256"
_LARGEST_MANIFEST = 1024 * 1024
_PIECE = 1024 * 1024
_MAX_MEMBERS = 64


class ArchiveFault(StrEnum):
    """Why an archive is refused."""

    not_archive = "not_archive"
    truncated = "truncated"
    manifest_changed = "manifest_changed"
    """It is not the one that was written."""
    manifest_foreign = "manifest_foreign"
    """It is not one of this program."""
    newer_format = "newer_format"
    missing = "missing"
    """`name` is not in it."""
    not_a_file = "not_a_file"
    """`name` is a link, a folder or a sparse file."""
    changed = "changed"
    """`name` is not what was written."""
    too_large = "too_large"
    """A header or the number of members is beyond every backup."""


_ENGLISH = {
    ArchiveFault.not_archive: "not a backup of this program, or cut off at its beginning",
    ArchiveFault.truncated: "damaged: it cannot be read to its end",
    ArchiveFault.manifest_changed: "damaged: its manifest is not the one that was written",
    ArchiveFault.manifest_foreign: "its manifest is not one of ours",
    ArchiveFault.newer_format: "made by a newer program: its format is {name}",
    ArchiveFault.missing: "not a whole backup of this program: there is no {name} in it",
    ArchiveFault.not_a_file: "damaged: {name} is no file",
    ArchiveFault.changed: "damaged: {name} is not what was written",
    ArchiveFault.too_large: "no backup of this program: its headers are too large",
}


class ArchiveRefused(Exception):
    """Not a backup of this program, damaged, or made by a newer program. The message says which, in English."""

    def __init__(self, fault: ArchiveFault, name: str = "") -> None:
        super().__init__(_ENGLISH[fault].format(name=name))
        self.fault = fault
        self.name = name


class Part(BaseModel):
    """A file of the archive. A subclass states the names that a program uses; they are relative and have no `..`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def measure(file: Path) -> tuple[int, str]:
    """Return size and SHA-256 digest of a file. Raises OSError."""
    with file.open("rb") as content:
        return file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()


def write(
    target: BinaryIO, manifest_json: bytes, parts: Sequence[Part], sources: Mapping[str, Path], at: datetime
) -> None:
    """`sources`: files by the names of the parts. Raises OSError."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, io.BytesIO(manifest_json), len(manifest_json), at)
        for each in parts:
            with sources[each.name].open("rb") as content:
                _add(tar, each.name, content, each.size, at)
        digest = hashlib.sha256(manifest_json).hexdigest().encode()
        _add(tar, DIGEST, io.BytesIO(digest), len(digest), at)


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(at.timestamp())
    tar.addfile(member, content)


def read_manifest(file: BinaryIO, newest_format: int) -> bytes:
    """Return the manifest's JSON after its digest and format were checked. Raises ArchiveRefused, OSError."""
    with _reading(file) as (tar, members):
        manifest_json = _content(tar, members, MANIFEST).read(_LARGEST_MANIFEST)
        if hashlib.sha256(manifest_json).hexdigest().encode() != _content(tar, members, DIGEST).read(_PIECE):
            raise ArchiveRefused(ArchiveFault.manifest_changed)
    try:
        found = json.loads(manifest_json)["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArchiveRefused(ArchiveFault.manifest_foreign) from error
    if type(found) is int and found > newest_format:
        raise ArchiveRefused(ArchiveFault.newer_format, str(found))
    return manifest_json


def unpack(file: BinaryIO, parts: Sequence[Part], folder: Path) -> None:
    """Write each part to `folder`, readable by the owner only. Raises ArchiveRefused, OSError."""
    if len({each.name for each in parts}) != len(parts):
        raise ArchiveRefused(ArchiveFault.manifest_foreign)
    with _reading(file) as (tar, members):
        for each in parts:
            target = folder / each.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source = _content(tar, members, each.name, each.size)
            digest, size = hashlib.sha256(), 0
            with target.open("xb") as out:
                target.chmod(0o600)
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
            if (size, digest.hexdigest()) != (each.size, each.sha256):
                raise ArchiveRefused(ArchiveFault.changed, each.name)


@contextmanager
def _reading(file: BinaryIO) -> Iterator[tuple[tarfile.TarFile, dict[str, tarfile.TarInfo]]]:
    """Open the tar in `file` from its beginning and list its members; convert errors of tarfile."""
    file.seek(0)
    try:
        tar = tarfile.TarFile(fileobj=_BoundedReads(file))  # closes nothing: the caller closes the file
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ArchiveRefused(ArchiveFault.not_archive) from error
    try:
        members: dict[str, tarfile.TarInfo] = {}
        for count, member in enumerate(tar):
            if count == _MAX_MEMBERS:
                raise ArchiveRefused(ArchiveFault.too_large)
            members.setdefault(member.name, member)
        yield tar, members
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ArchiveRefused(ArchiveFault.truncated) from error


def _content(
    tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], name: str, size: int | None = None
) -> BinaryIO:
    if name not in members:
        raise ArchiveRefused(ArchiveFault.missing, name)
    member = members[name]
    # A sparse member expands to any size; a link names another member.
    if not member.isreg() or member.issparse():
        raise ArchiveRefused(ArchiveFault.not_a_file, name)
    if size is not None and member.size != size:
        raise ArchiveRefused(ArchiveFault.changed, name)
    found = tar.extractfile(member)
    assert found is not None, "a regular file"
    return found  # type: ignore[return-value]  # a BufferedReader, which typeshed declares as IO[bytes]


class _BoundedReads(io.BufferedIOBase):
    """Refuses a single read of more than a piece: tarfile reads an extended header at once, of the size it states."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _PIECE:
            raise ArchiveRefused(ArchiveFault.too_large)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
