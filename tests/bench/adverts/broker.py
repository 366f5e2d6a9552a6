"""An MQTT broker that accepts everything and forwards nothing (MQTT 3.1.1, 3.2 and 3.12)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_CONNECT, _PINGREQ = 1, 12
_CONNACK, _PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            kind = (await reader.readexactly(1))[0] >> 4
            length = shift = 0
            while True:
                byte = (await reader.readexactly(1))[0]
                length |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    break
            await reader.readexactly(length)
            if answer := {_CONNECT: _CONNACK, _PINGREQ: _PINGRESP}.get(kind):
                writer.write(answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@asynccontextmanager
async def broker() -> AsyncIterator[int]:
    """Run the broker and yield its port."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
