"""The files beside the pages: stylesheet, script, pictures. Read once; their addresses change with their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True, slots=True)
class Asset:
    """`version`: twelve hexadecimal digits of the content's SHA-256."""

    octets: bytes
    media_type: str
    version: str


class Assets:
    """Every file under static/ by its name, e.g. `art/lunch.svg`."""

    def __init__(self, prefix: str = "/static/") -> None:
        self._prefix = prefix
        self.files = {
            path.relative_to(STATIC).as_posix(): _read(path)
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in _MEDIA
        }

    def url(self, name: str) -> str:
        """The file's address; `?v=` may be cached for ever. Raises KeyError for a file that is not there."""
        return f"{self._prefix}{name}?v={self.files[name].version}"

    def picture(self, project: str) -> str:
        """The address of a project's picture: its own, or the blossom that stands for any good cause."""
        name = f"art/{project}.svg"
        return self.url(name if name in self.files else "art/blossom.svg")


def _read(path: Path) -> Asset:
    octets = path.read_bytes()
    return Asset(octets, _MEDIA[path.suffix], hashlib.sha256(octets).hexdigest()[:12])
