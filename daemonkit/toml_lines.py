"""Find the line of each key of a TOML document; tomllib returns values only.

The scanner follows TOML 1.0. It checks little: tomllib decides whether a text is TOML.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*")
_SHORT_ESCAPE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr"\\]))')


class NotToml(ValueError):
    """The scanner does not understand the text any further."""


def iterate_lines(text: str) -> Iterator[tuple[Path, int]]:
    """Yield each table header, key and array element with its line, in the order of the text. Raises NotToml."""
    return _Scanner(text).document()


def find_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each table, key and array element; array indices count from 0. Raises NotToml."""
    lines = dict(iterate_lines(text))
    for path, line in list(lines.items()):  # tables without a header of their own
        for depth in range(1, len(path)):
            lines.setdefault(path[:depth], line)
    return lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._last_index: dict[Path, int] = {}

    def document(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            line = self._line()
            if self._text.startswith("[", self._at):
                table = self._header()
                yield table, line
            else:
                yield from self._pair(table)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        *parents, name = self._key()
        self._at += 2 if is_array else 1
        path: Path = ()
        for part in parents:
            path = self._newest((*path, part))
        path = (*path, name)
        if not is_array:
            return self._newest(path)
        self._last_index[path] = self._last_index.get(path, -1) + 1
        return (*path, self._last_index[path])

    def _newest(self, path: Path) -> Path:
        """Return the path of the newest table of an array of tables."""
        return (*path, self._last_index[path]) if path in self._last_index else path

    def _pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line = self._line()
        path = (*table, *self._key())
        self._at += 1  # the equals sign
        yield path, line
        yield from self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            if self._next() in "\"'":
                parts.append(_unquoted(self._take(STRING)))
            else:
                parts.append(self._take(_BARE))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip(_SPACE)
        opener = self._next()
        if opener == "[":
            yield from self._array(path)
        elif opener == "{":
            yield from self._inline_table(path)
        elif opener in "\"'":
            self._take(STRING)
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._at += 1
        index = 0
        while not self._closed("]"):
            yield (*path, index), self._line()
            yield from self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._at += 1
        while not self._closed("}"):
            yield from self._pair(path)

    def _closed(self, closer: str) -> bool:
        """Skip blanks and commas; skip the closer and return True when it follows."""
        while self._skip(_BLANK) < len(self._text) and self._next() == ",":
            self._at += 1
        if self._next() != closer:
            return False
        self._at += 1
        return True

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._take(pattern)
        return self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise NotToml(self._line())
        self._at = match.end()
        return match[0]

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise NotToml(self._line())
        return self._text[self._at]

    def _line(self) -> int:
        return bisect_right(self._line_starts, self._at)


def _unquoted(quoted: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    return _ESCAPE.sub(
        lambda found: _SHORT_ESCAPE.get(found[3], "") or chr(int(found[1] or found[2], 16)), quoted[1:-1]
    )
