"""The files beside the pages: stylesheet, script, pictures. Read once; their addresses change with their content."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
STYLE = Path(__file__).parent / "style"
_SHEETS = {
    "pages.css": (STYLE / "tokens.css", STATIC / "pages.css", STYLE / "screens.css", STYLE / "receipt.css"),
    "site.css": (STYLE / "site.css",),
}
"""In this order one file for browsers: a resident's page waits for one, a page of staff on site for two."""
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """`version`: twelve hexadecimal digits of the content's SHA-256."""

    octets: bytes
    media_type: str
    version: str

    def caching(self, asked: str | None) -> str:
        """Cache-Control: for ever under the address that names its content (`?v=asked`), not at all under another."""
        return "public, max-age=31536000, immutable" if asked == self.version else "no-cache"


class Assets:
    """Every file under static/ by its name, e.g. `art/lunch.svg`."""

    def __init__(self, prefix: str = "/static/", *, album: Callable[[str], str] = lambda project: "") -> None:
        """`album`: the address of the picture that staff gave a project, empty for none."""
        self.album = album
        self.files = {
            path.relative_to(STATIC).as_posix(): _read(path)
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in _MEDIA and path.name not in _SHEETS
        } | {name: _read(*parts) for name, parts in _SHEETS.items()}
        self._urls = {name: f"{prefix}{name}?v={asset.version}" for name, asset in self.files.items()}

    def url(self, name: str) -> str:
        """The file's address; `?v=` may be cached for ever. Raises KeyError for a file that is not there."""
        return self._urls[name]

    def picture(self, project: str) -> str:
        """The address of a project's picture: what staff gave it, ours, or the blossom for any good cause."""
        return self.album(project) or self._urls.get(f"art/{project}.svg") or self._urls["art/blossom.svg"]


def plain(sheet: str) -> str:
    """A stylesheet without its comments and indents: browsers need neither."""
    lines = (line.strip() for line in _COMMENT.sub("", sheet).splitlines())
    return "\n".join(line for line in lines if line)


def _read(*parts: Path) -> Asset:
    octets = b"\n".join(part.read_bytes() for part in parts)
    if parts[0].suffix == ".css":
        octets = plain(octets.decode()).encode()
    return Asset(octets, _MEDIA[parts[0].suffix], hashlib.sha256(octets).hexdigest()[:12])
