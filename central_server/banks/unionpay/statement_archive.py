"""Unpack the file of a day: base64 of zlib (RFC 1950) of a zip, with a size limit for each layer."""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from central_server.banks.port import BankUnavailable
from central_server.banks.statement_refusal import StatementProblem, StatementRefused

MAX_ZIP_BYTES = 16 * 1024 * 1024
MAX_FILE_BYTES = 32 * 1024 * 1024
"""Fifty thousand rows."""
MAX_FILES = 6


def inflate(encoded: str) -> bytes:
    """Return the zip of an answer's `fileContent`. Raises BankUnavailable if damaged, StatementRefused if too large."""
    unpacker = zlib.decompressobj()
    try:
        packed = b64decode(encoded, validate=True)
        content = unpacker.decompress(packed, MAX_ZIP_BYTES + 1)
    except (Base64Error, ValueError, zlib.error) as error:
        raise BankUnavailable("the file is damaged: not base64 of zlib") from error
    if len(content) > MAX_ZIP_BYTES:
        raise StatementRefused(StatementProblem.too_large, most=MAX_ZIP_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise BankUnavailable("the file is damaged: the zlib stream does not end where it should")
    return content


def unzip(content: bytes) -> dict[str, bytes]:
    """Return the files of the zip by name. Raises BankUnavailable if damaged, else StatementRefused."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            found = archive.infolist()
            if len(found) > MAX_FILES or len({info.filename for info in found}) != len(found):
                raise StatementRefused(StatementProblem.crowded)
            return {info.filename: _read(archive, info) for info in found}
    except (BadZipFile, zlib.error, EOFError, ValueError, OverflowError) as error:
        raise BankUnavailable("the file is damaged: not a sound zip") from error


def _read(archive: ZipFile, info: ZipInfo) -> bytes:
    """Read one file within the limit; its claimed size is not trusted, and its checksum is compared at its end."""
    if info.flag_bits & 1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise StatementRefused(StatementProblem.packed)
    with archive.open(info) as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise StatementRefused(StatementProblem.too_large, most=MAX_FILE_BYTES)
    return content
