"""A kernel that takes no advertisement monitor any more, until the adapter is off once. Pure.

A monitor that comes just when the adapter is switched off is refused, and stays in the kernel's book of what is under
way: every later one is then "busy" (docs/upstream.md). bluetoothd gives its monitor up for that without trying again.
"""


class Jam:
    """Of one adapter."""

    def __init__(self) -> None:
        self._active = self._cycled = False

    def begin(self) -> None:
        """Another scan, with a monitor of its own."""
        self._active = False

    def taken(self) -> None:
        self._active, self._cycled = True, False

    def given_up(self) -> bool:
        """Whether the adapter is to be power cycled for it.

        Once: where the next monitor is not taken either, it is something else. And not for one that was active.
        """
        return not self._active and not self._cycled

    def cycled(self) -> None:
        self._cycled = True
