"""Options of the scans of all adapters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from beacon_gateway.radio.ports import RadioHelper, ReportDuplicates
from beacon_gateway.radio.recovery.adapter_reset import NoHelper
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """`silence_s`: silence after which a scan is renewed. `patience_s`: RadioLost after so long without an adapter.

    A `passive` scan reports a beacon's first frame and then only large changes (BlueZ's monitor), and needs bluetoothd
    --experimental. It saves power but cannot show that a beacon is still present. If a test shows that an active scan
    receives more, or BlueZ has no monitor, the scan stays active and the status gives the reason. `observe_only`: never
    switch an adapter off or reset it, as another program uses it.
    """

    mode: Literal["active", "passive"] = "active"
    silence_s: float = 60.0
    patience_s: float = 60.0
    transmitters: Sequence[Transmitter] = ()
    helper: RadioHelper = field(default_factory=NoHelper)
    batteries: BatteryLevels = field(default_factory=BatteryLevels)
    report_duplicates: ReportDuplicates | None = None
    observe_only: bool = False
    timings: RadioTimings = DEFAULT_TIMINGS
