"""Send requests to the radio helper, which alone has CAP_NET_ADMIN."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from beacon_gateway.radio.helper.helper_protocol import (
    LINE_LIMIT,
    MESSAGE,
    Answer,
    DisableFilter,
    Disturbed,
    Request,
    Reset,
    encode_line,
)
from beacon_gateway.radio.ports import HelperRefused, RadioLost

ANSWER_LIMIT_S = 20.0
"""The kernel takes up to 5 s for each step of a request."""
_ADAPTER = re.compile(r"hci([0-9]{1,3})")


class HelperConnection:
    """One connection to the helper. What it put on the air stays there as long as the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._disturbances: list[Disturbed] = []

    async def request(self, request: Request) -> Answer:
        """Return the answer. Raise HelperRefused, or RadioLost if the helper has ended."""
        self._writer.write(encode_line(request))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                while isinstance(message := await self._receive(), Disturbed):
                    self._disturbances.append(message)
        except TimeoutError as error:
            raise RadioLost("the radio helper gives no answer") from error
        if not message.ok:
            raise HelperRefused(message.why)
        return message

    async def wait_for_disturbance(self, adapter: int, limit_s: float) -> str | None:
        """Return the next disturbance of the adapter, or None after `limit_s`. Raise RadioLost."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    while self._disturbances:
                        if (disturbance := self._disturbances.pop(0)).adapter == adapter:
                            return disturbance.why
                    if isinstance(message := await self._receive(), Disturbed):
                        self._disturbances.append(message)
        except TimeoutError:
            return None

    def discard_disturbances(self) -> None:
        """Ignore the disturbances received so far."""
        self._disturbances.clear()

    async def _receive(self) -> Answer | Disturbed:
        try:
            line = await self._reader.readline()
        except OSError:
            line = b""
        if not line:
            raise RadioLost("the radio helper has ended, or serves another user")
        try:
            return MESSAGE.validate_json(line)
        except ValueError as error:
            raise RadioLost("the radio helper is of another version") from error


@asynccontextmanager
async def connect_helper(path: Path) -> AsyncIterator[HelperConnection]:
    """Connect for the block. Raise RadioLost if no helper listens at `path`."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT * 8)
    except OSError as error:
        raise RadioLost(f"no radio helper at {path}: {error.strerror or type(error).__name__}") from error
    try:
        yield HelperConnection(reader, writer)
    finally:
        writer.close()


class KernelHelper:
    """Have the kernel reset adapters and disable duplicate filters, through the radio helper."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def reset(self, adapter: str) -> None:
        """See radio.ports.RadioHelper."""
        try:
            async with connect_helper(self._path) as helper:
                await helper.request(Reset(adapter=adapter_number(adapter)))
        except (RadioLost, ValueError) as error:
            raise HelperRefused(str(error)) from error

    @asynccontextmanager
    async def report_duplicates(self, adapter: str) -> AsyncIterator[None]:
        """See radio.ports.ReportDuplicates. The kernel reports them as long as this connection to the helper lasts."""
        async with AsyncExitStack() as connections:
            try:
                helper = await connections.enter_async_context(connect_helper(self._path))
                await helper.request(DisableFilter(adapter=adapter_number(adapter)))
            except (RadioLost, ValueError) as error:
                raise HelperRefused(str(error)) from error
            yield


def adapter_number(adapter: str) -> int:
    """Return 0 for hci0. Raise ValueError for another name."""
    match = _ADAPTER.fullmatch(adapter)
    if not match:
        raise ValueError(f"{adapter} is no adapter's name")
    return int(match[1])
