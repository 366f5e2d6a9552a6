"""Messages between the gateway and the radio helper: one JSON object a line, of at most LINE_LIMIT bytes.

The helper only sends iBeacons in Apple's layout, resets adapters and disables the duplicate filter. An attacker who
controls the gateway can therefore request no more than that.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from sync_contract.rssi import Dbm
from sync_contract.strict_model import Record

LINE_LIMIT = 512
EXACT_HEAD: Final = bytes.fromhex("02 01 06 1a ff 4c 00 02 15")
"""Flags first, then Apple's company identifier and the iBeacon type (Proximity Beacon Specification R1)."""
EXACT_BYTES = 30

Index = Annotated[int, Field(ge=0, le=0xFFFE)]
"""The number in an adapter's name."""
Advert = Annotated[str, StringConstraints(pattern=rf"^{EXACT_HEAD.hex()}[0-9a-f]{{42}}$")]
"""The 30 bytes in hexadecimal digits."""


class ListAdapters(Record):
    do: Literal["adapters"] = "adapters"


class PutOnAir(Record):
    """Replace the advert of this connection. It goes off the air with the connection."""

    do: Literal["advertise"] = "advertise"
    adapter: Index
    data: Advert
    interval_ms: Annotated[int, Field(ge=20, le=10240)]
    power_dbm: Dbm | None = None


class Reset(Record):
    """Switch the adapter off and on in the kernel, whatever state bluetoothd is in."""

    do: Literal["reset"] = "reset"
    adapter: Index


class DisableFilter(Record):
    """Add a kernel monitor for iBeacons until the connection ends; meanwhile scans use no duplicate filter."""

    do: Literal["unfilter"] = "unfilter"
    adapter: Index


Request = ListAdapters | PutOnAir | Reset | DisableFilter
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])


class AdapterLine(Record):
    """An adapter, and the number of adverts that it holds."""

    index: Index
    powered: bool
    connectable: bool
    instances: int


class Answer(Record):
    """Answer to one request. `why`: reason of a refusal. `power_dbm`: chosen by the controller."""

    kind: Literal["answer"] = "answer"
    ok: bool
    why: str = ""
    power_dbm: int | None = None
    adapters: tuple[AdapterLine, ...] = ()


class Disturbed(Record):
    """Sent without a request: the advert of this connection may be off the air, or an adapter has changed."""

    kind: Literal["disturbed"] = "disturbed"
    adapter: Index
    why: str


Message = Answer | Disturbed
MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def encode_line(record: Record) -> bytes:
    return record.model_dump_json().encode() + b"\n"
