"""Ask the installer questions on the terminal while the radio receives."""

import asyncio
import os
import sys
import threading
import time
from typing import Protocol

from beacon_gateway.commands.terminal_wrap import print_folded


class Dialogue(Protocol):
    """The installer, and the time in which tags are held still."""

    def show(self, text: str) -> None: ...

    async def ask(self, question: str) -> str | None:
        """Return the answer; None if there is nobody to answer."""

    def now(self) -> float:
        """Return monotonic seconds, as in sightings."""

    async def pause(self, seconds: float) -> None: ...


class TerminalDialogue:
    """Standard input is read on a thread that does not keep the program from ending."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reading = False

    def show(self, text: str) -> None:
        print_folded(text, flush=True)

    async def ask(self, question: str) -> str | None:
        if not self._reading:
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._read, args=(loop,), daemon=True, name="stdin").start()
            self._reading = True
        sys.stdout.write(f"{question} ")
        sys.stdout.flush()
        return await self._lines.get()

    def now(self) -> float:
        return time.monotonic()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read with os.read: a thread inside sys.stdin would block the end of the program."""
        rest = b""
        while part := os.read(0, 4096):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(self._lines.put_nowait, line.decode("utf-8", "replace").strip())
        loop.call_soon_threadsafe(self._lines.put_nowait, None)
