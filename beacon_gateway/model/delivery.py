"""The result of delivering the outbox on request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class DeliveryEnd(StrEnum):
    """Why the delivery ended."""

    complete = "complete"
    """Nothing waits any more."""
    unreachable = "unreachable"
    not_accepted = "not_accepted"
    """The server does not accept this gateway."""
    no_server = "no_server"
    no_store = "no_store"
    """The device's own store refuses."""
    unfinished = "unfinished"
    """The time limit of the request passed; the delivery goes on."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Numbers of parcels. `requeued`: refused ones that were put back before. `reason`: a word, or an error's text."""

    end: DeliveryEnd
    delivered: int = 0
    refused: int = 0
    waiting: int = 0
    requeued: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefusedSelection:
    """The refused parcels to send again: `ids` (32 hexadecimal digits each), or all."""

    ids: tuple[str, ...] = ()
    all: bool = False


Deliver = Callable[[RefusedSelection], Awaitable[DeliveryResult]]
