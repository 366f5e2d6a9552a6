"""Write and read backup archives: a tar with a manifest first and the manifest's digest last.

The manifest lists every part with its size and SHA-256 digest.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from central_server.errors import CentralError
from sync_contract.strict_model import Environment, Record

FORMAT: Literal[1] = 1
_MANIFEST, _DIGEST = "manifest.json", "manifest.sha256"
_LARGEST_MANIFEST = 1024 * 1024
_PIECE = 1024 * 1024
_NAMES = r"^(database\.(sqlite|pgdump)|central\.toml|state/[a-z]+\.(key|secret))$"

DatabaseKind = Literal["sqlite", "postgresql"]
DATABASES: Mapping[DatabaseKind, str] = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
SETTINGS = "central.toml"


class ArchiveRefused(CentralError):
    """Not a backup of this program, damaged, or made by a newer program. The message says which."""


class Part(Record):
    """`octets`: how long it is."""

    name: Annotated[str, StringConstraints(pattern=_NAMES)]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Record):
    """`revision`: of the database schema. `environment`: None without settings."""

    format: Literal[1]
    program: str
    made_at: AwareDatetime
    database: DatabaseKind
    revision: str
    environment: Environment | None
    parts: tuple[Part, ...]

    def holds(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


def part(name: str, file: Path) -> Part:
    with file.open("rb") as content:
        return Part(name=name, size=file.stat().st_size, sha256=hashlib.file_digest(content, "sha256").hexdigest())


def write(target: BinaryIO, manifest: Manifest, sources: Mapping[str, Path]) -> None:
    """`sources`: files by the names of the manifest's parts. Raises OSError."""
    manifest_json = manifest.model_dump_json(indent=1).encode()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, _MANIFEST, io.BytesIO(manifest_json), len(manifest_json), manifest.made_at)
        for each in manifest.parts:
            with sources[each.name].open("rb") as content:
                _add(tar, each.name, content, each.size, manifest.made_at)
        digest = hashlib.sha256(manifest_json).hexdigest().encode()
        _add(tar, _DIGEST, io.BytesIO(digest), len(digest), manifest.made_at)


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(at.timestamp())
    tar.addfile(member, content)


def read_manifest(file: BinaryIO) -> Manifest:
    """Raises ArchiveRefused, OSError."""
    with _reading(file) as tar:
        manifest_json = _small(tar, _MANIFEST)
        if hashlib.sha256(manifest_json).hexdigest().encode() != _small(tar, _DIGEST):
            raise ArchiveRefused("damaged: its manifest is not the one that was written")
    try:
        found = json.loads(manifest_json)["format"]
        if found != FORMAT:
            raise ArchiveRefused(f"made by a newer program: format {found}, this one reads {FORMAT}")
        return Manifest.model_validate_json(manifest_json)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise ArchiveRefused("its manifest is not one of ours") from error


def unpack(file: BinaryIO, manifest: Manifest, folder: Path) -> None:
    """Write each part to `folder`, readable by the owner only. Raises ArchiveRefused, OSError."""
    if not manifest.holds(DATABASES[manifest.database]):
        raise ArchiveRefused(f"not a whole backup: there is no {DATABASES[manifest.database]} in it")
    with _reading(file) as tar:
        for each in manifest.parts:
            target = folder / each.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            digest, size = hashlib.sha256(), 0
            with _content(tar, each.name) as source, target.open("xb") as out:
                target.chmod(0o600)
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
            if (size, digest.hexdigest()) != (each.size, each.sha256):
                raise ArchiveRefused(f"damaged: {each.name} is not what was written")


class _reading:
    """Opens the tar in `file` from its beginning; converts errors of tarfile to ArchiveRefused."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __enter__(self) -> tarfile.TarFile:
        self._file.seek(0)
        try:
            return tarfile.open(fileobj=self._file, mode="r:")
        except (tarfile.TarError, EOFError) as error:
            raise ArchiveRefused("not a backup of this program, or cut off at its beginning") from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (tarfile.TarError, EOFError)):
            raise ArchiveRefused("damaged: it cannot be read to its end") from error


def _content(tar: tarfile.TarFile, name: str) -> BinaryIO:
    try:
        found = tar.extractfile(name)
    except KeyError as error:
        raise ArchiveRefused(f"not a whole backup of this program: there is no {name} in it") from error
    if found is None:
        raise ArchiveRefused(f"damaged: {name} is no file")
    return found  # type: ignore[return-value]  # a BufferedReader, which typeshed declares as IO[bytes]


def _small(tar: tarfile.TarFile, name: str) -> bytes:
    with _content(tar, name) as content:
        return content.read(_LARGEST_MANIFEST)
