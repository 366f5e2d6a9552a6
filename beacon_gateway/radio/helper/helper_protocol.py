"""What the gateway and the radio helper say to each other: one JSON object a line, LINE_LIMIT octets at most.

Nothing but an iBeacon in Apple's layout, a reset and an end to the duplicate filter can be asked for, so whoever takes
over the gateway gains no more than that.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from sync_contract.rssi import Dbm
from sync_contract.strict_model import Record

LINE_LIMIT = 512
EXACT_HEAD: Final = bytes.fromhex("02 01 06 1a ff 4c 00 02 15")
"""Flags first, then Apple's company identifier and the iBeacon type (Proximity Beacon Specification R1)."""
EXACT_OCTETS = 30

Index = Annotated[int, Field(ge=0, le=0xFFFE)]
"""The number in an adapter's name."""
Advert = Annotated[str, StringConstraints(pattern=rf"^{EXACT_HEAD.hex()}[0-9a-f]{{42}}$")]
"""The 30 octets in hexadecimal digits: nothing else passes."""


class ListAdapters(Record):
    do: Literal["adapters"] = "adapters"


class PutOnAir(Record):
    """Instead of what this connection had on the air before. It goes off with the connection."""

    do: Literal["advertise"] = "advertise"
    adapter: Index
    data: Advert
    interval_ms: Annotated[int, Field(ge=20, le=10240)]
    power_dbm: Dbm | None = None


class Withdraw(Record):
    do: Literal["withdraw"] = "withdraw"


class Reset(Record):
    """Switch the adapter off and on in the kernel, whatever state bluetoothd is in."""

    do: Literal["reset"] = "reset"
    adapter: Index


class Unfilter(Record):
    """Have the kernel watch for iBeacons on the adapter: while it does, scans ask for no duplicate filter.

    It ends with the connection.
    """

    do: Literal["unfilter"] = "unfilter"
    adapter: Index


Request = ListAdapters | PutOnAir | Withdraw | Reset | Unfilter
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])


class AdapterLine(Record):
    index: Index
    powered: bool
    connectable: bool
    instances: int


class Answer(Record):
    """To one request. `why`: what was refused. `power_dbm`: what the controller chose."""

    say: Literal["answer"] = "answer"
    ok: bool
    why: str = ""
    power_dbm: int | None = None
    adapters: tuple[AdapterLine, ...] = ()


class Disturbed(Record):
    """Unasked: what is on the air by this connection is not to be relied on, or an adapter has changed."""

    say: Literal["disturbed"] = "disturbed"
    adapter: Index
    why: str


Saying = Answer | Disturbed
SAYING: TypeAdapter[Saying] = TypeAdapter(Annotated[Saying, Field(discriminator="say")])


def line(record: Record) -> bytes:
    return record.model_dump_json().encode() + b"\n"
