"""The projects' pictures on disk, each under the SHA-256 by which a signed catalogue names it."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from beacon_gateway.donations.ports import StoreUnavailable
from daemonkit.files import write_atomically
from sync_contract.catalogue import Picture

MOST_OCTETS = 64 * 1024 * 1024
"""Of all pictures together: a card has other things to keep. Those of the last projects are not fetched."""
_NAME = re.compile(r"[0-9a-f]{64}")


class Album:
    """What hangs is what the newest catalogue names and has been fetched. Port: sync.ports.PictureStore."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted: dict[str, Picture] = {}
        self._there: set[str] = set()

    def hang(self, pictures: Iterable[Picture]) -> None:
        """From now on these; files that no project wants any more are taken away. Raises StoreUnavailable."""
        left = MOST_OCTETS
        self._wanted = {}
        for picture in pictures:
            left -= picture.octets
            if left >= 0:
                self._wanted[picture.project] = picture
        sums = {picture.sha256 for picture in self._wanted.values()}
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            files = {file.name: file for file in self._folder.iterdir() if _NAME.fullmatch(file.name)}
            for name in files.keys() - sums:
                files[name].unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{self._folder}: {error.strerror}") from error
        sizes = {picture.sha256: picture.octets for picture in self._wanted.values()}
        self._there = {name for name in files.keys() & sums if files[name].stat().st_size == sizes[name]}

    def missing(self) -> tuple[Picture, ...]:
        found = {picture.sha256: picture for picture in self._wanted.values() if picture.sha256 not in self._there}
        return tuple(found.values())

    def keep(self, picture: Picture, octets: bytes) -> bool:
        """False when the octets are not the ones that were signed. Raises StoreUnavailable."""
        if len(octets) != picture.octets or hashlib.sha256(octets).hexdigest() != picture.sha256:
            return False
        try:
            write_atomically(self._folder / picture.sha256, octets)
        except OSError as error:
            raise StoreUnavailable(f"{self._folder}: {error.strerror}") from error
        self._there.add(picture.sha256)
        return True

    def of(self, project: str) -> str:
        """The sum of the project's picture; empty while there is none to show."""
        picture = self._wanted.get(project)
        return picture.sha256 if picture is not None and picture.sha256 in self._there else ""

    def find(self, sha256: str) -> tuple[Path, str] | None:
        """The file and its media type; None for what does not hang here, whatever else lies in the folder."""
        for picture in self._wanted.values():
            if picture.sha256 == sha256 and sha256 in self._there:
                return self._folder / sha256, picture.content_type
        return None
