"""A gateway's requests are signed; nothing in them can be changed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync_contract.request_signature import SignatureRefused, Signer, read

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer("0102030405060708", KEY)
AUTHORITY = "give.example.org"
REQUEST = ("POST", AUTHORITY, "/api/v1/parcels", "", b'{"contract":1}')


def headers() -> dict[str, str]:
    return SIGNER.headers(*REQUEST, 1_790_000_000) | {"Host": AUTHORITY}


def test_a_signed_request_verifies_and_names_its_gateway_and_key() -> None:
    method, _, path, query, body = REQUEST
    read_back = read(method, path, query, headers(), body)
    read_back.verify(KEY.public_key())
    assert read_back.gateway == "0102030405060708"


@pytest.mark.parametrize(
    "changed",
    [
        ("GET", "/api/v1/parcels", "", b'{"contract":1}'),
        ("POST", "/api/v1/outcomes", "", b'{"contract":1}'),
        ("POST", "/api/v1/parcels", "a=b", b'{"contract":1}'),
        ("POST", "/api/v1/parcels", "", b'{"contract":2}'),
    ],
)
def test_a_changed_request_is_refused(changed: tuple[str, str, str, bytes]) -> None:
    with pytest.raises(SignatureRefused):
        read(*changed[:3], headers(), changed[3]).verify(KEY.public_key())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Signature", ""),
        ("Signature", "gw=:AAAA:"),
        ("Signature-Input", 'gw=("@method");created=1;keyid="0102030405060708:0102030405060708";alg="ed25519"'),
        ("Content-Digest", "sha-256=:AAAA:"),
        ("Host", "other.example.org"),
        ("Host", f"{AUTHORITY}:8443"),
    ],
)
def test_a_missing_weaker_or_foreign_header_is_refused(name: str, value: str) -> None:
    method, _, path, query, body = REQUEST
    with pytest.raises(SignatureRefused):
        read(method, path, query, headers() | {name: value}, body).verify(KEY.public_key())


def test_another_gateways_name_on_the_same_signature_is_refused() -> None:
    renamed = headers()
    renamed["Signature-Input"] = renamed["Signature-Input"].replace("0102030405060708", "0102030405060709")
    method, _, path, query, body = REQUEST
    with pytest.raises(SignatureRefused):
        read(method, path, query, renamed, body).verify(KEY.public_key())
