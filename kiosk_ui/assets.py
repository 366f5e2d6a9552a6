"""The files beside the pages: stylesheet, script, pictures. Read once; their addresses change with their content."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
STYLE = Path(__file__).parent / "style"
SHEET = "pages.css"
_SHEETS = (STYLE / "tokens.css", STATIC / SHEET, STYLE / "site.css", STYLE / "screens.css", STYLE / "receipt.css")
"""In this order one file for browsers: a page waits for one, not for several."""
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True, slots=True)
class Asset:
    """`version`: twelve hexadecimal digits of the content's SHA-256."""

    octets: bytes
    media_type: str
    version: str


class Assets:
    """Every file under static/ by its name, e.g. `art/lunch.svg`."""

    def __init__(self, prefix: str = "/static/", *, album: Callable[[str], str] = lambda project: "") -> None:
        """`album`: the address of the picture that staff gave a project, empty for none."""
        self._prefix = prefix
        self._album = album
        self.files = {
            path.relative_to(STATIC).as_posix(): _read(path)
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in _MEDIA
        }

    def url(self, name: str) -> str:
        """The file's address; `?v=` may be cached for ever. Raises KeyError for a file that is not there."""
        return f"{self._prefix}{name}?v={self.files[name].version}"

    def picture(self, project: str) -> str:
        """The address of a project's picture: what staff gave it, ours, or the blossom for any good cause."""
        name = f"art/{project}.svg"
        return self._album(project) or self.url(name if name in self.files else "art/blossom.svg")


def _read(path: Path) -> Asset:
    parts = _SHEETS if path.name == SHEET else (path,)
    octets = b"\n".join(part.read_bytes() for part in parts)
    return Asset(octets, _MEDIA[path.suffix], hashlib.sha256(octets).hexdigest()[:12])
