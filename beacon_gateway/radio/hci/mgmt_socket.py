"""Use the kernel's Bluetooth management socket: adverts with exact bytes, adapter power and monitors.

Commands that change anything need CAP_NET_ADMIN in the first user namespace. Formats and numbers:
bluez/doc/mgmt-api.txt (mgmt(7) since BlueZ 5.80). The commands used exist since Linux 5.11.
"""

import asyncio
import ctypes
import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Self

from beacon_gateway.errors import GatewayError
from beacon_gateway.frames.ibeacon import IBEACONS

NO_ADAPTER = 0xFFFF
SLOT_MS = 0.625
"""The unit of an advertising interval in the kernel and in the controller."""

_CHANNEL_CONTROL = 3
_ADDRESS = Struct("=HHH")  # struct sockaddr_hci: family, device, channel
_HEAD = Struct("<HHH")  # code, adapter, length
_COMPLETE, _STATUS = 0x0001, 0x0002
_INDEX_ADDED, _INDEX_REMOVED, _NEW_SETTINGS, _ADVERT_REMOVED = 0x0004, 0x0005, 0x0006, 0x0024
_INDEX_LIST, _INFO, _SET_POWERED = 0x0003, 0x0004, 0x0005
_FEATURES, _REMOVE, _ADD_PARAMETERS, _ADD_DATA = 0x003D, 0x003F, 0x0054, 0x0055
_ADD_MONITOR, _REMOVE_MONITOR = 0x0052, 0x0053
_PATTERN = Struct("<BBBB31s")  # count; AD type, offset, length, value
_MANUFACTURER_DATA = 0xFF
_POWERED, _CONNECTABLE = 1 << 0, 1 << 1
_PARAMETERS = Struct("<BIHHIIb")  # instance, flags, duration, timeout, least and largest interval, power
_USE_INTERVAL, _USE_POWER = 1 << 14, 1 << 15
_STATUS_WORDS = {
    0x01: "the kernel does not know the command: Linux 5.11 or newer is needed",
    0x03: "the controller refused",
    0x07: "no resources",
    0x0A: "busy",
    0x0B: "rejected: the adapter is off, or Low Energy is not enabled",
    0x0C: "not supported by the controller",
    0x0D: "invalid parameters",
    0x0F: "the adapter is off",
    0x11: "no such adapter",
    0x12: "blocked by rfkill",
    0x14: "permission denied: CAP_NET_ADMIN is needed",
}


class MgmtRefused(GatewayError):
    """The kernel refused. `status`: an error code of mgmt-api."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(f"{what}: {_STATUS_WORDS.get(status, f'status 0x{status:02x}')}")
        self.status = status


class MgmtUnavailable(GatewayError):
    """The socket cannot be opened, has ended, or does not reply."""


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """An adapter. `instances`: maximum number of adverts, numbered from 1. The kernel does not list all that are taken.

    `connectable`: a setting of the adapter that makes every advert on it connectable.
    """

    index: int
    powered: bool
    connectable: bool
    instances: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an adapter, or of one advert on it, by another program or the hardware."""

    adapter: int
    why: str
    instance: int | None = None


