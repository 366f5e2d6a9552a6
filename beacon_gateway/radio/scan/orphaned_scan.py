"""The scan that a bluetoothd which died has left to the kernel: until it ends, no other begins. Pure.

The kernel goes on for 10.24 s from its beginning (docs/upstream.md); a power cycle of the adapter ends it at once.
"""

from beacon_gateway.radio.recovery import adapter_faults

CYCLES_APART_S = 5.0


class LeftScan:
    """Of one adapter. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._died_at = self._cycled_at = float("-inf")

    def died(self, at: float) -> None:
        """bluetoothd did, alone or with the bus."""
        self._died_at = max(self._died_at, at)

    def to_be_ended(self, now: float) -> bool:
        """Whether a start that is refused now is refused for it: power cycle then, which is noted.

        At once for each death, however soon after the last one; for the same death only now and then.
        """
        again = self._cycled_at >= self._died_at
        if now - self._died_at >= adapter_faults.KERNEL_SCAN_S or (again and now - self._cycled_at < CYCLES_APART_S):
            return False
        self._cycled_at = now
        return True
