"""Signatures of version 5.1.0, by a vector of the protocol and by what the official SDK does."""

from base64 import b64decode, b64encode
from hashlib import sha1, sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from central_server.banks.unionpay.signing import canonical, digest, is_signed_by, sign

FIELDS = {
    "version": "5.1.0",
    "encoding": "UTF-8",
    "signMethod": "01",
    "certId": "68759663125",
    "txnType": "01",
    "txnSubType": "01",
    "bizType": "000201",
    "channelType": "08",
    "accessType": "0",
    "merId": "777290058110048",
    "orderId": "20261124063000HD0001",
    "txnTime": "20261124063000",
    "txnAmt": "1000",
    "currencyCode": "156",
    "frontUrl": "https://example.test/front",
    "backUrl": "https://example.test/back",
    "reqReserved": "huada|p1",
}
CANONICAL = (
    "accessType=0&backUrl=https://example.test/back&bizType=000201&certId=68759663125&channelType=08&currencyCode=156"
    "&encoding=UTF-8&frontUrl=https://example.test/front&merId=777290058110048&orderId=20261124063000HD0001"
    "&reqReserved=huada|p1&signMethod=01&txnAmt=1000&txnSubType=01&txnTime=20261124063000&txnType=01&version=5.1.0"
)


KEY = generate_private_key(public_exponent=65537, key_size=2048)


def test_the_vector_of_the_protocol() -> None:
    assert canonical(FIELDS) == CANONICAL
    assert digest(FIELDS) == b"e662156c30e584e299ebe9946cf55466ba5e988b078fcd15e537e6bb6385b0b4"
    # The same text as version 5.0.0 has it: what is hashed is right, whatever hashes it.
    assert sha1(canonical(FIELDS).encode()).hexdigest() == "dfea36cb5f7d7024c139689a7f01416d7d001869"


def test_what_is_blank_is_no_part_of_the_text_and_nothing_else_is_trimmed() -> None:
    assert canonical(FIELDS | {"reserved": "", "orderDesc": "  ", "signature": "x"}) == CANONICAL
    assert canonical({"a": " 1 ", "b": "-----END-----\r\n"}) == "a= 1 &b=-----END-----\r\n"


def test_what_is_signed_is_the_hexadecimal_digest_hashed_again() -> None:
    message = sign(FIELDS, KEY, 68759663125)
    text = sha256(CANONICAL.encode()).hexdigest().encode("ascii")
    KEY.public_key().verify(b64decode(message["signature"]), text, PKCS1v15(), hashes.SHA256())


def test_signing_drops_what_is_blank_trims_the_rest_and_names_the_certificate() -> None:
    rough = {name: f" {value} " for name, value in FIELDS.items()} | {"reserved": "", "orderDesc": "  ", "certId": "1"}
    message = sign(rough, KEY, 68759663125)
    assert message.pop("signature") == sign(FIELDS, KEY, 68759663125)["signature"]
    assert message == FIELDS
    assert list(message) == sorted(message)


def test_the_same_fields_are_signed_alike() -> None:
    assert sign(FIELDS, KEY, 7) == sign(dict(reversed(FIELDS.items())), KEY, 7)
    assert "\n" not in sign(FIELDS, KEY, 7)["signature"]


@given(st.dictionaries(st.text("abcXYZ019", min_size=1, max_size=8), st.text(max_size=12), max_size=6))
def test_what_we_sign_is_genuine_and_a_change_is_not(fields: dict[str, str]) -> None:
    message = sign(fields, KEY, 7)
    assert is_signed_by(message, KEY.public_key())
    for name in message:
        assert not is_signed_by(message | {name: f"{message[name]}x"}, KEY.public_key())
    assert not is_signed_by(message | {"more": "x"}, KEY.public_key())


def test_a_signature_is_written_in_one_way_only() -> None:
    message = sign(FIELDS, KEY, 7)
    last = message["signature"][-3]
    spare = message["signature"][:-3] + chr(ord(last) + 1) + "=="
    assert b64decode(spare) == b64decode(message["signature"])
    for other in (spare, message["signature"].rstrip("="), message["signature"] + "\n", ""):
        assert not is_signed_by(message | {"signature": other}, KEY.public_key())
    assert b64encode(b64decode(message["signature"])).decode() == message["signature"]
