"""The clock as it is put on every record: wall time together with what is needed to repair it."""

import time
from datetime import UTC, datetime

from daemonkit.clock import boot_id, clock_synchronised
from sync_contract.records import ClockReading


def read_clock() -> ClockReading:
    """Now, by this machine's clock, and whether the kernel calls it synchronised."""
    return ClockReading(
        wall=datetime.now(UTC), boot=boot_id(), monotonic_ns=time.monotonic_ns(), trusted=clock_synchronised()
    )
