"""Serve the radio helper: a small program that alone has CAP_NET_ADMIN, for iBeacons, resets and unfiltered scans."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from struct import Struct

import structlog
from pydantic import ValidationError

from beacon_gateway.radio.hci.mgmt_socket import Change, ManagementSocket, MgmtRefused, MgmtUnavailable
from beacon_gateway.radio.helper.helper_protocol import (
    LINE_LIMIT,
    REQUEST,
    AdapterLine,
    Answer,
    DisableFilter,
    Disturbed,
    ListAdapters,
    PutOnAir,
    Request,
    Reset,
    encode_line,
)

log = structlog.get_logger()

MAX_CLIENTS = 64
"""A gateway has one connection for each advert (up to 5), each scanning adapter (up to 16) and a reset;
`beacon-gateway scan` has another one for each adapter."""
_FULL = "蓝牙助手同时只服务 {clients} 个连接,已满 the radio helper serves {clients} connections at once, and has them"
_FIRST_REQUEST_LIMIT_S = 5.0
_CREDENTIALS = Struct("3i")  # struct ucred: pid, uid, gid
_UNREAD_LIMIT = 16 * 1024


class _Client:
    """A connection. `advert`: adapter and instance of what it has on the air; `monitor`: adapter and handle."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.advert: tuple[int, int] | None = None
        self.monitor: tuple[int, int] | None = None


class HelperServer:
    """Serve the user `uid` alone; close the connections of other users without an answer."""

    def __init__(
        self,
        uid: int,
        *,
        open_mgmt: Callable[[Callable[[Change], None]], ManagementSocket] = ManagementSocket.open,
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        self._uid = uid
        self._open_mgmt = open_mgmt
        self._max_clients = max_clients
        self._clients: set[_Client] = set()
        self._lock = asyncio.Lock()

    async def serve(self, listening: socket.socket) -> None:
        """Run until cancelled, then take every advert off the air.

        Raise MgmtUnavailable if the kernel ends the management socket.
        """
        self._mgmt = self._open_mgmt(self._on_change)
        try:
            server = await asyncio.start_unix_server(self._serve_client, sock=listening, limit=LINE_LIMIT)
            try:
                await self._mgmt.ended
                raise MgmtUnavailable("the kernel ended the management socket")
            finally:
                server.close()
                for client in tuple(self._clients):
                    await self._withdraw(client)
                    await self._remove_monitor(client)
                    await _close(client.writer)
        finally:
            self._mgmt.close()

    async def _serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (uid := _peer_uid(writer)) != self._uid:
            log.warning("helper.client_refused", uid=uid)
            await _close(writer)
            return
        if len(self._clients) >= self._max_clients:
            await self._refuse_full(reader, writer)
            return
        client = _Client(writer)
        self._clients.add(client)
        try:
            while line := await reader.readline():
                try:
                    request = REQUEST.validate_json(line)
                except ValidationError as error:
                    log.warning("helper.request_refused", faults=error.error_count())
                    break  # no gateway of ours sends such a request
                writer.write(encode_line(await self._answer(client, request)))
                await writer.drain()
        except (ValueError, OSError) as error:  # a line over the limit; a client that disconnected
            log.debug("helper.client_ended", why=str(error))
        finally:
            async with self._lock:
                with suppress(MgmtUnavailable):
                    await self._withdraw(client)
                    await self._remove_monitor(client)
            await _close(writer)
            self._clients.discard(client)

    async def _answer(self, client: _Client, request: Request) -> Answer:
        async with self._lock:
            try:
                return await self._execute(client, request)
            except (MgmtRefused, MgmtUnavailable) as error:
                return Answer(ok=False, why=str(error))

    async def _execute(self, client: _Client, request: Request) -> Answer:
        match request:
            case ListAdapters():
                lines = [
                    AdapterLine(index=a.index, powered=a.powered, connectable=a.connectable, instances=a.instances)
                    for a in await self._mgmt.list_adapters()
                ]
                return Answer(ok=True, adapters=tuple(lines))
            case PutOnAir():
                return await self._put_on_air(client, request)
            case DisableFilter():
                await self._remove_monitor(client)
                client.monitor = request.adapter, await self._mgmt.add_monitor(request.adapter)
            case Reset():
                log.warning("helper.adapter_reset", adapter=request.adapter)
                with suppress(MgmtRefused):  # switching on also ends a power-off that the controller refused
                    await self._mgmt.set_powered(request.adapter, False)
                await self._mgmt.set_powered(request.adapter, True)
                self._on_change(Change(request.adapter, "adapter reset"))  # the kernel notifies others, not us
        return Answer(ok=True)

    async def _put_on_air(self, client: _Client, request: PutOnAir) -> Answer:
        if client.advert and client.advert[0] != request.adapter:
            await self._withdraw(client)
        if client.advert is None:
            instance = self._free_instance(request.adapter, (await self._mgmt.read_adapter(request.adapter)).instances)
            if instance is None:
                return Answer(ok=False, why=f"hci{request.adapter} holds no more adverts")
            client.advert = request.adapter, instance
        data = bytes.fromhex(request.data)
        try:
            power = await self._mgmt.add_advert(*client.advert, data, request.interval_ms, request.power_dbm)
        except MgmtRefused:
            client.advert = None  # the kernel removes what it refuses
            raise
        return Answer(ok=True, power_dbm=power)

    def _free_instance(self, adapter: int, instances: int) -> int | None:
        """Return the highest free number: bluetoothd assigns from the lowest and does not know of ours."""
        taken = {client.advert[1] for client in self._clients if client.advert and client.advert[0] == adapter}
        return next((number for number in range(instances, 0, -1) if number not in taken), None)

    async def _withdraw(self, client: _Client) -> None:
        advert, client.advert = client.advert, None
        if advert:
            with suppress(MgmtRefused):  # off the air already
                await self._mgmt.remove_advert(*advert)

    async def _remove_monitor(self, client: _Client) -> None:
        monitor, client.monitor = client.monitor, None
        if monitor:
            with suppress(MgmtRefused):  # a bluetoothd that starts removes every monitor
                await self._mgmt.remove_monitor(*monitor)

    def _on_change(self, change: Change) -> None:
        log.debug("helper.change", adapter=change.adapter, why=change.why)
        for client in self._clients:
            if change.instance is None or client.advert == (change.adapter, change.instance):
                if client.writer.transport.get_write_buffer_size() > _UNREAD_LIMIT:
                    client.writer.transport.abort()  # it does not read
                else:
                    client.writer.write(encode_line(Disturbed(adapter=change.adapter, why=change.why)))

    async def _refuse_full(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the first request with the reason, then close the connection."""
        log.warning("helper.full", clients=self._max_clients)
        with suppress(ValueError, OSError):  # a line over the limit; a client that disconnected or requests nothing
            async with asyncio.timeout(_FIRST_REQUEST_LIMIT_S):
                await reader.readline()
            writer.write(encode_line(Answer(ok=False, why=_FULL.format(clients=self._max_clients))))
            await writer.drain()
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):  # the client closed it first
        await writer.wait_closed()


def _peer_uid(writer: asyncio.StreamWriter) -> int:
    channel: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = _CREDENTIALS.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)
