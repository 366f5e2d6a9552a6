"""How a gateway is: told to the central server every minute, signed like everything else it says."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from sync_contract.identity import Epoch
from sync_contract.records import CONTRACT, ClockReading, Count
from sync_contract.strict import Record

EVERY_S = 60
"""How often a gateway reports; it comes at once when what it hears changes."""
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Hearing(StrEnum):
    """Whether the radio hears. An empty hall and a deaf radio sound the same: only a known transmitter can tell."""

    proved = "proved"
    """A transmitter that is known to be on the air is heard."""
    not_proved = "not_proved"
    """Nothing tells."""
    deaf = "deaf"
    """A known transmitter fell silent, or no radio works."""
    simulated = "simulated"
    """There is no real radio, and none is meant to be."""


class GatewayReport(Record):
    """The body of POST /api/v1/reports. Who sent it is known from the signature alone."""

    contract: Literal[1] = CONTRACT
    clock: ClockReading
    every_s: Annotated[int, Field(ge=10, le=3600)]
    """The next report comes within so many seconds."""
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]
    epoch: Epoch
    uptime_s: Annotated[int, Field(ge=0, lt=2**32)]
    hearing: Hearing
    radio: Word
    """The scanner's own word: hearing, listening, silent, starting, refused, off, no_adapter, no_answer …"""
    advert: Word
    """on_air, off …"""
    waiting: Count
    refused: Count
    damaged: Count
    """Parcels in the outbox by state."""
    catalogue_version: Count


class ReportTaken(Record):
    """The answer to POST /api/v1/reports?takes=<kind>&…, status 200."""

    contract: Literal[1] = CONTRACT
    key_age_s: Count
    """How old the key is that signed the report, by the server's clock: a gateway's own may lie for years."""
    takes: Annotated[tuple[Word, ...], Field(max_length=16)] = ()
    """Of the kinds of parcels that were asked about, those that the server takes. Only for who asks with `takes`: an
    older gateway does not know the field, and an older server takes no notice of the question."""
