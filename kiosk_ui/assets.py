"""Load and compress stylesheets, scripts and pictures once; their addresses contain a version of their content."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sync_contract.catalogue import Focus
from sync_contract.project import Drawing

STATIC = Path(__file__).parent / "static"
STYLE = Path(__file__).parent / "style"
_SHEETS = {
    "pages.css": tuple(
        STYLE / f"{name}.css" for name in ("tokens", "components", "pages", "screens", "phone", "receipt")
    ),
    "print.css": (STYLE / "print.css",),
    "site.css": (STYLE / "site.css",),
    "community.css": (STYLE / "community.css",),
}
"""Concatenated in this order. A page loads `pages.css`, staff on site also `site.css`, pages of volunteers also
`community.css`; `print.css` is for paper.
"""
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}

IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of an address that identifies its content."""
_SPACES = re.compile(r"\s*([{};,>])\s*")
_SIBLING = re.compile(r" ([+~]) (?=[.*])")
_NOUGHT = re.compile(r"(?<=[:, (])0\.(?=[0-9])")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """`packed`: as gzip, None where that is not smaller. `version`: 12 hexadecimal digits of the content's SHA-256."""

    content: bytes
    packed: bytes | None
    media_type: str
    version: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        packed = gzip.compress(content, 9, mtime=0)
        smaller = packed if len(packed) < len(content) else None
        return cls(content, smaller, media_type, hashlib.sha256(content).hexdigest()[:12])

    def reply(self, version: str | None, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
        """Return the body and its headers, for the request's `?v=` and Accept-Encoding.

        The file is cached for ever under the address with its version, otherwise not at all. Only files of the program
        are compressed: a compressed page would reveal its form tokens by its length.
        """
        headers = {
            "Content-Type": self.media_type + ("; charset=utf-8" if self.media_type.startswith("text/") else ""),
            "Cache-Control": IMMUTABLE if version == self.version else "no-cache",
        }
        if self.packed is None:
            return self.content, headers
        headers["Vary"] = "Accept-Encoding"
        if not _accepts_gzip(accept_encoding):
            return self.content, headers
        return self.packed, headers | {"Content-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Photograph:
    """A project's picture that staff gave: its address, and its part that is never cropped."""

    address: str
    focus: Focus


class Assets:
    """Every file under static/ by its name, e.g. `art/lunch.svg`."""

    def __init__(self, prefix: str = "/static/") -> None:
        self.files = _read_all()
        self._urls = {name: f"{prefix}{name}?v={asset.version}" for name, asset in self.files.items()}

    def url(self, name: str) -> str:
        """Return the file's address with its version. Raises KeyError for an unknown file."""
        return self._urls[name]


def drawing_file(drawing: Drawing) -> str:
    """Return the file under static/."""
    return f"art/{drawing}.svg"


def strip_css(sheet: str) -> str:
    """Return a stylesheet without comments, needless spaces and noughts. No string in it has brackets, ">" or ": "."""
    dense = _SPACES.sub(r"\1", _COMMENT.sub("", sheet)).replace(": ", ":").replace(";}", "}").strip()
    dense = dense.replace(" !important", "!important").replace("@media (", "@media(").replace(" / ", "/")
    return _NOUGHT.sub(".", _SIBLING.sub(r"\1", dense))


def _accepts_gzip(accept_encoding: str) -> bool:
    """Weights are RFC 9110, section 12.5.3: `q=0` refuses a coding."""
    for item in accept_encoding.lower().split(","):
        coding, _, weight = item.partition(";")
        if coding.strip() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


@cache
def _read_all() -> Mapping[str, Asset]:
    """Read and compress the files once per process."""
    files = {
        path.relative_to(STATIC).as_posix(): _read(path)
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _MEDIA and path.name not in _SHEETS
    }
    return MappingProxyType(files | {name: _read(*parts) for name, parts in _SHEETS.items()})


def _read(*parts: Path) -> Asset:
    content = b"\n".join(part.read_bytes() for part in parts)
    if parts[0].suffix == ".css":
        content = strip_css(content.decode()).encode()
    return Asset.of(content, _MEDIA[parts[0].suffix])
