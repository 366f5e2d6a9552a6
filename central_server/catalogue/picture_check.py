"""Recognize JPEG, PNG and WebP pictures by their first bytes and structure."""

import struct

from sync_contract.catalogue import MAX_PICTURE_BYTES

ENDINGS = ("png", "jpg", "jpeg", "webp")
"""The ending need not match the content: phones and chat programs mix them up."""
_MOST_PIXELS = 8000
"""Per side; larger ones are of no use on a screen and may be decompression bombs."""


def content_type(content: bytes) -> str | None:
    """Return None if it is no complete JPEG, PNG or WebP of at most 2 MB and 8000 pixels per side."""
    if not 32 <= len(content) <= MAX_PICTURE_BYTES:
        return None
    for kind, size in (("image/png", _png), ("image/jpeg", _jpeg), ("image/webp", _webp)):
        found = size(content)
        if found is not None:
            return kind if all(0 < side <= _MOST_PIXELS for side in found) else None
    return None


def _png(content: bytes) -> tuple[int, int] | None:
    """PNG, third edition, section 5.2 and 11.2.1: signature, IHDR first, IEND last."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") or content[-8:-4] != b"IEND":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """ITU-T T.81, annex B: segments up to the frame header (SOF), the end marker at the end."""
    if not content.startswith(b"\xff\xd8\xff") or not content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    """RFC 9649, section 2: RIFF, its length, WEBP, then VP8, VP8L or VP8X."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or int.from_bytes(content[4:8], "little") + 8 != len(content):
        return None
    chunk = content[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if chunk == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
