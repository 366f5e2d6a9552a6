"""The base of all views: a frozen value with what a page shows, built by a handler and rendered by `Pages`."""

from typing import ClassVar


class View:
    """`template`: the file in templates/ without its suffix."""

    __slots__ = ()
    template: ClassVar[str]
    usual_idle_s: ClassVar[int] = 0

    @property
    def idle_s(self) -> int:
        """Seconds without a touch after which a kiosk resets the session; 0: nothing to reset."""
        return self.usual_idle_s