class ManagementSocket:
    """Send one command at a time; call `on_change` for changes by others. `ended`: done when the kernel ended it."""

    def __init__(
        self, channel: socket.socket, on_change: Callable[[Change], None], *, answer_limit_s: float = 5.0
    ) -> None:
        self._channel = channel
        self._on_change = on_change
        self._answer_limit_s = answer_limit_s
        self._lock = asyncio.Lock()
        self._pending: tuple[int, int, asyncio.Future[bytes]] | None = None
        self._powered: dict[int, bool] = {}
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    def open(cls, on_change: Callable[[Change], None]) -> Self:
        """Open the socket. Raise MgmtUnavailable without a Bluetooth stack."""
        try:
            channel = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.BTPROTO_HCI)
        except OSError as error:
            raise MgmtUnavailable(f"no Bluetooth in this kernel: {error.strerror}") from error
        # Python's own bind() omits the channel before 3.14
        address = _ADDRESS.pack(socket.AF_BLUETOOTH, NO_ADAPTER, _CHANNEL_CONTROL)
        if ctypes.CDLL(None, use_errno=True).bind(channel.fileno(), address, len(address)) < 0:
            number = ctypes.get_errno()
            channel.close()
            raise MgmtUnavailable(f"no Bluetooth management socket: {os.strerror(number)}")
        mgmt = cls(channel, on_change)
        asyncio.get_running_loop().add_reader(channel, mgmt._on_readable)
        return mgmt

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()

    async def list_adapters(self) -> tuple[AdapterFacts, ...]:
        """Return all adapters. Raise MgmtRefused, MgmtUnavailable."""
        answer = await self._command(NO_ADAPTER, _INDEX_LIST, what="listing adapters")
        count = int.from_bytes(answer[:2], "little")
        return tuple([await self.read_adapter(index) for index in sorted(Struct(f"<{count}H").unpack_from(answer, 2))])

    async def read_adapter(self, adapter: int) -> AdapterFacts:
        """Return one adapter. Raise MgmtRefused, MgmtUnavailable."""
        info = await self._command(adapter, _INFO, what="reading the adapter")
        settings = int.from_bytes(info[13:17], "little")
        features = await self._command(adapter, _FEATURES, what="reading what it can advertise")
        powered = bool(settings & _POWERED)
        self._powered[adapter] = powered
        return AdapterFacts(adapter, powered, bool(settings & _CONNECTABLE), features[6])

    async def add_advert(
        self, adapter: int, instance: int, data: bytes, interval_ms: int, power_dbm: int | None
    ) -> int:
        """Put exactly `data` on the air, not connectable; return the power in dBm that the controller chose.

        The kernel is not asked to add flags of its own. Raise MgmtRefused, MgmtUnavailable.
        """
        slots = round(interval_ms / SLOT_MS)
        flags = _USE_INTERVAL | (_USE_POWER if power_dbm is not None else 0)
        head = _PARAMETERS.pack(instance, flags, 0, 0, slots, slots, power_dbm or 0)
        chosen = await self._command(adapter, _ADD_PARAMETERS, head, what="the advert's interval and power")
        body = bytes([instance, len(data), 0]) + data
        await self._command(adapter, _ADD_DATA, body, what="the advert's data")
        return int.from_bytes(chosen[1:2], "little", signed=True)

    async def remove_advert(self, adapter: int, instance: int) -> None:
        """Take an advert off the air. Raise MgmtRefused (also if there is none), MgmtUnavailable."""
        await self._command(adapter, _REMOVE, bytes([instance]), what="taking the advert away")

    async def add_monitor(self, adapter: int) -> int:
        """Watch for iBeacons and return the handle of the monitor. Raise MgmtRefused, MgmtUnavailable."""
        pattern = _PATTERN.pack(1, _MANUFACTURER_DATA, 0, len(IBEACONS), IBEACONS)
        answer = await self._command(adapter, _ADD_MONITOR, pattern, what="watching for iBeacons")
        return int.from_bytes(answer[:2], "little")

    async def remove_monitor(self, adapter: int, handle: int) -> None:
        """Remove a monitor; handle 0 removes all. Raise MgmtRefused (also if there is none), MgmtUnavailable."""
        await self._command(adapter, _REMOVE_MONITOR, handle.to_bytes(2, "little"), what="watching no longer")

    async def set_powered(self, adapter: int, on: bool) -> None:
        """Switch an adapter. Raise MgmtRefused, MgmtUnavailable."""
        await self._command(adapter, _SET_POWERED, bytes([on]), what=f"switching the adapter {'on' if on else 'off'}")

    async def _command(self, adapter: int, code: int, body: bytes = b"", *, what: str) -> bytes:
        async with self._lock:
            answer = asyncio.get_running_loop().create_future()
            self._pending = (code, adapter, answer)
            try:
                self._channel.send(_HEAD.pack(code, adapter, len(body)) + body)
                async with asyncio.timeout(self._answer_limit_s):
                    complete: bytes = await answer
            except TimeoutError as error:
                raise MgmtUnavailable(f"{what}: the kernel gave no answer in {self._answer_limit_s:g} s") from error
            except OSError as error:
                raise MgmtUnavailable(f"{what}: {error.strerror}") from error
            finally:
                self._pending = None
        if complete[0]:
            raise MgmtRefused(what, complete[0])
        return complete[1:]

    def _on_readable(self) -> None:
        try:
            packet = self._channel.recv(4096)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error.errno)
            return
        if not packet:
            self._end(errno.EPIPE)
        elif len(packet) >= _HEAD.size:
            event, adapter, _ = _HEAD.unpack_from(packet)
            self._on_event(event, adapter, packet[_HEAD.size :])

    def _on_event(self, event: int, adapter: int, body: bytes) -> None:
        if event in {_COMPLETE, _STATUS} and len(body) >= 3:
            code = int.from_bytes(body[:2], "little")
            if self._pending and self._pending[:2] == (code, adapter) and not self._pending[2].done():
                self._pending[2].set_result(body[2:])
        elif event == _NEW_SETTINGS and len(body) >= 4:
            powered = bool(int.from_bytes(body[:4], "little") & _POWERED)
            if self._powered.get(adapter) is not powered:
                self._powered[adapter] = powered
                self._on_change(Change(adapter, "adapter switched on" if powered else "adapter switched off"))
        elif event == _ADVERT_REMOVED and body:
            self._on_change(Change(adapter, "removed by another program", body[0]))
        elif event in {_INDEX_ADDED, _INDEX_REMOVED}:
            self._powered.pop(adapter, None)
            self._on_change(Change(adapter, "adapter appeared" if event == _INDEX_ADDED else "adapter removed"))

    def _end(self, number: int | None) -> None:
        asyncio.get_running_loop().remove_reader(self._channel)
        if not self.ended.done():
            self.ended.set_result(None)
        if self._pending and not self._pending[2].done():
            self._pending[2].set_exception(OSError(number, os.strerror(number or 0)))
