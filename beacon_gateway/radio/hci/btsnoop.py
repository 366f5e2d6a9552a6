"""Read and write btsnoop files, in which `btmon -w`, Android and hcidump record a controller's traffic.

Format: RFC 1761 (snoop) with Bluetooth's datalink numbers; BlueZ 5.82 src/shared/btsnoop.c for the monitor's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from beacon_gateway.errors import GatewayError

_HEADER = Struct(">8sII")
_RECORD = Struct(">IIIIq")
_MAGIC = b"btsnoop\0"
_EPOCH_US = 0x00DCDDB30F2F8000  # 1970-01-01 in microseconds since the year 0
_MONITOR_EVENT = 3
_H4_EVENT = 4
_EVENT_RECEIVED = 0b11  # flags of H1: bit 0 received, bit 1 command or event


class CaptureUnreadable(GatewayError):
    """The file is not a recording that can be replayed: report it and do not start."""


class Datalink(IntEnum):
    h1 = 1001
    h4 = 1002
    monitor = 2001


@dataclass(frozen=True, slots=True)
class Event:
    """An HCI event from a controller. `at`: seconds since 1970; `adapter`: such as hci0, or empty."""

    at: float
    adapter: str
    data: bytes


@dataclass(slots=True)
class Losses:
    """Skipped records. `truncated`: shorter than they declare; `other`: not an event."""

    truncated: int = 0
    other: int = 0


def read_events(content: bytes, losses: Losses) -> Iterator[Event]:
    """Yield the events of a file in its order. Raise CaptureUnreadable if it is no btsnoop file of a known kind."""
    if len(content) < _HEADER.size or not content.startswith(_MAGIC):
        raise CaptureUnreadable("not a btsnoop file")
    _, version, number = _HEADER.unpack_from(content)
    if version != 1:
        raise CaptureUnreadable(f"btsnoop version {version}, and only 1 is known")
    try:
        datalink = Datalink(number)
    except ValueError as error:
        known = ", ".join(str(int(link)) for link in Datalink)
        raise CaptureUnreadable(f"btsnoop datalink {number}, and only {known} are known") from error
    return _events(content, datalink, losses)


def _events(content: bytes, datalink: Datalink, losses: Losses) -> Iterator[Event]:
    position = _HEADER.size
    while position < len(content):
        if len(content) - position < _RECORD.size:
            losses.truncated += 1
            return
        original, included, flags, _drops, stamp = _RECORD.unpack_from(content, position)
        packet = content[position + _RECORD.size : position + _RECORD.size + included]
        position += _RECORD.size + included
        if len(packet) < included or included < original:
            losses.truncated += 1
            continue
        at = (stamp - _EPOCH_US) / 1e6
        match datalink:
            case Datalink.monitor if flags & 0xFFFF == _MONITOR_EVENT:
                yield Event(at, f"hci{flags >> 16}", packet)
            case Datalink.h4 if packet[:1] == bytes([_H4_EVENT]):
                yield Event(at, "", packet[1:])
            case Datalink.h1 if flags & _EVENT_RECEIVED == _EVENT_RECEIVED:
                yield Event(at, "", packet)
            case _:
                losses.other += 1


def write_events(events: Iterable[Event], datalink: Datalink) -> bytes:
    """Return a file that `read_events` and btmon read. Datalink.monitor needs adapters named hci0, hci1..."""
    parts = [_HEADER.pack(_MAGIC, 1, datalink)]
    for event in events:
        flags, packet = _EVENT_RECEIVED, event.data
        if datalink is Datalink.monitor:
            flags = int(event.adapter.removeprefix("hci")) << 16 | _MONITOR_EVENT
        elif datalink is Datalink.h4:
            packet = bytes([_H4_EVENT]) + packet
        stamp = round(event.at * 1e6) + _EPOCH_US
        parts += [_RECORD.pack(len(packet), len(packet), flags, 0, stamp), packet]
    return b"".join(parts)
