"""Asking the radio helper, which alone has CAP_NET_ADMIN: this process has no privilege."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from beacon_gateway.radio.helper.helper_protocol import (
    LINE_LIMIT,
    SAYING,
    Answer,
    Disturbed,
    Request,
    Reset,
    Unfilter,
    line,
)
from beacon_gateway.radio.port import HelpRefused, RadioLost

ANSWER_LIMIT_S = 20.0
"""The kernel takes up to 5 s for each of the steps of an answer."""
_ADAPTER = re.compile(r"hci([0-9]{1,3})")


class Helped:
    """One connection to the helper; what it put on the air stays there as long as the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._disturbed: list[Disturbed] = []

    async def ask(self, request: Request) -> Answer:
        """Raises HelpRefused, RadioLost when the helper is gone."""
        self._writer.write(line(request))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                while isinstance(said := await self._next(), Disturbed):
                    self._disturbed.append(said)
        except TimeoutError as error:
            raise RadioLost("the radio helper gives no answer") from error
        if not said.ok:
            raise HelpRefused(said.why)
        return said

    async def disturbed(self, adapter: int, limit_s: float) -> str | None:
        """What happened to the adapter since `calm`; None when nothing does within `limit_s`. Raises RadioLost."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    while self._disturbed:
                        if (known := self._disturbed.pop(0)).adapter == adapter:
                            return known.why
                    if isinstance(said := await self._next(), Disturbed):
                        self._disturbed.append(said)
        except TimeoutError:
            return None

    def calm(self) -> None:
        """What was told so far is known."""
        self._disturbed.clear()

    async def _next(self) -> Answer | Disturbed:
        try:
            said = await self._reader.readline()
        except OSError:
            said = b""
        if not said:
            raise RadioLost("the radio helper has ended, or serves another user")
        try:
            return SAYING.validate_json(said)
        except ValueError as error:
            raise RadioLost("the radio helper is of another version") from error


@asynccontextmanager
async def helped(path: Path) -> AsyncIterator[Helped]:
    """Raises RadioLost when no helper listens at `path`."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT * 8)
    except OSError as error:
        raise RadioLost(f"no radio helper at {path}: {error.strerror or type(error).__name__}") from error
    try:
        yield Helped(reader, writer)
    finally:
        writer.close()


class KernelHelper:
    """What the kernel does, through the radio helper: the one step of radio.port.RadioHelper, and Unfilter."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def reset(self, adapter: str) -> None:
        try:
            async with helped(self._path) as helper:
                await helper.ask(Reset(adapter=adapter_number(adapter)))
        except (RadioLost, ValueError) as error:
            raise HelpRefused(str(error)) from error

    @asynccontextmanager
    async def unfiltered(self, adapter: str) -> AsyncIterator[None]:
        """See radio.port.Unfilter. The kernel keeps the monitor as long as this connection to the helper."""
        async with AsyncExitStack() as connected:
            try:
                helper = await connected.enter_async_context(helped(self._path))
                await helper.ask(Unfilter(adapter=adapter_number(adapter)))
            except (RadioLost, ValueError) as error:
                raise HelpRefused(str(error)) from error
            yield


def adapter_number(adapter: str) -> int:
    """Raises ValueError."""
    match = _ADAPTER.fullmatch(adapter)
    if not match:
        raise ValueError(f"{adapter} is no adapter's name")
    return int(match[1])
