"""Short radio timings for tests."""

from beacon_gateway.radio.timings import RadioTimings
from tests.radio.waiting import PATIENCE

FAST = RadioTimings(
    call_limit_s=max(0.3, 0.15 * PATIENCE),  # only a bus or bluetoothd that hangs exceeds it, even on a busy machine
    recovery_check_s=0.05,
    busy_pause_s=0.05,
    kernel_scan_s=0.5,
    first_pause_s=0.02,
    adapter_poll_s=0.1,
)
