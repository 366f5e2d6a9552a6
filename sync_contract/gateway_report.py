"""The status report that a gateway sends to the central server every minute."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from sync_contract.records import CONTRACT, ClockReading
from sync_contract.strict_model import Record
from sync_contract.uuid7 import Epoch
from sync_contract.wire_record import Count

EVERY_S = 60
"""How often a gateway reports; it also reports when its hearing status changes."""
RADIO_MISSES = ("transmitter_lost", "never_heard", "nothing_ever", "advert_lost", "advert_never_heard")
"""Words of `GatewayReport.radio` for a radio that receives but misses a transmitter: a known one fell silent, or was
not received since the start; nothing at all was received since the start; our own advert fell silent or was never
received. Staff see any other word unchanged."""
HALL_CHANGED = "hall_changed"
"""Word of `GatewayReport.radio` for a radio that misses nothing, in a hall that differs from its calibration."""
LOW_BATTERY = "low_battery"
"""Word of `GatewayReport.radio` for a radio that misses nothing, near a beacon or a tag that reports a low battery."""
NOTICED, CATALOGUE_OLDER = "noticed", "catalogue_older"
"""In the query of a report: since the last report the gateway refused a catalogue older than its own."""
REPORT_REPLAYED = "report_replayed"
"""`code` in the problem document, status 409, of a report that is not newer than the last one: its monotonic time must
be later in the same boot, and a boot that another one followed is over."""
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]

_NO_TROUBLE = frozenset(("on_air", "off", "starting", "simulated", "unknown"))


class Hearing(StrEnum):
    """Whether the radio works. Only a known transmitter tells an empty hall from a deaf radio."""

    proved = "proved"
    """A transmitter that is known to send is received."""
    not_proved = "not_proved"
    """There is no evidence either way."""
    deaf = "deaf"
    """Nothing is received, not even a known transmitter; or no radio works."""
    simulated = "simulated"
    """The radio is simulated on purpose."""


class GatewayReport(Record):
    """The body of POST /api/v1/reports. The sender is known from the signature only."""

    contract: Literal[1] = CONTRACT
    clock: ClockReading
    every_s: Annotated[int, Field(ge=10, le=3600)]
    """Seconds until the next report, at most."""
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]
    configuration: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """The SHA-256 of the settings in effect, to be compared with the acceptance sheet; empty: not known."""
    old_settings: bool = False
    """The settings file has faults, and previous settings are in use."""
    epoch: Epoch
    uptime_s: Annotated[int, Field(ge=0, lt=2**32)]
    hearing: Hearing
    radio: Word
    """The scanner's own word: hearing, listening, silent, starting, refused, off, no_adapter, no_bluetoothd,
    no_answer …; or RADIO_MISSES, LOW_BATTERY or HALL_CHANGED, which go before it."""
    advert: Word
    """on_air, off (not switched on), starting, simulated; else why it is not on the air: refused, no_adapter,
    no_advertising, no_answer, no_helper …"""
    waiting: Count
    refused: Count
    damaged: Count
    """Parcels in the outbox by state."""
    catalogue_version: Count

    @property
    def off_air(self) -> bool:
        """Return whether the gateway's own beacon should send and does not."""
        return self.advert not in _NO_TROUBLE


class ReportTaken(Record):
    """The answer to POST /api/v1/reports, status 200."""

    contract: Literal[1] = CONTRACT
    key_age_s: Count
    """How old the key is that signed the report, by the server's clock: a gateway's own may lie for years."""
