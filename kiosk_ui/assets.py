"""Load stylesheets, scripts and pictures once; their addresses contain a version of their content."""

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
"""Concatenated in this order: a resident's page loads one stylesheet, a page for staff on site two."""
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}

IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of an address that identifies its content."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """`version`: twelve hexadecimal digits of the content's SHA-256."""

    content: bytes
    media_type: str
    version: str

    def caching(self, version: str | None) -> str:
        """Return Cache-Control: for ever if the request's `?v=` is this version, else not at all."""
        return IMMUTABLE if version == self.version else "no-cache"


class Assets:
    """Every file under static/ by its name, e.g. `art/lunch.svg`."""

    def __init__(self, prefix: str = "/static/", *, album: Callable[[str], str] = lambda project: "") -> None:
        """`album`: returns the address of the picture that staff chose for a project, empty for none."""
        self.album = album
        self.files = {
            path.relative_to(STATIC).as_posix(): _read(path)
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in _MEDIA and path.name not in _SHEETS
        } | {name: _read(*parts) for name, parts in _SHEETS.items()}
        self._urls = {name: f"{prefix}{name}?v={asset.version}" for name, asset in self.files.items()}

    def url(self, name: str) -> str:
        """Return the file's address with its version. Raises KeyError for an unknown file."""
        return self._urls[name]

    def picture(self, project: str) -> str:
        """Return the address of a project's picture: chosen by staff, built in, or the blossom for any project."""
        return self.album(project) or self._urls.get(f"art/{project}.svg") or self._urls["art/blossom.svg"]


def strip_css(sheet: str) -> str:
    """Return a stylesheet without comments and indents."""
    lines = (line.strip() for line in _COMMENT.sub("", sheet).splitlines())
    return "\n".join(line for line in lines if line)


def _read(*parts: Path) -> Asset:
    content = b"\n".join(part.read_bytes() for part in parts)
    if parts[0].suffix == ".css":
        content = strip_css(content.decode()).encode()
    return Asset(content, _MEDIA[parts[0].suffix], hashlib.sha256(content).hexdigest()[:12])
