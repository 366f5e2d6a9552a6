"""Use a PC/SC reader through pcscd's own library, so that no Python package with C code is needed.

Debian: pcscd, libpcsclite1. Source: PC/SC Lite API, pcsclite.h and winscard.h (DWORD and LONG are C longs on Linux).
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_long, c_ulong, create_string_buffer

from beacon_gateway.errors import GatewayError
from beacon_gateway.nfc.ntag import CardRemoved

_SYSTEM, _EXCLUSIVE, _EITHER_PROTOCOL, _LEAVE = 2, 1, 3, 0
_STATUS_BYTES = 2
_NO_CARD = {0x8010000C, 0x80100066, 0x80100067, 0x80100069, 0x80100068, 0x8010000B}
"""No smart card, unresponsive, unpowered, removed, reset, sharing violation (just after it was laid down)."""


class NoReader(GatewayError):
    """No reader is connected, pcscd does not run, or its library is missing."""


class _Protocol(ctypes.Structure):
    _fields_ = (("protocol", c_ulong), ("length", c_ulong))


class ConnectedCard:
    """See Card."""

    def __init__(self, library: ctypes.CDLL, handle: c_long, protocol: int) -> None:
        self._library, self._handle = library, handle
        self._protocol = _Protocol(protocol, ctypes.sizeof(_Protocol))

    def transmit(self, command: bytes) -> bytes:
        answer, length = create_string_buffer(258), c_ulong(258)
        code = self._library.SCardTransmit(
            self._handle, byref(self._protocol), command, c_ulong(len(command)), None, answer, byref(length)
        )
        if code & 0xFFFFFFFF:
            raise CardRemoved(f"PC/SC {code & 0xFFFFFFFF:08x}")
        if length.value < _STATUS_BYTES:  # some drivers report a tag that was taken away as no answer
            raise CardRemoved("no answer")
        return answer.raw[: length.value]


class Readers:
    """The connected readers."""

    def __init__(self, library: ctypes.CDLL, context: c_long, names: tuple[bytes, ...]) -> None:
        self._library, self._context, self._names = library, context, names

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.decode("utf-8", "replace") for name in self._names)

    @contextmanager
    def connect(self) -> Iterator[ConnectedCard]:
        """Connect to the tag on the first reader that has one. Raise CardRemoved if there is none."""
        handle, protocol, code = c_long(), c_ulong(), 0
        for name in self._names:
            code = self._library.SCardConnect(
                self._context, c_char_p(name), c_ulong(_EXCLUSIVE), c_ulong(_EITHER_PROTOCOL), byref(handle),
                byref(protocol),
            )  # fmt: skip
            if not code & 0xFFFFFFFF:
                break
            if code & 0xFFFFFFFF not in _NO_CARD:
                raise NoReader(f"PC/SC {code & 0xFFFFFFFF:08x}")
        else:
            raise CardRemoved(f"PC/SC {code & 0xFFFFFFFF:08x}")
        try:
            yield ConnectedCard(self._library, handle, protocol.value)
        finally:
            self._library.SCardDisconnect(handle, c_ulong(_LEAVE))


@contextmanager
def open_readers() -> Iterator[Readers]:
    """Raise NoReader."""
    try:
        library = ctypes.CDLL("libpcsclite.so.1")
    except OSError as error:
        raise NoReader("libpcsclite.so.1") from error
    context = c_long()
    if library.SCardEstablishContext(c_ulong(_SYSTEM), None, None, byref(context)) & 0xFFFFFFFF:
        raise NoReader("pcscd")
    try:
        length = c_ulong()
        library.SCardListReaders(context, None, None, byref(length))
        names = create_string_buffer(max(1, length.value))
        if library.SCardListReaders(context, None, names, byref(length)) & 0xFFFFFFFF:
            raise NoReader("no reader")
        found = tuple(name for name in names.raw[: length.value].split(b"\0") if name)
        if not found:
            raise NoReader("no reader")
        yield Readers(library, context, found)
    finally:
        library.SCardReleaseContext(context)
