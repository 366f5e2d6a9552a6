"""Which pictures are taken: what is called one, and is one by its first octets and its structure."""

import struct

from sync_contract.catalogue import MAX_PICTURE_OCTETS

MOST_OCTETS = MAX_PICTURE_OCTETS
ENDINGS = ("png", "jpg", "jpeg", "webp")
"""Which of them a file has says nothing of what it is: phones and chat programs mix them up."""
_MOST_PIXELS = 8000
"""A side. More is a picture of nothing that a screen shows, or a bomb."""


def content_type(octets: bytes) -> str | None:
    """None for what is no whole JPEG, PNG or WebP of at most 2 MB and 8000 pixels a side."""
    if not 32 <= len(octets) <= MOST_OCTETS:
        return None
    for kind, size in (("image/png", _png), ("image/jpeg", _jpeg), ("image/webp", _webp)):
        found = size(octets)
        if found is not None:
            return kind if all(0 < side <= _MOST_PIXELS for side in found) else None
    return None


def _png(octets: bytes) -> tuple[int, int] | None:
    """PNG, third edition, section 5.2 and 11.2.1: signature, IHDR first, IEND last."""
    if not octets.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") or octets[-8:-4] != b"IEND":
        return None
    width, height = struct.unpack(">II", octets[16:24])
    return width, height


def _jpeg(octets: bytes) -> tuple[int, int] | None:
    """ITU-T T.81, annex B: segments up to the frame header (SOF), the end marker at the end."""
    if not octets.startswith(b"\xff\xd8\xff") or not octets.rstrip(b"\0").endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 9 < len(octets) and octets[at] == 0xFF:
        marker = octets[at + 1]
        if marker == 0xFF:  # fill octets
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", octets[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(octets[at + 2 : at + 4], "big")
    return None


def _webp(octets: bytes) -> tuple[int, int] | None:
    """RFC 9649, section 2: RIFF, its length, WEBP, then VP8, VP8L or VP8X."""
    if octets[:4] != b"RIFF" or octets[8:12] != b"WEBP" or int.from_bytes(octets[4:8], "little") + 8 != len(octets):
        return None
    chunk = octets[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(octets[24:27], "little"), 1 + int.from_bytes(octets[27:30], "little")
    if chunk == b"VP8L" and octets[20] == 0x2F:
        bits = int.from_bytes(octets[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and octets[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", octets[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
