"""Parcels as they are sent and kept: gzip of `{"contract":1,"parcels":[…]}`, each beginning with its body."""

import gzip
import zlib
from collections.abc import Sequence

from sync_contract.records import CONTRACT

BEGINNING, END = f'{{"contract":{CONTRACT},"parcels":['.encode(), b"]}"
FIRST, _NEXT = b'{"body":', b'},{"body":'
_LEVEL = 1
"""What intake waits for shall not take long; gateways pack better, and mostly what they sent is kept as it is."""


def pack(contents: Sequence[bytes]) -> bytes:
    """`contents`: the JSON of each parcel, with its body first and without spaces."""
    return gzip.compress(b"".join((BEGINNING, b",".join(contents), END)), _LEVEL, mtime=0)


def unpack(packed: bytes) -> list[bytes]:
    return split(zlib.decompress(packed, wbits=31))


def split(octets: bytes) -> list[bytes]:
    """The JSON of each parcel. Nothing else in it says `"body":`: no text in a parcel has a quotation mark in it."""
    inner = octets[len(BEGINNING) : -len(END)]
    if not inner:
        return []
    pieces = inner.split(_NEXT)
    ends = [b"}"] * (len(pieces) - 1) + [b""]
    starts = [b""] + [FIRST] * (len(pieces) - 1)
    return [start + piece + end for start, piece, end in zip(starts, pieces, ends, strict=True)]
