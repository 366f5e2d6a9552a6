"""HTTP by hand, for what no decent client would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

BEFORE_IT_IS_IDLE_S = 8
"""Shorter than a server keeps an idle connection, and long for a machine that does much else."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(url: str, *, local: str | None = None) -> AsyncIterator[Streams]:
    """A connection, open until the end of the block. `local`: the loopback address to come from."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, local_addr=(local, 0) if local else None)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes it in its next turn


async def answer(url: str, content: bytes, *, local: str | None = None) -> bytes:
    """All that comes back until the server closes; the request must ask for that."""
    async with connected(url, local=local) as (reader, writer):
        writer.write(content)
        return await closed_within(reader, BEFORE_IT_IS_IDLE_S)


async def closed_within(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """What came before the server closed the connection; fails when it does not."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read()
    except ConnectionError:
        return b""
    except TimeoutError:
        pytest.fail(f"still open after {seconds:g} s")
