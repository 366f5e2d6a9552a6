"""A virtual Bluetooth LE controller that scans and reports the adverts of a script.

It implements the part of Core Specification 5.4, Vol 4 Part E, that a host needs to scan (see ../lab/README.md), as a
version 4.2 controller: legacy commands and reports, no extended ones, no BR/EDR, no connections.
"""

import struct
from typing import Final

COMMAND, EVENT = b"\x01", b"\x04"
"""The packet indicator before each packet (Vol 4 Part A, 2)."""

_COMMAND_COMPLETE, _LE_META, _ADVERTISING_REPORT = 0x0E, 0x3E, 0x02
_UNKNOWN_COMMAND, _INVALID_PARAMETERS = b"\x01", b"\x12"  # Vol 1 Part F, 2
_NONCONN_IND, _RANDOM_ADDRESS = 3, 1
_RANDOM_BYTES = 8

RESET, READ_COMMANDS, READ_ADDRESS = 0x0C03, 0x1002, 0x1009
SET_SCAN_PARAMETERS, SET_SCAN_ENABLE, LE_RAND = 0x200B, 0x200C, 0x2018
_PARAMETER_LENGTHS = {SET_SCAN_PARAMETERS: 7, SET_SCAN_ENABLE: 2}
"""Bytes of parameters, for the commands whose parameters are read."""
_OK = b"\0"

# Opcode (OGF << 10 | OCF) -> position (byte, bit) in the supported commands (6.27), and reply.
# Each comment names the section of the specification.
_KNOWN: Final[dict[int, tuple[int, int, bytes]]] = {
    0x0C01: (5, 6, _OK),  # 7.3.1 Set Event Mask
    RESET: (5, 7, _OK),  # 7.3.2
    0x0C63: (22, 2, _OK),  # 7.3.69 Set Event Mask Page 2
    0x1001: (14, 3, _OK + struct.pack("<BHBHH", 8, 0, 8, 0xFFFF, 0)),  # 7.4.1 Version: HCI and LL 4.2, no company
    READ_COMMANDS: (14, 4, _OK),  # 7.4.2
    0x1003: (14, 5, _OK + bytes([0, 0, 0, 0, 0x60, 0, 0, 0])),  # 7.4.3 Features: LE, and no BR/EDR (Vol 2 Part C, 3.3)
    READ_ADDRESS: (15, 1, _OK),  # 7.4.6
    0x2001: (25, 0, _OK),  # 7.8.1 LE Set Event Mask
    0x2002: (25, 1, _OK + struct.pack("<HB", 27, 4)),  # 7.8.2 LE Read Buffer Size: 4 packets of 27 bytes
    0x2003: (25, 2, _OK + bytes(8)),  # 7.8.3 LE Read Local Supported Features: none
    0x2005: (25, 4, _OK),  # 7.8.4 LE Set Random Address
    0x2006: (25, 5, _OK),  # 7.8.5 LE Set Advertising Parameters
    0x2007: (25, 6, _OK + b"\0"),  # 7.8.6 LE Read Advertising Physical Channel Tx Power: 0 dBm
    0x2008: (25, 7, _OK),  # 7.8.7 LE Set Advertising Data
    0x2009: (26, 0, _OK),  # 7.8.8 LE Set Scan Response Data
    0x200A: (26, 1, _OK),  # 7.8.9 LE Set Advertising Enable
    SET_SCAN_PARAMETERS: (26, 2, _OK),  # 7.8.10
    SET_SCAN_ENABLE: (26, 3, _OK),  # 7.8.11
    0x200F: (26, 6, _OK + b"\x08"),  # 7.8.14 LE Read Filter Accept List Size
    0x2010: (26, 7, _OK),  # 7.8.15 LE Clear Filter Accept List
    0x2011: (27, 0, _OK),  # 7.8.16 LE Add Device To Filter Accept List
    0x2012: (27, 1, _OK),  # 7.8.17 LE Remove Device From Filter Accept List
    LE_RAND: (27, 7, _OK),  # 7.8.23
    0x201C: (28, 3, _OK + struct.pack("<Q", 0x3FF)),  # 7.8.27 LE Read Supported States: advertise and scan at once
}


class Controller:
    """`address`: six bytes, least significant first, as in HCI.

    `scanning`, `active`, `filters_duplicates`: last requested by the host. `unknown`: opcodes that were refused.
    `strict`: with a duplicate filter, which BlueZ requests, an address is reported once per enabling of the scan;
    otherwise every advert is reported (Vol 6 Part B, 4.3.3.1 allows both).
    """

    def __init__(self, address: bytes, *, strict: bool = False) -> None:
        self._address = address
        self._strict = strict
        self._reported: set[bytes] = set()
        self._random = 0
        self.unknown: set[int] = set()
        self._reset()

    def _reset(self) -> None:
        self.scanning = self.active = self.filters_duplicates = False

    def answer(self, packet: bytes) -> bytes | None:
        """Return the Command Complete event (7.7.14) for a command packet; None for data or an incomplete packet."""
        if len(packet) < 4 or packet[:1] != COMMAND or len(packet) != 4 + packet[3]:
            return None
        opcode = int.from_bytes(packet[1:3], "little")
        event = b"\x01" + packet[1:3] + self._execute(opcode, packet[4:])
        return EVENT + bytes([_COMMAND_COMPLETE, len(event)]) + event

    def report(self, address: bytes, data: bytes, rssi: int) -> bytes | None:
        """Return an LE Advertising Report (7.7.65.2) of a non-connectable advert; None while the host does not scan."""
        if not self.scanning or (self._strict and self.filters_duplicates and address in self._reported):
            return None
        self._reported.add(address)
        head = struct.pack("<BBBB6sB", _ADVERTISING_REPORT, 1, _NONCONN_IND, _RANDOM_ADDRESS, address, len(data))
        event = head + data + struct.pack("b", rssi)
        return EVENT + bytes([_LE_META, len(event)]) + event

    def _execute(self, opcode: int, parameters: bytes) -> bytes:
        if opcode not in _KNOWN:
            self.unknown.add(opcode)
            return _UNKNOWN_COMMAND
        if len(parameters) != _PARAMETER_LENGTHS.get(opcode, len(parameters)):
            return _INVALID_PARAMETERS
        if opcode == RESET:
            self._reset()
        elif opcode == SET_SCAN_PARAMETERS:
            self.active = parameters[0] == 1
        elif opcode == SET_SCAN_ENABLE:
            self.scanning, self.filters_duplicates = parameters[0] == 1, parameters[1] == 1
            self._reported.clear()
        elif opcode == LE_RAND:
            self._random += 1
        return _KNOWN[opcode][2] + self._variable_part(opcode)

    def _variable_part(self, opcode: int) -> bytes:
        """Return the part of a reply that is not constant."""
        if opcode == READ_COMMANDS:
            return supported_commands()
        if opcode == READ_ADDRESS:
            return self._address
        return self._random.to_bytes(_RANDOM_BYTES, "little") if opcode == LE_RAND else b""


def supported_commands() -> bytes:
    """Return 64 bytes with a bit for each supported command (6.27)."""
    mask = bytearray(64)
    for index, bit, _ in _KNOWN.values():
        mask[index] |= 1 << bit
    return bytes(mask)
