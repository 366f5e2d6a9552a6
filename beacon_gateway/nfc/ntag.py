"""Write, verify and lock NTAG213, 215 and 216 (NFC Forum Type 2) through a PC/SC reader.

Sources: NXP, NTAG213/215/216 data sheet rev. 3.2 (memory, lock bytes); PC/SC Part 3, 3.2.2.1.8-10 (Read and Update
Binary of contactless storage cards).
"""

from dataclasses import dataclass
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.nfc.ndef import find_message, wrap_message

PAGE = 4
_FIRST, _CAPABILITIES, _STATIC_LOCK = 4, 3, 2
_TYPE_2, _VERSION_1, _READ_ONLY = 0xE1, 0x10, 0x0F
_OK = b"\x90\x00"


class CardRemoved(GatewayError):
    """No tag lies on the reader, or it was taken away."""


class TagRefused(GatewayError):
    """The tag was not written; `problem` is the reason."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem, self.detail = problem, detail


class Card(Protocol):
    """A tag on a reader."""

    def transmit(self, command: bytes) -> bytes:
        """Return the answer with its two status bytes. Raise CardRemoved."""


@dataclass(frozen=True, slots=True)
class Model:
    """`size`: bytes of user memory / 8, as in the capability container. `lock_page`, `lock`: dynamic lock bytes."""

    name: str
    size: int
    lock_page: int
    lock: bytes

    @property
    def pages(self) -> int:
        return self.size * 8 // PAGE


MODELS = {
    model.size: model
    for model in (
        Model("NTAG213", 0x12, 0x28, bytes((0xFF, 0x0F, 0x3F))),
        Model("NTAG215", 0x3E, 0x82, bytes((0xFF, 0x00, 0x0F))),
        Model("NTAG216", 0x6D, 0xE2, bytes((0xFF, 0x3F, 0x7F))),
    )
}


class Ntag:
    """A tag. Raises TagRefused at the first contact if it is of another kind, CardRemoved at each step."""

    def __init__(self, card: Card) -> None:
        self._card = card
        capabilities = self._read(_CAPABILITIES)
        model = MODELS.get(capabilities[2])
        if capabilities[0] != _TYPE_2 or capabilities[1] < _VERSION_1 or model is None:
            raise TagRefused("unknown_tag", capabilities.hex())
        self.model = model
        self.locked = capabilities[3] & _READ_ONLY == _READ_ONLY

    def read_message(self) -> bytes:
        """Return the NDEF message; empty if there is none."""
        memory = b""
        for page in range(_FIRST, _FIRST + self.model.pages):
            memory += self._read(page)
            if memory[1:2] and len(memory) >= memory[1] + 3 and memory[0] == 3:
                break
        return find_message(memory)

    def write_message(self, message: bytes) -> None:
        """Write and read back. Until the end, the tag is an empty one, and never half an address."""
        memory = wrap_message(message)
        if len(memory) > self.model.pages * PAGE:
            raise TagRefused("too_small", f"{len(memory)} > {self.model.pages * PAGE}")
        memory += bytes(-len(memory) % PAGE)
        pages = [memory[at : at + PAGE] for at in range(0, len(memory), PAGE)]
        self._write(_FIRST, bytes((3, 0, 0xFE, 0)))
        for number, page in enumerate(pages[1:], _FIRST + 1):
            self._write(number, page)
        self._write(_FIRST, pages[0])
        if self.read_message() != message:
            raise TagRefused("not_verified")

    def lock(self) -> None:
        """Make the tag read-only for ever, and check that it is."""
        capabilities = self._read(_CAPABILITIES)
        self._write(_CAPABILITIES, capabilities[:3] + bytes((_READ_ONLY,)))  # before the page itself is locked
        self._write(self.model.lock_page, self.model.lock + b"\x00")
        internal = self._read(_STATIC_LOCK)
        self._write(_STATIC_LOCK, internal[:2] + b"\xff\xff")
        first = self._read(_FIRST)
        if self._try_write(_FIRST, bytes((3, 0, 0xFE, 0))) and self._read(_FIRST) != first:
            self._write(_FIRST, first)
            raise TagRefused("not_locked")
        self.locked = True

    def _read(self, page: int) -> bytes:
        answer = self._card.transmit(bytes((0xFF, 0xB0, 0x00, page, PAGE)))
        if answer[-2:] != _OK or len(answer) < PAGE + 2:
            raise TagRefused("unreadable", answer.hex())
        return answer[:PAGE]

    def _write(self, page: int, data: bytes) -> None:
        if not self._try_write(page, data):
            self._read(_CAPABILITIES)  # a tag that was taken away cannot be read either
            raise TagRefused("write_protected", f"page {page}")

    def _try_write(self, page: int, data: bytes) -> bool:
        return self._card.transmit(bytes((0xFF, 0xD6, 0x00, page, PAGE)) + data)[-2:] == _OK
