"""Parse advertising reports in HCI events: Core Specification 5.4, Vol 4 Part E 7.7.65.2 and 7.7.65.13 (extended)."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from sync_contract.rssi import UNAVAILABLE

_LE_META = 0x3E
_LEGACY = 0x02
_EXTENDED = 0x0D
_LEGACY_HEAD = Struct("<BB6sB")  # event type, address type, address, length; the RSSI follows the data
_EXTENDED_HEAD = Struct("<HB6sBBBbbHB6sB")
_INCOMPLETE = 0b110_0000
_COMPLETE = 0
_MANUFACTURER = 0xFF


@dataclass(frozen=True, slots=True)
class Report:
    """A received advert. `data`: its AD structures; `rssi`: dBm, None if not available."""

    data: bytes
    rssi: int | None


def read_reports(event: bytes) -> Iterator[Report]:
    """Yield the complete advertising reports of an HCI event; nothing for another event."""
    if len(event) < 4 or event[0] != _LE_META or event[1] != len(event) - 2:
        return
    body = memoryview(event)[4:]
    read = {_LEGACY: _legacy, _EXTENDED: _extended}.get(event[2])
    for _ in range(event[3] if read else 0):
        assert read is not None
        report, used = read(body)
        if used == 0:
            return
        if report:
            yield report
        body = body[used:]


def manufacturer_data(data: bytes) -> dict[int, bytes]:
    """Return manufacturer data by company identifier (Vol 3 Part C 11), up to the first truncated AD structure."""
    found: dict[int, bytes] = {}
    while data and 0 < data[0] < len(data):
        structure, data = data[1 : 1 + data[0]], data[1 + data[0] :]
        if len(structure) >= 3 and structure[0] == _MANUFACTURER:
            found[int.from_bytes(structure[1:3], "little")] = structure[3:]
    return found


def build_legacy_report(data: bytes, rssi: int) -> bytes:
    """Return an LE Meta event with one report of a non-connectable advert, from a fixed random address."""
    head = _LEGACY_HEAD.pack(0x03, 1, b"\0\0\0\0\0\xc0", len(data))
    body = bytes([_LEGACY, 1]) + head + data + rssi.to_bytes(1, "little", signed=True)
    return bytes([_LE_META, len(body)]) + body


def _legacy(body: memoryview) -> tuple[Report | None, int]:
    """Return a report and the bytes that it takes; 0 bytes if it is truncated."""
    if len(body) < _LEGACY_HEAD.size:
        return None, 0
    *_, length = _LEGACY_HEAD.unpack_from(body)
    end = _LEGACY_HEAD.size + length
    if len(body) <= end:
        return None, 0
    rssi = int.from_bytes(body[end : end + 1], "little", signed=True)
    return _report(body[_LEGACY_HEAD.size : end], rssi), end + 1


def _extended(body: memoryview) -> tuple[Report | None, int]:
    if len(body) < _EXTENDED_HEAD.size:
        return None, 0
    kind, _, _, _, _, _, _, rssi, *_, length = _EXTENDED_HEAD.unpack_from(body)
    end = _EXTENDED_HEAD.size + length
    if len(body) < end:
        return None, 0
    complete = kind & _INCOMPLETE == _COMPLETE
    return _report(body[_EXTENDED_HEAD.size : end], rssi) if complete else None, end


def _report(data: memoryview, rssi: int) -> Report:
    return Report(bytes(data), None if rssi == UNAVAILABLE else rssi)
