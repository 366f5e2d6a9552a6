"""The archive of a server's backup: its manifest and the names of its parts. See daemonkit.backup_archive."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AwareDatetime, StringConstraints, ValidationError

from daemonkit import backup_archive
from daemonkit.backup_archive import ArchiveFault, ArchiveRefused
from sync_contract.strict_model import Environment, Record

__all__ = ["DATABASES", "FORMAT", "SETTINGS", "ArchiveRefused", "DatabaseKind", "Manifest", "Part"]
FORMAT: Literal[1] = 1
_NAMES = r"^(database\.(sqlite|pgdump)|central\.toml|state/[a-z]+\.(key|secret))$"

DatabaseKind = Literal["sqlite", "postgresql"]
DATABASES: Mapping[DatabaseKind, str] = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
SETTINGS = "central.toml"


class Part(backup_archive.Part):
    name: Annotated[str, StringConstraints(pattern=_NAMES)]


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
    size, digest = backup_archive.measure(file)
    return Part(name=name, size=size, sha256=digest)


def write(target: BinaryIO, manifest: Manifest, sources: Mapping[str, Path]) -> None:
    """`sources`: files by the names of the manifest's parts. Raises OSError."""
    manifest_json = manifest.model_dump_json(indent=1).encode()
    backup_archive.write(target, manifest_json, manifest.parts, sources, manifest.made_at)


def read_manifest(file: BinaryIO) -> Manifest:
    """Raises ArchiveRefused, OSError."""
    manifest_json = backup_archive.read_manifest(file, FORMAT)
    try:
        return Manifest.model_validate_json(manifest_json)
    except ValidationError as error:
        raise ArchiveRefused(ArchiveFault.manifest_foreign) from error


def unpack(file: BinaryIO, manifest: Manifest, folder: Path) -> None:
    """Write each part to `folder`, readable by the owner only. Raises ArchiveRefused, OSError."""
    if not manifest.holds(database := DATABASES[manifest.database]):
        raise ArchiveRefused(ArchiveFault.missing, database)
    backup_archive.unpack(file, manifest.parts, folder)
