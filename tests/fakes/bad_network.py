"""A TCP proxy that simulates network faults.

Latency, cuts and silence are applied to the data that pass; answers of others, such as a portal, come from the proxy.
"""

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

_READ = 64 * 1024
_MIB = 1024 * 1024
LATENCY_S = 1.0


def _answer(status: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    sent = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def _gzip_bomb() -> bytes:
    return _answer("200 OK", {**_JSON, "Content-Encoding": "gzip"}, gzip.compress(b" " * (200 * _MIB), 9))


_PAGE = b"<html><title>Wi-Fi</title>Please log in</html>"
_HTML, _JSON = {"Content-Type": "text/html"}, {"Content-Type": "application/json"}
ANSWERS: Mapping[str, Callable[[], bytes]] = {
    "portal 200": partial(_answer, "200 OK", _HTML, _PAGE),
    "portal 302": partial(_answer, "302 Found", {"Location": "http://127.0.0.1:1/login"}),
    "portal 511": partial(_answer, "511 Network Authentication Required", _HTML, _PAGE),
    "retry after 1 s": partial(_answer, "503 Service Unavailable", {"Retry-After": "1"}),
    "retry after the year 2099": partial(
        _answer, "503 Service Unavailable", {"Retry-After": "Thu, 01 Jan 2099 00:00:00 GMT"}
    ),
    "retry after 10^12 s": partial(_answer, "503 Service Unavailable", {"Retry-After": str(10**12)}),
    "gzip bomb": _gzip_bomb,
    "200 MiB": partial(_answer, "200 OK", {**_JSON, "Content-Length": str(200 * _MIB)}),
}
"""Answers of others to any request."""
PASSING = (
    "latency",
    "reset in the midst",
    "half open",
    "answer lost",
    "error after the effect",
    "truncated",
    "corrupt",
)
"""Faults applied to data that pass."""
FAULTS = (*PASSING, *ANSWERS)


@dataclass
class BadNetwork:
    """`fault`: one of FAULTS, empty for none. `requests`: the number since the fault was set."""

    to_port: int
    fault: str = ""
    requests: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def set_fault(self, fault: str) -> None:
        """Change the fault; cut open connections, except where the fault leaves them half open."""
        assert fault in ("", *FAULTS)
        if self.fault == "half open" or fault not in ("half open", "latency", ""):
            for writer in self._open:
                _reset(writer)
        self.fault = fault
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, EOFError):
                if self.fault in ANSWERS:
                    await self._answer(reader, writer, self.fault)
                else:
                    await self._pass_on(reader, writer)
        finally:
            self._open.discard(writer)
            with suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.write(ANSWERS[fault]())
        if fault == "200 MiB":
            for _ in range(200):
                writer.write(b" " * _MIB)
                await writer.drain()
        await writer.drain()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "half open":
            self.requests += 1
            await asyncio.Event().wait()
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        self._open.add(server_writer)
        pumps = (
            asyncio.create_task(self._pump(reader, server_writer, self._to_server)),
            asyncio.create_task(self._pump(server_reader, writer, self._to_client)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._open.discard(server_writer)
            with suppress(OSError):
                server_writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Callable[[bytes, asyncio.StreamWriter], bytes],
    ) -> None:
        while data := await reader.read(_READ):
            if self.fault == "half open":
                await asyncio.Event().wait()
            if self.fault == "latency":
                await asyncio.sleep(LATENCY_S)
            writer.write(change(data, writer))
            await writer.drain()

    def _to_server(self, data: bytes, _: asyncio.StreamWriter) -> bytes:
        self.requests += data.startswith((b"GET ", b"POST "))
        return data

    def _to_client(self, data: bytes, writer: asyncio.StreamWriter) -> bytes:
        match self.fault:
            case "answer lost":
                _reset(writer)
                raise EOFError
            case "reset in the midst":
                writer.write(data[: len(data) // 2])
                asyncio.get_running_loop().call_later(0.05, _reset, writer)
                raise EOFError
            case "error after the effect":
                writer.write(_answer("500 Internal Server Error", {}))
                raise EOFError
            case "truncated":
                writer.write(data[: len(data) * 2 // 3])
                raise EOFError
            case "corrupt":
                middle = len(data) * 3 // 4
                return data[:middle] + bytes([data[middle] ^ 0x15]) + data[middle + 1 :]
        return data


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    with suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def bad_network(from_port: int, to_port: int) -> AsyncIterator[BadNetwork]:
    """Run the proxy, at first without a fault."""
    network = BadNetwork(to_port)
    server = await asyncio.start_server(network.serve, "127.0.0.1", from_port)
    try:
        yield network
    finally:
        server.close()
        network.set_fault("")
        for writer in tuple(network._open):
            _reset(writer)
