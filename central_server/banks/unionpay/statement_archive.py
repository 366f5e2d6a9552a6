"""The file of a day as it comes: base64 of zlib (RFC 1950) of a zip. Opened within bounds, whatever it claims to be."""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from central_server.banks.port import BankRefused, BankUnavailable

LARGEST_ZIP = 16 * 1024 * 1024
LARGEST_FILE = 32 * 1024 * 1024
"""Octets: fifty thousand rows."""
MOST_FILES = 6


def inflate(content: str) -> bytes:
    """The zip of an answer's `fileContent`. Raises BankUnavailable when it came torn, BankRefused when too large."""
    unpacker = zlib.decompressobj()
    try:
        packed = b64decode(content, validate=True)
        octets = unpacker.decompress(packed, LARGEST_ZIP + 1)
    except (Base64Error, ValueError, zlib.error) as error:
        raise BankUnavailable("the file came torn: not base64 of zlib") from error
    if len(octets) > LARGEST_ZIP:
        raise BankRefused(f"the file is larger than {LARGEST_ZIP} octets")
    if not unpacker.eof or unpacker.unused_data:
        raise BankUnavailable("the file came torn: the zlib stream does not end where it should")
    return octets


def unzip(octets: bytes) -> dict[str, bytes]:
    """The files within, by name. Raises BankUnavailable when it is torn, BankRefused when it holds too much."""
    try:
        with ZipFile(BytesIO(octets)) as archive:
            found = archive.infolist()
            if len(found) > MOST_FILES or len({info.filename for info in found}) != len(found):
                raise BankRefused("the zip holds more files than a statement has, or one twice")
            return {info.filename: _read(archive, info) for info in found}
    except (BadZipFile, zlib.error, EOFError, ValueError, OverflowError) as error:
        raise BankUnavailable("the file came torn: not a sound zip") from error


def _read(archive: ZipFile, info: ZipInfo) -> bytes:
    """Its checksum is compared when its end is read; the size that it claims is not believed."""
    if info.flag_bits & 1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BankRefused("the zip holds a file that is encrypted, or packed in a way that is not used")
    with archive.open(info) as file:
        octets = file.read(LARGEST_FILE + 1)
    if len(octets) > LARGEST_FILE:
        raise BankRefused(f"a file in the zip is larger than {LARGEST_FILE} octets")
    return octets
