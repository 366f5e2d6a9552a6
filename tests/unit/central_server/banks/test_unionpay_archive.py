"""Unpacking UnionPay's file of a day: a damaged file is requested again, and every layer has a size limit."""

import io
import tracemalloc
import zipfile
import zlib
from base64 import b64encode

import pytest

from central_server.banks.port import BankRefused, BankUnavailable
from central_server.banks.unionpay.statement import read_statement
from central_server.banks.unionpay.statement_archive import MAX_ZIP_BYTES, inflate, unzip
from tests.unit.central_server.unionpay_day import DAY, MERCHANT, NAMES, File


@pytest.mark.parametrize("cut", [0, 1, 100, -30, -1])
def test_a_truncated_zip_is_unavailable(cut: int) -> None:
    whole = File().zip()
    with pytest.raises(BankUnavailable, match="damaged"):
        read_statement("x.zip", whole[:cut], MERCHANT, DAY)


def test_a_zip_with_changed_content_is_unavailable() -> None:
    whole = bytearray(File().zip())
    whole[120] ^= 1
    with pytest.raises(BankUnavailable, match="damaged"):
        read_statement("x.zip", bytes(whole), MERCHANT, DAY)


def packed(content: bytes) -> str:
    return b64encode(zlib.compress(content)).decode()


def test_inflate_inverts_packing() -> None:
    assert inflate(packed(b"zip")) == b"zip"


@pytest.mark.parametrize(
    "content",
    ["", "???", packed(b"zip")[:-8], b64encode(b"zip").decode(), b64encode(zlib.compress(b"zip") + b"more").decode()],
)
def test_damaged_packing_is_unavailable(content: str) -> None:
    with pytest.raises(BankUnavailable, match="damaged"):
        inflate(content)


def test_a_zip_bomb_is_refused_in_each_layer() -> None:
    """A thousandfold in each layer: neither is unpacked beyond its bound."""
    packer = zlib.compressobj()
    layer = b64encode(b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(128)) + packer.flush()).decode()
    tracemalloc.start()
    with pytest.raises(BankRefused, match="too_large"):
        inflate(layer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * MAX_ZIP_BYTES
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(NAMES[0], "w") as file:
        for _ in range(33):
            file.write(bytes(1024 * 1024))
    assert len(bomb.getvalue()) < 50_000
    with pytest.raises(BankRefused, match="too_large"):
        unzip(bomb.getvalue())


def test_an_encrypted_or_otherwise_compressed_zip_is_refused() -> None:
    strange = io.BytesIO()
    with zipfile.ZipFile(strange, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(NAMES[0], b"x")
    with pytest.raises(BankRefused, match="packed"):
        unzip(strange.getvalue())
    sealed = bytearray(File().zip())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        sealed[sealed.index(mark) + offset] |= 1
    with pytest.raises(BankRefused, match="packed"):
        unzip(bytes(sealed))
