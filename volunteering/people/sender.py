"""Define how a one-time code reaches a telephone."""

from typing import Protocol


class CodeSender(Protocol):
    async def send(self, mobile: str, code: str) -> str:
        """Send the code; return what the page shows instead of it, "" where a message was sent."""
        ...


class ScreenSender:
    """For a drill: nothing is sent, and the page shows the code."""

    async def send(self, mobile: str, code: str) -> str:
        return code
