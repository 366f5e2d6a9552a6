"""Kernel: a monitor that is added while the adapter is off makes every later one busy, until it is off again."""

import ctypes
import socket
import struct

ADAPTER = 1
SET_POWERED, ADD_MONITOR = 0x0005, 0x0052
SUCCESS, FAILED, BUSY = 0x00, 0x03, 0x0A
PATTERN = struct.pack("<BBBB31s", 1, 0xFF, 0, 2, b"\xff\xff")
STATUS_EVENTS = (0x0001, 0x0002)  # Command Complete, Command Status


def send_command(mgmt: socket.socket, code: int, body: bytes) -> int:
    """Return the status of a command of the management socket."""
    mgmt.send(struct.pack("<HHH", code, ADAPTER, len(body)) + body)
    while True:
        event, _, _, of, status = struct.unpack_from("<HHHHB", mgmt.recv(512))
        if event in STATUS_EVENTS and of == code:
            return int(status)


with socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI) as mgmt:
    address = struct.pack("=HHH", socket.AF_BLUETOOTH, 0xFFFF, 3)
    assert ctypes.CDLL(None).bind(mgmt.fileno(), address, len(address)) == 0
    send_command(mgmt, SET_POWERED, b"\0")
    while_off = send_command(mgmt, ADD_MONITOR, PATTERN)
    send_command(mgmt, SET_POWERED, b"\1")
    when_on = [send_command(mgmt, ADD_MONITOR, PATTERN) for _ in range(3)]
    send_command(mgmt, SET_POWERED, b"\0")
    send_command(mgmt, SET_POWERED, b"\1")
    after_a_power_cycle = send_command(mgmt, ADD_MONITOR, PATTERN)

print(f"while off 0x{while_off:02x}, when on {when_on}, after a power cycle 0x{after_a_power_cycle:02x}")
assert while_off == FAILED
assert when_on == [BUSY] * 3
assert after_a_power_cycle == SUCCESS
print("SEEN")
