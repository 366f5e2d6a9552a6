"""The check-in code: its bytes, read by a separate reading; and what is refused."""

import json
import re
import shutil
import struct
import subprocess
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sync_contract
from kiosk_ui.qr import qr_svg
from sync_contract.check_in_code import (
    PATH,
    TEXT_LENGTH,
    CheckInCode,
    CheckInCodeRefused,
    CodeFault,
    code_at,
    encode,
    parse,
    remaining,
)
from sync_contract.code_address import in_capitals
from sync_contract.keys import key_id, read_public
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment

VECTORS = json.loads((Path(sync_contract.__path__[0]) / "check_in_code_vectors.json").read_text("utf-8"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOOT, OTHER_BOOT, GATEWAY = "ab" * 16, "cd" * 16, "1f00000000000001"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def code_of(fields: dict[str, Any]) -> CheckInCode:
    wall = datetime.fromisoformat(fields["wall"])
    return CheckInCode(**fields | {"environment": Environment(fields["environment"]), "wall": wall})


def test_the_vectors_are_what_a_gateway_signs_and_the_server_reads() -> None:
    for vector in VECTORS["codes"]:
        code = code_of(vector["code"])
        assert encode(code, KEY) == vector["text"], vector["name"]
        for text in (vector["text"], vector["text"].lower()):
            unverified = parse(text)
            assert (unverified.gateway, unverified.key) == (code.gateway, key_id(KEY.public_key()))
            assert unverified.verify(read_public(VECTORS["public"])) == code
        assert code.use_id == vector["use_id"]


def test_openssl_and_a_reading_by_hand_agree_with_the_vectors(tmp_path: Path) -> None:
    """The layout read from its description with other calls; the signature checked by the openssl program."""
    openssl = shutil.which("openssl")
    assert openssl, "install openssl"
    raw_public = read_public(VECTORS["public"]).public_bytes_raw()
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw_public)  # RFC 8410, section 4
    for vector in VECTORS["codes"]:
        raw, wanted = b32decode(vector["text"]), vector["code"]
        assert raw[0] >> 4 == 1
        assert raw[0] & 0b1111 == 2 * wanted["clock_trusted"] + (wanted["environment"] == "real")
        assert (raw[1:9].hex(), raw[17:33].hex()) == (wanted["gateway"], wanted["boot"])
        assert raw[9:17] == sha256(raw_public).digest()[:8]
        counter, wall = struct.unpack("!LL", raw[33:41])
        assert (counter, datetime.fromtimestamp(wall, UTC).isoformat()) == (wanted["counter"], wanted["wall"])
        domain = b"beacon check-in code v1\0"
        assert sha256(domain + raw[1:9] + raw[17:37]).hexdigest() == vector["use_id"]
        (tmp_path / "signed").write_bytes(domain + raw[:41])
        (tmp_path / "signature").write_bytes(raw[41:])
        verify = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-keyform",
            "DER",
            "-inkey",
            "key.der",
            "-rawin",
            "-in",
            "signed",
            "-sigfile",
            "signature",
        ]
        subprocess.run([openssl, *verify], cwd=tmp_path, check=True, capture_output=True)


def test_what_is_no_valid_code_is_refused_with_its_fault() -> None:
    public = KEY.public_key()
    for vector in VECTORS["refused"]:
        with pytest.raises(CheckInCodeRefused) as refused:
            parse(vector["text"]).verify(public)
        assert refused.value.fault.value == vector["fault"], vector["name"]
    assert {vector["fault"] for vector in VECTORS["refused"]} == {fault.value for fault in CodeFault}
    with pytest.raises(CheckInCodeRefused, match="other_key"):
        parse(VECTORS["codes"][0]["text"]).verify(Ed25519PrivateKey.generate().public_key())


def test_no_changed_character_passes() -> None:
    text, public = VECTORS["codes"][0]["text"], KEY.public_key()
    for at, letter in enumerate(text):
        changed = text[:at] + ("A" if letter != "A" else "B") + text[at + 1 :]
        with pytest.raises(CheckInCodeRefused):
            parse(changed).verify(public)


def test_a_code_stays_for_its_period_and_names_it_whatever_the_wall_clock_does() -> None:
    at = ClockReading(wall=NOON, boot=BOOT, monotonic_ns=95 * 10**9, trusted=True)  # 5 s after the period began
    code = code_at(Environment.real, GATEWAY, at)
    assert (code.counter, code.wall, remaining(at)) == (3, NOON - timedelta(seconds=5), timedelta(seconds=25))
    later = ClockReading(wall=NOON + timedelta(seconds=24), boot=BOOT, monotonic_ns=119 * 10**9, trusted=True)
    assert code_at(Environment.real, GATEWAY, later) == code
    for wall, stated in ((datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), 0), (datetime(2150, 1, 1, tzinfo=UTC), 2**32 - 1)):
        wrong = code_at(
            Environment.real, GATEWAY, ClockReading(wall=wall, boot=BOOT, monotonic_ns=later.monotonic_ns, trusted=True)
        )
        assert (wrong.wall.timestamp(), wrong.clock_trusted, wrong.use_id) == (stated, False, code.use_id)
        assert parse(encode(wrong, KEY)).verify(KEY.public_key()) == wrong
    following = ClockReading(wall=NOON, boot=BOOT, monotonic_ns=120 * 10**9, trusted=True)
    assert code_at(Environment.real, GATEWAY, following).use_id != code.use_id
    with pytest.raises(ValueError, match="does not fit"):
        encode(CheckInCode(Environment.real, GATEWAY, BOOT[:30], 1, NOON, True), KEY)


def test_a_reader_finds_the_address_in_a_code_of_few_modules() -> None:
    address = in_capitals(f"https://{'give.example.org'.rjust(40, 'g')}{PATH}{VECTORS['codes'][1]['text']}")
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', qr_svg(address))[1])  # type: ignore[index] # it is there, or this fails
    assert side - 8 <= 49
    assert len(address.rpartition("/")[2]) == TEXT_LENGTH
