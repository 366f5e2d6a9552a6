"""Encode an address for an NFC tag.

Sources: NFC Forum, NDEF 1.0 (record), URI Record Type Definition 1.0 (prefixes), Type 2 Tag 1.1 (TLV blocks).
"""

from beacon_gateway.errors import GatewayError

PREFIXES = {b"https://www.": 0x02, b"http://www.": 0x01, b"https://": 0x04, b"http://": 0x03}
_ONLY_SHORT_WELL_KNOWN = 0xD1
"""First and last record of the message, short, of a well-known type."""
_NDEF, _END = 0x03, 0xFE
MAX_MESSAGE = 254
"""Bytes; a longer one needs a TLV block of three length bytes, and no tag for one address needs it."""


class AddressTooLong(GatewayError):
    """The address does not fit the short form."""


def encode_address(address: str) -> bytes:
    """Return the NDEF message with one URI record. Raise AddressTooLong."""
    text = address.encode("ascii")
    prefix, code = next(((known, code) for known, code in PREFIXES.items() if text.startswith(known)), (b"", 0))
    payload = bytes([code]) + text[len(prefix) :]
    message = bytes([_ONLY_SHORT_WELL_KNOWN, 1, min(255, len(payload))]) + b"U" + payload
    if len(message) > MAX_MESSAGE:
        raise AddressTooLong(f"{address}: the address is too long for a tag")
    return message


def wrap_message(message: bytes) -> bytes:
    """Return the bytes of a tag's memory, from page 4: the NDEF TLV block and the terminator."""
    return bytes([_NDEF, len(message)]) + message + bytes([_END])


def find_message(memory: bytes) -> bytes:
    """Return the first NDEF message of a tag's memory, from page 4; empty if there is none."""
    at = 0
    while at < len(memory) and memory[at] != _END:
        kind = memory[at]
        if kind == 0:  # a null block has no length
            at += 1
            continue
        length, begin = (memory[at + 1], at + 2) if at + 1 < len(memory) else (0, at + 2)
        if length == 0xFF:
            length, begin = int.from_bytes(memory[at + 2 : at + 4]), at + 4
        if kind == _NDEF:
            return memory[begin : begin + length]
        at = begin + length
    return b""
