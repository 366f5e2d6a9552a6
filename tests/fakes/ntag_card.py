"""An NTAG on a PC/SC reader: memory, one-time and lock bits as in NXP's data sheet."""

from beacon_gateway.nfc.ntag import CardRemoved

SIZES = {"NTAG213": (0x12, 0x28), "NTAG215": (0x3E, 0x82), "NTAG216": (0x6D, 0xE2)}
FACTORY_MEMORY = bytes.fromhex("0103a00c 340300fe")
"""The lock control block and the empty message with which NTAG213 are delivered."""
PAGES_PER_LOCK_BIT = {"NTAG213": 2, "NTAG215": 16, "NTAG216": 16}


class NtagCard:
    """`removed_after`: writes after which the tag is taken away. `memory`: all pages."""

    def __init__(self, model: str = "NTAG213", *, capabilities: bytes = b"", removed_after: int | None = None) -> None:
        size, self._lock_page = SIZES[model]
        self._pages_per_bit, self._left = PAGES_PER_LOCK_BIT[model], removed_after
        self.user_pages = size * 8 // 4
        self.memory = bytearray((self._lock_page + 5) * 4)
        self.memory[12:16] = capabilities or bytes((0xE1, 0x10, size, 0x00))
        self.memory[16 : 16 + len(FACTORY_MEMORY)] = FACTORY_MEMORY
        self.writes: list[int] = []

    @property
    def user_memory(self) -> bytes:
        return bytes(self.memory[16 : 16 + self.user_pages * 4])

    def transmit(self, command: bytes) -> bytes:
        instruction, page, data = command[1], command[3], command[5:]
        if instruction == 0xB0 and page * 4 < len(self.memory):
            return bytes(self.memory[page * 4 : page * 4 + command[4]]) + b"\x90\x00"
        if instruction == 0xD6 and len(data) == 4 and page * 4 < len(self.memory):
            return self._write(page, data)
        return b"\x6a\x81"

    def _write(self, page: int, data: bytes) -> bytes:
        if self._left is not None:
            if self._left == 0:
                raise CardRemoved
            self._left -= 1
        if self._is_locked(page):
            return b"\x63\x00"
        self.writes.append(page)
        at = page * 4
        if page in (2, 3, self._lock_page):  # these bits can be set and never cleared; the serial number never changes
            old = self.memory[at : at + 4]
            mask = b"\x00\x00\xff\xff" if page == 2 else b"\xff" * 4
            data = bytes(before | (each & may) for before, each, may in zip(old, data, mask, strict=True))
        self.memory[at : at + 4] = data
        return b"\x90\x00"

    def _is_locked(self, page: int) -> bool:
        static = int.from_bytes(self.memory[10:12], "little")
        if 3 <= page < 16:
            return bool(static >> page & 1)
        if page == self._lock_page or page < 3:
            return False
        dynamic = int.from_bytes(self.memory[self._lock_page * 4 : self._lock_page * 4 + 2], "little")
        return page < self._lock_page and bool(dynamic >> ((page - 16) // self._pages_per_bit) & 1)
