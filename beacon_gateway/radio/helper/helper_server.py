"""The radio helper: a small program that alone holds CAP_NET_ADMIN: for iBeacons, resets and unfiltered scans only."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from struct import Struct

import structlog
from pydantic import ValidationError

from beacon_gateway.radio.hci.mgmt_socket import Change, Mgmt, MgmtRefused, MgmtUnavailable
from beacon_gateway.radio.helper.helper_protocol import (
    LINE_LIMIT,
    REQUEST,
    AdapterLine,
    Answer,
    Disturbed,
    ListAdapters,
    PutOnAir,
    Request,
    Reset,
    Unfilter,
    Withdraw,
    line,
)

log = structlog.get_logger()

CLIENTS = 64
"""A gateway holds one connection for each advert (5 at most), each adapter that listens (16 may be named) and a reset;
`beacon-gateway scan` beside it holds as many adapters again."""
FULL = f"无线电助手同时只服务 {CLIENTS} 个连接,已满 the radio helper serves {CLIENTS} connections at once, and has them"
_TO_ASK_S = 5.0
_CREDENTIALS = Struct("3i")  # struct ucred: pid, uid, gid
_UNREAD_LIMIT = 16 * 1024


class _Client:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.held: tuple[int, int] | None = None
        """Adapter and instance of what is on the air for it."""
        self.monitor: tuple[int, int] | None = None
        """Adapter and handle of the kernel's monitor for it."""


class Helper:
    """Serves the user `uid` alone; everybody else is turned away without a word."""

    def __init__(self, uid: int, *, open_mgmt: Callable[[Callable[[Change], None]], Mgmt] = Mgmt.open) -> None:
        self._uid = uid
        self._open_mgmt = open_mgmt
        self._clients: set[_Client] = set()
        self._one_at_a_time = asyncio.Lock()

    async def serve(self, listening: socket.socket) -> None:
        """Until cancelled; then every advert is off the air. Raises MgmtUnavailable when the kernel's socket ends."""
        self._mgmt = self._open_mgmt(self._on_change)
        try:
            server = await asyncio.start_unix_server(self._attend, sock=listening, limit=LINE_LIMIT)
            try:
                await self._mgmt.ended
                raise MgmtUnavailable("the kernel ended the management socket")
            finally:
                server.close()
                for client in tuple(self._clients):
                    await self._withdraw(client)
                    await self._unmonitor(client)
                    await _closed(client.writer)
        finally:
            self._mgmt.close()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (uid := _peer(writer)) != self._uid:
            log.warning("helper.client_refused", uid=uid)
            await _closed(writer)
            return
        if len(self._clients) >= CLIENTS:
            await _turn_away(reader, writer)
            return
        client = _Client(writer)
        self._clients.add(client)
        try:
            while asked := await reader.readline():
                try:
                    request = REQUEST.validate_json(asked)
                except ValidationError as error:
                    log.warning("helper.request_refused", faults=error.error_count())
                    break  # a gateway of ours never says such a thing
                writer.write(line(await self._answer(client, request)))
                await writer.drain()
        except (ValueError, OSError) as error:  # a line over the limit; a client that went away
            log.debug("helper.client_ended", why=str(error))
        finally:
            async with self._one_at_a_time:
                with suppress(MgmtUnavailable):
                    await self._withdraw(client)
                    await self._unmonitor(client)
            await _closed(writer)
            self._clients.discard(client)

    async def _answer(self, client: _Client, request: Request) -> Answer:
        async with self._one_at_a_time:
            try:
                return await self._do(client, request)
            except (MgmtRefused, MgmtUnavailable) as error:
                return Answer(ok=False, why=str(error))

    async def _do(self, client: _Client, request: Request) -> Answer:
        match request:
            case ListAdapters():
                found = await self._mgmt.adapters()
                lines = [
                    AdapterLine(index=a.index, powered=a.powered, connectable=a.connectable, instances=a.instances)
                    for a in found
                ]
                return Answer(ok=True, adapters=tuple(lines))
            case PutOnAir():
                return await self._put_on_air(client, request)
            case Withdraw():
                await self._withdraw(client)
            case Unfilter():
                await self._unmonitor(client)
                client.monitor = request.adapter, await self._mgmt.add_monitor(request.adapter)
            case Reset():
                log.warning("helper.adapter_reset", adapter=request.adapter)
                with suppress(MgmtRefused):  # switching on also ends a power-off that the controller refused
                    await self._mgmt.set_powered(request.adapter, False)
                await self._mgmt.set_powered(request.adapter, True)
                self._on_change(Change(request.adapter, "adapter reset"))  # the kernel tells others, not us
        return Answer(ok=True)

    async def _put_on_air(self, client: _Client, wanted: PutOnAir) -> Answer:
        if client.held and client.held[0] != wanted.adapter:
            await self._withdraw(client)
        if client.held is None:
            instance = self._free(wanted.adapter, (await self._mgmt.facts(wanted.adapter)).instances)
            if instance is None:
                return Answer(ok=False, why=f"hci{wanted.adapter} holds no more adverts")
            client.held = wanted.adapter, instance
        data = bytes.fromhex(wanted.data)
        try:
            power = await self._mgmt.add(*client.held, data, wanted.interval_ms, wanted.power_dbm)
        except MgmtRefused:
            client.held = None  # what the kernel refuses, it also takes away
            raise
        return Answer(ok=True, power_dbm=power)

    def _free(self, adapter: int, instances: int) -> int | None:
        """From the top: bluetoothd gives numbers from the bottom and does not know of ours."""
        taken = {client.held[1] for client in self._clients if client.held and client.held[0] == adapter}
        return next((number for number in range(instances, 0, -1) if number not in taken), None)

    async def _withdraw(self, client: _Client) -> None:
        held, client.held = client.held, None
        if held:
            with suppress(MgmtRefused):  # off the air already
                await self._mgmt.remove(*held)

    async def _unmonitor(self, client: _Client) -> None:
        held, client.monitor = client.monitor, None
        if held:
            with suppress(MgmtRefused):  # a bluetoothd that starts takes away every monitor
                await self._mgmt.remove_monitor(*held)

    def _on_change(self, change: Change) -> None:
        log.debug("helper.change", adapter=change.adapter, why=change.why)
        for client in self._clients:
            if change.instance is None or client.held == (change.adapter, change.instance):
                if client.writer.transport.get_write_buffer_size() > _UNREAD_LIMIT:
                    client.writer.transport.abort()  # it does not read
                else:
                    client.writer.write(line(Disturbed(adapter=change.adapter, why=change.why)))


async def _turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Its first request is answered, once, so that it can tell why."""
    log.warning("helper.full", clients=CLIENTS)
    with suppress(ValueError, OSError):  # a line over the limit; a client that went away or asks nothing (TimeoutError)
        async with asyncio.timeout(_TO_ASK_S):
            await reader.readline()
        writer.write(line(Answer(ok=False, why=FULL)))
        await writer.drain()
    await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):  # the client was quicker
        await writer.wait_closed()


def _peer(writer: asyncio.StreamWriter) -> int:
    channel: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = _CREDENTIALS.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)
