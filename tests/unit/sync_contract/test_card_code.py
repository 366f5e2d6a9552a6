"""The code of a volunteer card: its bytes, read by a separate reading and by openssl; and what is refused."""

import json
import re
import shutil
import struct
import subprocess
from base64 import b32decode, urlsafe_b64decode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

import sync_contract
from kiosk_ui.qr import qr_svg
from sync_contract.card_code import (
    PATH,
    CardCode,
    CardCodeFault,
    CardCodeRefused,
    encode,
    key_id,
    parse,
    public_text,
    read_public,
)
from sync_contract.code_address import in_capitals
from sync_contract.strict_model import Environment

VECTORS = json.loads((Path(sync_contract.__path__[0]) / "card_code_vectors.json").read_text("utf-8"))
KEY = derive_private_key(int.from_bytes(bytes(range(1, 33)), "big"), SECP256R1())


def code_of(fields: dict[str, Any]) -> CardCode:
    issued_at = datetime.fromisoformat(fields["issued_at"])
    return CardCode(Environment(fields["environment"]), fields["number"], fields["stars"], issued_at)


def test_the_vectors_are_what_a_community_signs_and_a_reader_reads() -> None:
    public = read_public(VECTORS["public"])
    assert (public_text(KEY.public_key()), key_id(public)) == (VECTORS["public"], VECTORS["key"])
    for vector in VECTORS["codes"]:
        code = code_of(vector["code"])
        assert encode(code, KEY) == vector["text"], vector["name"]
        for text in (vector["text"], vector["text"].lower()):
            assert parse(text).key == VECTORS["key"]
            assert parse(text).verify(public) == code


def test_openssl_and_a_reading_by_hand_agree_with_the_vectors(tmp_path: Path) -> None:
    """The layout read from its description with other calls; the signature checked by the openssl program."""
    openssl = shutil.which("openssl")
    assert openssl, "install openssl"
    point = urlsafe_b64decode(VECTORS["public"] + "=")
    head = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # RFC 5480: id-ecPublicKey, P-256
    (tmp_path / "key.der").write_bytes(head + point)
    for vector in VECTORS["codes"]:
        raw, wanted = b32decode(vector["text"] + "===="), vector["code"]
        assert (raw[0], raw[1:9]) == (16 + (wanted["environment"] == "real"), sha256(point).digest()[:8])
        number, stars, issued = struct.unpack("!LBL", raw[9:18])
        assert (number, stars) == (wanted["number"], wanted["stars"])
        assert datetime.fromtimestamp(issued, UTC).isoformat() == wanted["issued_at"]
        (tmp_path / "signed").write_bytes(b"volunteer card code v1\0" + raw[:18])
        (tmp_path / "signature").write_bytes(der(raw[18:50], raw[50:82]))
        verify = ["dgst", "-sha256", "-verify", "key.der", "-keyform", "DER", "-signature", "signature", "signed"]
        done = subprocess.run([openssl, *verify], cwd=tmp_path, check=True, capture_output=True, text=True)
        assert "Verified OK" in done.stdout


def der(*numbers: bytes) -> bytes:
    """Write SEQUENCE of INTEGER, as openssl reads a signature."""
    parts = b""
    for each in numbers:
        short = each.lstrip(b"\0") or b"\0"
        short = b"\0" + short if short[0] & 128 else short
        parts += bytes([2, len(short)]) + short
    return bytes([0x30, len(parts)]) + parts


def test_what_is_no_valid_code_is_refused_with_its_fault() -> None:
    public = KEY.public_key()
    for vector in VECTORS["refused"]:
        with pytest.raises(CardCodeRefused) as refused:
            parse(vector["text"]).verify(public)
        assert refused.value.fault.value == vector["fault"], vector["name"]
    assert {vector["fault"] for vector in VECTORS["refused"]} == {fault.value for fault in CardCodeFault}
    text = VECTORS["codes"][0]["text"]
    for at, letter in enumerate(text):
        with pytest.raises(CardCodeRefused):
            parse(text[:at] + ("A" if letter != "A" else "B") + text[at + 1 :]).verify(public)
    with pytest.raises(ValueError, match="does not fit"):
        encode(CardCode(Environment.drill, 2**32, 0, datetime(2026, 12, 3, tzinfo=UTC)), KEY)
    for wrong in ("", "A" * 87, VECTORS["public"][:-1], "é" * 87):
        with pytest.raises(ValueError, match="not a P-256 key"):
            read_public(wrong)


def test_a_reader_finds_the_address_in_a_code_of_few_modules() -> None:
    address = in_capitals(f"https://{'give.example.org'.rjust(40, 'g')}{PATH}{VECTORS['codes'][1]['text']}")
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', qr_svg(address))[1])  # type: ignore[index] # it is there, or this fails
    assert side - 8 <= 49
