"""What arrives at backUrl is UnionPay's own word or nothing: forgeries that each kill a mistake of its own.

| kind | the mistakes |
|---|---|
| certificate | believing whatever comes along; its dates, its issuer, its owner, its key unchecked |
| owner | the owner's name searched for anywhere instead of read as the third part of the one CN |
| signature | the text put together, hashed, signed or written otherwise than agreed |
| altered | a field that the signature does not cover |
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha1, sha256
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from central_server.bank_emulator.unionpay.certificates import DAY, issue
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.signing import sign
from central_server.banks.port import NotificationRefused
from central_server.banks.unionpay.certificate_check import NotAuthentic, check_authentic
from central_server.banks.unionpay.gateway import UnionPay
from sync_contract.strict_model import Environment
from tests.fakes.unionpay import FORM
from tests.fakes.unionpay_forging import Voice, forge, signer_of
from tests.unit.central_server.unionpay_forger import NOW, ORDER, Fields, Forger, bank_of, hexed, lines, root


def elliptic(forger: Forger) -> Fields:
    by, key = signer_of(forger.authority, Voice.middle), ec.generate_private_key(ec.SECP256R1())
    bank = signer_of(forger.authority, Voice.bank).certificate
    made = (
        x509.CertificateBuilder()
        .subject_name(bank.subject)
        .issuer_name(by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(by.key, hashes.SHA256())
    )
    fields = forger.facts() | {"signPubKeyCert": made.public_bytes(Encoding.PEM).decode()}
    return fields | {"signature": b64encode(key.sign(hexed(lines(fields)), ec.ECDSA(hashes.SHA256()))).decode()}


def pem(forger: Forger, voice: Voice) -> str:
    return signer_of(forger.authority, voice).certificate_text


CN = NameOID.COMMON_NAME
TEST = "00040000:SIGN"
FORGERIES: dict[str, tuple[str, Callable[[Forger], Fields]]] = {
    # certificate
    "its certificate is of another authority with the very same names": ("chain", lambda f: f.fields(Voice.foreign)),
    "its certificate is signed by itself": ("chain", lambda f: f.fields(Voice.self_signed)),
    "its certificate was issued by a merchant, who may issue none": ("chain", lambda f: f.fields(Voice.under_leaf)),
    "its certificate is the pinned authority's own": ("chain", lambda f: f.fields(Voice.middle)),
    "its certificate comes from the root, past the middle authority": (
        "chain",
        lambda f: sign(f.facts(), issue(f"041@Z@{TEST}@1", signer_of(f.authority, Voice.bank).key, root(f))),
    ),
    "its certificate has ended": ("validity", lambda f: f.fields(Voice.expired)),
    "its certificate begins tomorrow": ("validity", lambda f: f.fields(Voice.not_yet)),
    "no certificate comes along": ("certificate", lambda f: _signed_without(f, "signPubKeyCert")),
    "its certificate is an empty text": ("certificate", lambda f: f.fields() | {"signPubKeyCert": ""}),
    "its certificate is no certificate": ("certificate", lambda f: f.fields() | {"signPubKeyCert": "MIIB"}),
    "two certificates come along, the bank's first": (
        "certificate",
        lambda f: _signed_with(f, pem(f, Voice.bank) + pem(f, Voice.foreign), Voice.foreign),
    ),
    "two certificates come along, the bank's last": (
        "certificate",
        lambda f: _signed_with(f, pem(f, Voice.foreign) + pem(f, Voice.bank), Voice.foreign),
    ),
    "its certificate has a key of another kind": ("certificate", elliptic),
    "its certificate has a key of 1024 bits": (
        "certificate",
        lambda f: f.with_leaf((CN, f"041@Z@{TEST}@1"), key=generate_private_key(65537, 1024)),
    ),
    "the bank's certificate comes with a stranger's signature": (
        "signature",
        lambda f: forge(f.facts(), f.authority, Voice.foreign, claiming=Voice.bank),
    ),
    "another good certificate of the bank was put in afterwards": (
        "signature",
        lambda f: f.fields() | {"signPubKeyCert": pem(f, Voice.company)},
    ),
    # owner
    "its certificate is another customer's of the same authority": ("name", lambda f: f.fields(Voice.wrong_name)),
    "its certificate is our own, by somebody who stole our key": ("name", lambda f: f.fields(Voice.merchant)),
    "the bank's name is the second part of its owner's": ("name", lambda f: f.with_leaf((CN, f"041@{TEST}@x@1"))),
    "the bank's name is the fourth part of its owner's": ("name", lambda f: f.with_leaf((CN, f"041@x@y@{TEST}"))),
    "its owner's name begins as the bank's does": ("name", lambda f: f.with_leaf((CN, f"041@Z@{TEST}S@1"))),
    "its owner's name is the bank's in small letters": ("name", lambda f: f.with_leaf((CN, f"041@Z@{TEST.lower()}@1"))),
    "its owner's name has a space behind the bank's": ("name", lambda f: f.with_leaf((CN, f"041@Z@{TEST} @1"))),
    "the bank's name stands in the organisation, not in the CN": (
        "name",
        lambda f: f.with_leaf((NameOID.ORGANIZATION_NAME, f"CN=041@Z@{TEST}@1"), (CN, "x")),
    ),
    "it has two names, one of them the bank's": (
        "name",
        lambda f: f.with_leaf((CN, f"041@Z@{TEST}@1"), (CN, "041@Z@x@1")),
    ),
    "it has no name": ("name", lambda f: f.with_leaf((NameOID.ORGANIZATION_NAME, "DRILL"))),
    # signature
    "no signature": ("signature", lambda f: _signed_without(f, "signature")),
    "an empty signature": ("signature", lambda f: f.fields() | {"signature": ""}),
    "a signature that is no base64": ("signature", lambda f: f.fields() | {"signature": "???"}),
    "a signature that is cut short": ("signature", lambda f: f.fields() | {"signature": f.fields()["signature"][:-8]}),
    "a signature in the alphabet of addresses": (
        "signature",
        lambda f: next(_in_url_alphabet(f)),
    ),
    "a signature of zeros": ("signature", lambda f: f.fields() | {"signature": b64encode(bytes(256)).decode()}),
    "a digest instead of a signature, as signMethod 11 has it": (
        "signature",
        lambda f: f.fields() | {"signature": hexed(lines(f.fields())).decode()},
    ),
    "signed over the text itself, hashed once": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: lines(x).encode()),
    ),
    "signed over the digest's octets, not its hexadecimal digits": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: sha256(lines(x).encode()).digest()),
    ),
    "signed over capital hexadecimal digits": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: hexed(lines(x)).upper()),
    ),
    "signed over SHA-1, as version 5.0.0 has it": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: sha1(lines(x).encode()).hexdigest().encode()),
    ),
    "signed with another padding": ("signature", lambda f: f.signed_otherwise(lambda x: hexed(lines(x)), pss=True)),
    "signed without its certificate": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: hexed(lines(x, without=("signature", "signPubKeyCert")))),
    ),
    "signed without what is ours to give back": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: hexed(lines(x, without=("signature", "reqReserved")))),
    ),
    "signed over URL-encoded values": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: hexed(lines({name: quote(value) for name, value in x.items()}))),
    ),
    "signed over unsorted fields": (
        "signature",
        lambda f: f.signed_otherwise(lambda x: hexed("&".join(f"{name}={value}" for name, value in x.items()))),
    ),
    # altered
    "a larger amount after signing": ("signature", lambda f: f.fields() | {"txnAmt": "100000"}),
    "another order after signing": ("signature", lambda f: f.fields() | {"orderId": ORDER[::-1]}),
    "a failure that was made a success after signing": (
        "signature",
        lambda f: f.fields(respCode="01") | {"respCode": "00"},
    ),
    "another merchant's notification with ours put in": (
        "signature",
        lambda f: f.fields(merId="777290058110049") | {"merId": MERCHANT_ID},
    ),
    "a field more after signing": ("signature", lambda f: f.fields() | {"zzz": "1"}),
    "a field less after signing": ("signature", lambda f: {n: v for n, v in f.fields().items() if n != "settleDate"}),
}


def _signed_without(forger: Forger, name: str) -> Fields:
    return {key: value for key, value in forger.fields().items() if key != name}


def _signed_with(forger: Forger, certificates: str, voice: Voice) -> Fields:
    fields = forger.facts() | {"signPubKeyCert": certificates}
    made = signer_of(forger.authority, voice).key.sign(hexed(lines(fields)), PKCS1v15(), hashes.SHA256())
    return fields | {"signature": b64encode(made).decode()}


def _in_url_alphabet(forger: Forger) -> Iterator[Fields]:
    """One whose signature is written otherwise there, as nearly every one is."""
    for number in range(100):
        fields = forger.fields(reqReserved=f"lunch{number}")
        encoded = fields["signature"].replace("+", "-").replace("/", "_")
        if encoded != fields["signature"]:
            yield fields | {"signature": encoded}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forgery_is_refused(adapter: UnionPay, forger: Forger, case: str) -> None:
    problem, forge = FORGERIES[case]
    with pytest.raises(NotificationRefused) as refused:
        adapter.verify(FORM, urlencode(forge(forger)).encode())
    assert refused.value.problem == problem
    assert ORDER not in str(refused.value)


async def test_the_test_environments_certificate_is_refused_for_real_money(forger: Forger) -> None:
    bodies = {voice: urlencode(forger.fields(voice)).encode() for voice in (Voice.bank, Voice.company)}
    async with aiohttp.ClientSession() as session:
        real = bank_of(forger.authority, Environment.real, session)
        drill = bank_of(forger.authority, Environment.drill, session)
        assert real.verify(FORM, bodies[Voice.company]).order == ORDER
        with pytest.raises(NotificationRefused) as refused:
            real.verify(FORM, bodies[Voice.bank])
        assert refused.value.problem == "name"
        assert [drill.verify(FORM, body).order for body in bodies.values()] == [ORDER, ORDER]


def test_a_middle_authority_of_another_root_is_refused(forger: Forger) -> None:
    middle, stranger = (signer_of(forger.authority, voice).certificate for voice in (Voice.middle, Voice.self_signed))
    check_authentic(forger.fields(), root(forger).certificate, middle, Environment.drill, NOW)
    with pytest.raises(NotAuthentic) as unproved:
        check_authentic(forger.fields(), stranger, middle, Environment.drill, NOW)
    assert unproved.value.problem == "chain"
