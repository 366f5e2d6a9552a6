"""A fake kernel behind a management socket, for what a healthy one never does. The radio lab tests the real one."""

import asyncio
import socket
from collections.abc import Callable
from struct import Struct

from beacon_gateway.radio.hci.mgmt_socket import Change, ManagementSocket

_HEAD = Struct("<HHH")
INSTANCES = 3


class FakeKernel:
    """One adapter, number 0. Tests change the public attributes at any time.

    `monitors`: handle to pattern; `refuses`: command to the status of the reply; `commands`: codes received.
    """

    def __init__(self) -> None:
        self.on_air: dict[int, bytes] = {}
        self.monitors: dict[int, bytes] = {}
        self.powered = True
        self.connectable = False
        self.refuses: dict[int, int] = {}
        self.silent = False
        self.commands: list[int] = []
        self.parameters = b""
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._theirs.setblocking(False)

    def open(self, on_change: Callable[[Change], None], *, answer_limit_s: float = 5.0) -> ManagementSocket:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._ours, self._on_command)
        mgmt = ManagementSocket(self._theirs, on_change, answer_limit_s=answer_limit_s)
        loop.add_reader(self._theirs, mgmt._on_readable)
        return mgmt

    def send_event(self, event: int, body: bytes = b"", adapter: int = 0) -> None:
        self._ours.send(_HEAD.pack(event, adapter, len(body)) + body)

    def end(self) -> None:
        if self._ours.fileno() < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._ours)
        self._ours.close()

    def _on_command(self) -> None:
        try:
            packet = self._ours.recv(4096)
        except OSError:
            packet = b""
        if not packet:
            self.end()
            return
        code, adapter, _ = _HEAD.unpack_from(packet)
        self.commands.append(code)
        if self.silent:
            return
        status, answer = self._execute(code, adapter, packet[_HEAD.size :])
        if status:
            self.send_event(0x0002, code.to_bytes(2, "little") + bytes([status]), adapter)
        else:
            self.send_event(0x0001, code.to_bytes(2, "little") + b"\0" + answer, adapter)

    def _execute(self, code: int, adapter: int, body: bytes) -> tuple[int, bytes]:
        if code in self.refuses:
            return self.refuses[code], b""
        if code == 0x0003:
            return 0, bytes([1, 0, 0, 0])
        if adapter != 0:
            return 0x11, b""
        if code == 0x0004:
            settings = self.powered | self.connectable << 1
            return 0, bytes(13) + settings.to_bytes(4, "little") + bytes(263)
        if code == 0x0005:
            self.powered = bool(body[0])
            self.on_air.clear()
            return 0, bytes(4)
        if code == 0x003D:
            return 0, bytes([0, 0, 0, 0, 251, 251, INSTANCES, 0])
        if code == 0x003F:
            return (0, body) if self.on_air.pop(body[0], None) is not None else (0x0D, b"")
        if code == 0x0052:
            handle = max(self.monitors, default=0) + 1
            self.monitors[handle] = body
            return 0, handle.to_bytes(2, "little")
        if code == 0x0053:
            return (0, body) if self.monitors.pop(int.from_bytes(body, "little"), None) else (0x0D, b"")
        if not self.powered:
            return 0x0B, b""
        if code == 0x0054:
            self.parameters = body
            return 0, bytes([body[0], 0xFC, 251, 251])
        assert code == 0x0055
        self.on_air[body[0]] = body[3:]
        return 0, body[:1]
