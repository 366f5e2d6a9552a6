"""The projects' pictures on disk, each under the SHA-256 by which the signed catalogue names it."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from beacon_gateway.donations.ports import StoreUnavailable
from daemonkit.files import write_atomically
from sync_contract.catalogue import Picture

MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""Of all pictures together; those of the last projects beyond it are not fetched."""
_NAME = re.compile(r"[0-9a-f]{64}")


class ProjectPictures:
    """Serves the pictures that the newest catalogue names and that were fetched. Port: sync.ports.PictureStore."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted: dict[str, Picture] = {}
        self._stored: set[str] = set()

    def use(self, pictures: Iterable[Picture]) -> None:
        """Serve these from now on; delete the files of no project. Raises StoreUnavailable."""
        left = MAX_TOTAL_BYTES
        self._wanted = {}
        for picture in pictures:
            left -= picture.size_bytes
            if left >= 0:
                self._wanted[picture.project] = picture
        sizes = {picture.sha256: picture.size_bytes for picture in self._wanted.values()}
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            files = {file.name: file for file in self._folder.iterdir() if _NAME.fullmatch(file.name)}
            for name in files.keys() - sizes.keys():
                files[name].unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{self._folder}: {error.strerror}") from error
        self._stored = {name for name in files.keys() & sizes.keys() if files[name].stat().st_size == sizes[name]}

    def missing(self) -> tuple[Picture, ...]:
        found = {picture.sha256: picture for picture in self._wanted.values() if picture.sha256 not in self._stored}
        return tuple(found.values())

    def store(self, picture: Picture, content: bytes) -> bool:
        """Store the content; False if it is not the signed one. Raises StoreUnavailable."""
        if len(content) != picture.size_bytes or hashlib.sha256(content).hexdigest() != picture.sha256:
            return False
        try:
            write_atomically(self._folder / picture.sha256, content)
        except OSError as error:
            raise StoreUnavailable(f"{self._folder}: {error.strerror}") from error
        self._stored.add(picture.sha256)
        return True

    def of_project(self, project: str) -> Picture | None:
        """Return the project's picture; None while there is none to show."""
        picture = self._wanted.get(project)
        return picture if picture is not None and picture.sha256 in self._stored else None

    def find(self, sha256: str) -> tuple[Path, str] | None:
        """Return the file and its media type; None for a picture that is not served."""
        for picture in self._wanted.values():
            if picture.sha256 == sha256 and sha256 in self._stored:
                return self._folder / sha256, picture.content_type
        return None
