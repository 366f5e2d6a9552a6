"""Find intact rows in a damaged SQLite file without SQLite: by the shape of a record, and by the row's checksum.

Neither page headers nor the schema are needed. A row that was deleted is found too while its bytes are not overwritten.
File format: https://www.sqlite.org/fileformat.html, sections 1.6 (overflow pages), 2.1 (records), 4.1 (WAL).
"""

import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from beacon_gateway.store.tables import SCHEMA, Cell, checksum, schema_of

Found = tuple[str, tuple[Cell, ...]]
"""A table's name and the cells of an intact row."""
PAGE = 4096
_MAX_LOCAL = PAGE - 35, (PAGE - 12) * 64 // 255 - 23
"""Of a table with a rowid, and of one without."""
_MIN_LOCAL = (PAGE - 12) * 32 // 255 - 23
_NUMBER_BYTES = (0, 1, 2, 3, 4, 6, 8, 8)
_SERIAL = {"INTEGER": rb"[\x00-\x06\x08\x09]", "TEXT": rb"[\x81-\xff]{0,3}[\x00-\x7f]"}
_SUM = rb"\x2c"  # the serial type of a BLOB of 16 bytes
_MAX_ADDED = 16
"""Bytes in a record's header for columns of later releases, which stand after `sum`."""
_WAL_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class Frame:
    """A page in the WAL; `commit`: it ends a transaction."""

    number: int
    commit: bool
    page: bytes


def find_rows(path: Path, only: Sequence[Frame] | None = None) -> Iterator[Found]:
    """Return table and cells of each intact row of the file and its WAL, the newest version of a page first.

    `only`: search these frames of the WAL instead of everything.
    """
    frames = read_wal(path)
    newest = {frame.number: frame.page for frame in frames}
    with closing(_PageFile(path)) as file:

        def fetch(number: int) -> bytes:
            return newest.get(number) or file.read(number)

        for frame in reversed(frames if only is None else only):
            yield from rows_in(frame.page, fetch)
        for number in range(1, file.pages + 1) if only is None else ():
            yield from rows_in(file.read(number), fetch)


def rows_in(page: bytes, fetch: Callable[[int], bytes]) -> Iterator[Found]:
    """Return the intact rows that begin in the page. `fetch` returns a page by its number, b"" if it has none."""
    columns, integer_keys = schema_of(len(SCHEMA)).columns, schema_of(len(SCHEMA)).integer_keys
    for table, pattern in _patterns().items():
        after = 0
        while found := pattern.search(page, after):
            after = found.start() + 1  # the next one may begin inside this one
            header = page[found.start() : found.start() + found[0][0]]
            if len(header) >= len(found[0]):
                cells = _read_record(page, found.start(), header, fetch, integer_key=table in integer_keys)
                if cells is not None and checksum(table, cells[: (sum_ := len(columns[table]))]) == cells[sum_]:
                    yield table, cells[:sum_]


def read_wal(path: Path) -> list[Frame]:
    """Return the frames of the WAL's current generation, also those that SQLite ignores after a damaged one."""
    try:
        content = path.with_name(f"{path.name}-wal").read_bytes()
    except OSError:
        return []
    size = _FRAME_HEADER + PAGE
    starts = range(_WAL_HEADER, len(content) - size + 1, size)
    if not starts:
        return []
    # A damaged header says nothing; then the first frame tells the generation.
    salts = (
        content[16:24] if _wal_header_is_sound(content[:_WAL_HEADER]) else content[_WAL_HEADER + 8 : _WAL_HEADER + 16]
    )
    frames = []
    for at in starts:
        number, commit = struct.unpack_from(">II", content, at)
        if content[at + 8 : at + 16] == salts:
            frames.append(Frame(number, commit > 0, content[at + _FRAME_HEADER : at + size]))
    return frames


def _wal_header_is_sound(header: bytes) -> bool:
    first = second = 0
    order = ">" if header[3] & 1 else "<"
    for left, right in struct.iter_unpack(f"{order}II", header[:24]):
        first = (first + left + second) & 0xFFFFFFFF
        second = (second + right + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack(">II", header[24:])


@cache
def _patterns() -> Mapping[str, re.Pattern[bytes]]:
    """Return, by table, a pattern of the record header: its length, then a serial type for each column up to `sum`.

    A serial type has one byte, or two or three for a long text: at most six more than columns in all.
    """
    patterns, schema = {}, schema_of(len(SCHEMA))
    for table, columns in schema.columns.items():
        serials = b"".join(_SERIAL.get(kind, _SERIAL["TEXT"]) for kind in columns.values())
        if table in schema.integer_keys:
            serials = b"\\x00" + serials.removeprefix(_SERIAL["INTEGER"])  # the rowid is before the record
        shortest, longest = len(columns) + 2, len(columns) + 8 + _MAX_ADDED
        length = b"[" + re.escape(bytes([shortest])) + b"-" + re.escape(bytes([longest])) + b"]"
        patterns[table] = re.compile(length + serials + _SUM, re.DOTALL)
    return patterns


def _read_record(
    page: bytes, start: int, header: bytes, fetch: Callable[[int], bytes], *, integer_key: bool
) -> tuple[Cell, ...] | None:
    serials = list(_varints(header[1:]))
    if any(10 <= serial < 12 for serial in serials):
        return None
    sizes = [_NUMBER_BYTES[serial] if serial < 8 else max(0, (serial - 12) // 2) for serial in serials]
    max_local = _MAX_LOCAL[0 if integer_key else 1]
    payload = _read_payload(page[start:], len(header) + sum(sizes), max_local, fetch)
    if payload is None:
        return None
    cells: list[Cell] = []
    at = len(header)
    for serial, size in zip(serials, sizes, strict=True):
        content = payload[at : at + size]
        at += size
        match serial:
            case 0:
                cells.append(None)
            case 8 | 9:
                cells.append(serial - 8)
            case _:
                cells.append(content if serial >= 12 else int.from_bytes(content, "big", signed=True))
    if integer_key:
        cells[0] = _read_rowid(page[:start])
    return tuple(cells)


def _read_rowid(before: bytes) -> int:
    """Return the integer at the end of `before`; the length of the record, before it, also ends with a byte < 0x80."""
    at = len(before) - 1
    while at > 0 and before[at - 1] >= 0x80:
        at -= 1
    return next(_varints(before[at:]), 0)


def _varints(content: bytes) -> Iterator[int]:
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            yield value
            value = 0


def _read_payload(local: bytes, size: int, max_local: int, fetch: Callable[[int], bytes]) -> bytes | None:
    """Return a record of `size` bytes that begins with `local` and may continue on overflow pages."""
    if size <= max_local:
        return local[:size] if len(local) >= size else None
    fits = _MIN_LOCAL + (size - _MIN_LOCAL) % (PAGE - 4)
    fits = fits if fits <= max_local else _MIN_LOCAL
    parts, left, following = [local[:fits]], size - fits, local[fits : fits + 4]
    while left > 0:
        page = fetch(int.from_bytes(following, "big"))
        if len(page) != PAGE:
            return None
        parts.append(page[4 : 4 + left])
        left -= PAGE - 4
        following = page[:4]
    return b"".join(parts)


class _PageFile:
    """The pages of a file; a page that the disk cannot read is empty."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.pages = -(-os.fstat(self._descriptor).st_size // PAGE)
        except OSError:
            self._descriptor, self.pages = -1, 0

    def read(self, number: int) -> bytes:
        try:
            return os.pread(self._descriptor, PAGE, (number - 1) * PAGE) if 1 <= number <= self.pages else b""
        except OSError:
            return b""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
