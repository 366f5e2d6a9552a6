"""Read the clock for a record: wall time, and the values that can correct it later."""

import time
from datetime import UTC, datetime

from daemonkit.clock import boot_id, clock_synchronised
from sync_contract.records import ClockReading


def read_clock() -> ClockReading:
    """Return the current reading; `trusted`: the kernel considers its clock synchronised."""
    return ClockReading(
        wall=datetime.now(UTC), boot=boot_id(), monotonic_ns=time.monotonic_ns(), trusted=clock_synchronised()
    )
