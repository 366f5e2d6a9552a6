"""Paid comes only from UnionPay's own word: what else may arrive at backUrl, each killing a mistake of its own.

| kind | the mistakes |
|---|---|
| certificate | believing whatever comes along; its dates, its issuer, its owner, its key unchecked |
| owner | the owner's name searched for anywhere instead of read as the third part of the one CN |
| signature | the text put together, hashed, signed or written otherwise than agreed |
| altered | a field that the signature does not cover |
| facts | signed rightly, but for another merchant, currency, kind, state or order |
| form | one body that two readers understand differently |
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1, sha256
from urllib.parse import parse_qs, quote, urlencode

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from central_server.bank_emulator.unionpay.authority import Authority, Voice
from central_server.bank_emulator.unionpay.certificates import DAY, issue
from central_server.bank_emulator.unionpay.forging import forged
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID, notification
from central_server.bank_emulator.unionpay.signing import Signer, signed
from central_server.banks.port import Movement, NotificationRefused
from central_server.banks.unionpay.credentials import read_credentials
from central_server.banks.unionpay.gateway import Addresses, UnionPay
from central_server.banks.unionpay.proof import Unproved, prove
from central_server.banks.unionpay.requests import Merchant
from sync_contract.money import Money
from sync_contract.strict import Environment
from tests.fakes.unionpay import FORM, authority_in

NOW = datetime.now(UTC)
ORDER = "01935f6a0b7c7d3e8f90a1b2c3d4e5f6"
QUERY_ID = "202611271430001234567"
Fields = dict[str, str]


@dataclass(frozen=True)
class Forger:
    """Everybody's keys in one hand: those of the bank too, for what it would sign itself but never does."""

    authority: Authority

    def facts(self, **changes: str | None) -> Fields:
        """What the bank says of an order of 10 yuan that was paid; `None` leaves a field out."""
        return notification(
            order_id=ORDER,
            txn_time="20261127143000",
            amount=1000,
            query_id=QUERY_ID,
            trace_no="123456",
            trace_time="1127143012",
            settle_date="1127",
            changes={"reqReserved": "lunch", **changes},
        )

    def fields(self, voice: Voice = Voice.bank, **changes: str | None) -> Fields:
        return forged(self.facts(**changes), self.authority, voice)

    def with_leaf(self, *attributes: tuple[x509.ObjectIdentifier, str], issuer: Voice = Voice.middle) -> Fields:
        """Signed with a certificate of this subject, which the authority has given to somebody."""
        by, key = self.authority.signer(issuer), self.authority.signer(Voice.bank).key
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(kind, text) for kind, text in attributes]))
            .issuer_name(by.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
            .sign(by.key, hashes.SHA256())
        )
        return signed(self.facts(), Signer(made, key))

    def signed_otherwise(self, text: Callable[[Fields], bytes], *, pss: bool = False) -> Fields:
        """By the bank's own key, over another text."""
        bank = self.authority.signer(Voice.bank)
        fields = self.facts() | {"signPubKeyCert": bank.certificate_text}
        padding = PSS(MGF1(hashes.SHA256()), 32) if pss else PKCS1v15()
        made = bank.key.sign(text(fields), padding, hashes.SHA256())
        return fields | {"signature": b64encode(made).decode()}


def lines(fields: Mapping[str, str], *, without: tuple[str, ...] = ("signature",)) -> str:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in without)


def hexed(text: str) -> bytes:
    return sha256(text.encode()).hexdigest().encode()


def elliptic(forger: Forger) -> Fields:
    by, key = forger.authority.signer(Voice.middle), ec.generate_private_key(ec.SECP256R1())
    bank = forger.authority.signer(Voice.bank).certificate
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
    return forger.authority.signer(voice).certificate_text


CN = NameOID.COMMON_NAME
TEST = "00040000:SIGN"
UNBELIEVED: dict[str, tuple[str, Callable[[Forger], Fields]]] = {
    # certificate
    "its certificate is of another authority with the very same names": ("chain", lambda f: f.fields(Voice.foreign)),
    "its certificate is signed by itself": ("chain", lambda f: f.fields(Voice.self_signed)),
    "its certificate was issued by a merchant, who may issue none": ("chain", lambda f: f.fields(Voice.under_leaf)),
    "its certificate is the pinned authority's own": ("chain", lambda f: f.fields(Voice.middle)),
    "its certificate comes from the root, past the middle authority": (
        "chain",
        lambda f: signed(f.facts(), issue(f"041@Z@{TEST}@1", f.authority.signer(Voice.bank).key, _root(f))),
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
    "the bank's certificate comes with a stranger's signature": (
        "signature",
        lambda f: forged(f.facts(), f.authority, Voice.foreign, claiming=Voice.bank),
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
    # facts
    "another merchant's": ("merchant", lambda f: f.fields(merId="777290058110049")),
    "nobody's in particular": ("merchant", lambda f: f.fields(merId=None)),
    "in dollars": ("currency", lambda f: f.fields(currencyCode="840")),
    "in letters for yuan": ("currency", lambda f: f.fields(currencyCode="CNY")),
    "without a currency": ("currency", lambda f: f.fields(currencyCode=None)),
    "a pre-authorisation, which moves no money": ("kind", lambda f: f.fields(txnType="02")),
    "the answer to a query": ("kind", lambda f: f.fields(txnType="00")),
    "the answer to a query about a failed payment, whose kind it repeats": (
        "kind",
        lambda f: f.fields(origRespCode="01"),
    ),
    "without saying what it is about": ("kind", lambda f: f.fields(txnType=None)),
    "of another product": ("kind", lambda f: f.fields(bizType="000301")),
    "a failed payment": ("state", lambda f: f.fields(respCode="01")),
    "a payment whose state is not clear": ("state", lambda f: f.fields(respCode="04")),
    "an accepted payment, which is not a done one": ("state", lambda f: f.fields(respCode="05")),
    "a payment after its time, which the bank gives back": ("state", lambda f: f.fields(respCode="42")),
    "a code in small letters": ("state", lambda f: f.fields(respCode="a6")),
    "a number of one digit for the code": ("state", lambda f: f.fields(respCode="0")),
    "without a code": ("state", lambda f: f.fields(respCode=None)),
    "an older version, whose digest is weaker": ("version", lambda f: f.fields(version="5.0.0")),
    "signed by a shared secret, so it says": ("version", lambda f: f.fields(signMethod="11")),
    "in another encoding, so it says": ("version", lambda f: f.fields(encoding="GBK")),
    "an order in capitals": ("order", lambda f: f.fields(orderId=ORDER.upper())),
    "an order of another shape than ours": ("order", lambda f: f.fields(orderId="20261127HD0001")),
    "without an order": ("order", lambda f: f.fields(orderId=None)),
    "a time that there is not": ("order", lambda f: f.fields(txnTime="20261332143000")),
    "a time in other digits": ("order", lambda f: f.fields(txnTime="２０２６１１２７１４３０００")),
    "without the order's time": ("order", lambda f: f.fields(txnTime=None)),
    "an amount of nothing": ("content", lambda f: f.fields(txnAmt="0")),
    "an amount below nothing": ("content", lambda f: f.fields(txnAmt="-1000")),
    "an amount in yuan with a point": ("content", lambda f: f.fields(txnAmt="10.00")),
    "an amount with a sign": ("content", lambda f: f.fields(txnAmt="+1000")),
    "an amount with underscores, which Python reads": ("content", lambda f: f.fields(txnAmt="1_000")),
    "an amount in other digits, which Python reads": ("content", lambda f: f.fields(txnAmt="１０００")),
    "an amount in exponents": ("content", lambda f: f.fields(txnAmt="1e3")),
    "an amount of thirty digits": ("content", lambda f: f.fields(txnAmt="1" * 30)),
    "without an amount": ("content", lambda f: f.fields(txnAmt=None)),
    "without the number of the payment": ("content", lambda f: f.fields(queryId=None)),
    "a number of the payment that would not fit a refund": ("content", lambda f: f.fields(queryId="2026112714300012")),
}
Odd = tuple[Mapping[str, str], bytes]
ODD: dict[str, tuple[str, Callable[[bytes], Odd]]] = {
    # form
    "as plain text": ("content_type", lambda good: ({"Content-Type": "text/plain"}, good)),
    "as JSON": ("content_type", lambda good: ({"Content-Type": "application/json"}, good)),
    "in parts": ("content_type", lambda good: ({"Content-Type": "multipart/form-data; boundary=x"}, good)),
    "in another encoding": ("content_type", lambda good: ({"Content-Type": FORM["Content-Type"][:-5] + "GBK"}, good)),
    "without saying what it is": ("content_type", lambda good: ({}, good)),
    "as two things at once": (
        "content_type",
        lambda good: (FORM | {"content-type": "application/json"}, good),
    ),
    "longer than any notification": ("size", lambda good: (FORM, good + b"&x=" + b"1" * 20_000)),
    "empty": ("content", lambda good: (FORM, b"")),
    "no pairs": ("content", lambda good: (FORM, b"paid")),
    "with the amount twice, the true one first": ("content", lambda good: (FORM, good + b"&txnAmt=100000")),
    "with the amount twice, the true one last": ("content", lambda good: (FORM, b"txnAmt=100000&" + good)),
    "with an empty field twice": ("content", lambda good: (FORM, good + b"&x=&x=")),
    "with octets that no form has": ("content", lambda good: (FORM, good + "&x=元".encode())),
    "with octets that are no text": ("content", lambda good: (FORM, good + b"&x=%ff%fe")),
    "with more fields than any": ("content", lambda good: (FORM, good + b"".join(b"&x%d=1" % n for n in range(70)))),
    "with semicolons between its fields": ("certificate", lambda good: (FORM, good.replace(b"&", b";"))),
    "not URL-encoded, as answers are": (
        "certificate",
        lambda good: (
            FORM,
            "&".join(f"{n}={v[0]}" for n, v in parse_qs(good.decode()).items()).encode("ascii", "ignore"),
        ),
    ),
}


def _root(forger: Forger) -> Signer:
    folder = forger.authority.folder
    key = load_pem_private_key((folder / "root.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return Signer(x509.load_pem_x509_certificate((folder / "root.crt").read_bytes()), key)


def _signed_without(forger: Forger, name: str) -> Fields:
    return {key: value for key, value in forger.fields().items() if key != name}


def _signed_with(forger: Forger, certificates: str, voice: Voice) -> Fields:
    fields = forger.facts() | {"signPubKeyCert": certificates}
    made = forger.authority.signer(voice).key.sign(hexed(lines(fields)), PKCS1v15(), hashes.SHA256())
    return fields | {"signature": b64encode(made).decode()}


def _in_url_alphabet(forger: Forger) -> Iterator[Fields]:
    """One whose signature is written otherwise there, as nearly every one is."""
    for number in range(100):
        fields = forger.fields(reqReserved=f"lunch{number}")
        told = fields["signature"].replace("+", "-").replace("/", "_")
        if told != fields["signature"]:
            yield fields | {"signature": told}


def bank_of(authority: Authority, environment: Environment, session: aiohttp.ClientSession) -> UnionPay:
    credentials = read_credentials(authority.merchant_folder, NOW)
    return UnionPay(Addresses("http://x", "http://x/"), Merchant(MERCHANT_ID), credentials, environment, session, _now)


def _now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Forger:
    return Forger(authority_in(tmp_path_factory.mktemp("bank")))


@pytest.fixture
async def unionpay(forger: Forger) -> AsyncIterator[UnionPay]:
    async with aiohttp.ClientSession() as session:
        yield bank_of(forger.authority, Environment.drill, session)


def test_there_are_more_of_them_than_forty_nine() -> None:
    assert len(UNBELIEVED) + len(ODD) >= 49
    assert not UNBELIEVED.keys() & ODD.keys()


def test_the_right_notification_is_believed(unionpay: UnionPay, forger: Forger) -> None:
    told = unionpay.verify(FORM, urlencode(forger.fields()).encode())
    assert (told.id, told.order, told.amount, told.evidence) == (QUERY_ID, ORDER, Money(1000), QUERY_ID)
    assert (told.movement, told.flawed) == (Movement.payment, False)
    assert told.at == datetime(2026, 11, 27, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("sentence", UNBELIEVED)
def test_it_is_not_believed(unionpay: UnionPay, forger: Forger, sentence: str) -> None:
    word, forge = UNBELIEVED[sentence]
    with pytest.raises(NotificationRefused) as refused:
        unionpay.verify(FORM, urlencode(forge(forger)).encode())
    assert refused.value.word == word
    assert ORDER not in str(refused.value)


@pytest.mark.parametrize("sentence", ODD)
def test_it_is_not_read(unionpay: UnionPay, forger: Forger, sentence: str) -> None:
    word, bend = ODD[sentence]
    headers, body = bend(urlencode(forger.fields()).encode())
    with pytest.raises(NotificationRefused) as refused:
        unionpay.verify(headers, body)
    assert refused.value.word == word


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded; charset=utf-8",
    ],
)
def test_a_form_is_known_by_its_content_type(unionpay: UnionPay, forger: Forger, content_type: str) -> None:
    assert unionpay.verify({"Content-Type": content_type}, urlencode(forger.fields()).encode()).order == ORDER


async def test_real_money_is_never_believed_from_the_test_environment(forger: Forger) -> None:
    bodies = {voice: urlencode(forger.fields(voice)).encode() for voice in (Voice.bank, Voice.company)}
    async with aiohttp.ClientSession() as session:
        real = bank_of(forger.authority, Environment.real, session)
        drill = bank_of(forger.authority, Environment.drill, session)
        assert real.verify(FORM, bodies[Voice.company]).order == ORDER
        with pytest.raises(NotificationRefused) as refused:
            real.verify(FORM, bodies[Voice.bank])
        assert refused.value.word == "name"
        assert [drill.verify(FORM, body).order for body in bodies.values()] == [ORDER, ORDER]


def test_a_middle_authority_that_the_root_does_not_know_proves_nothing(forger: Forger) -> None:
    middle, stranger = (forger.authority.signer(voice).certificate for voice in (Voice.middle, Voice.self_signed))
    prove(forger.fields(), _root(forger).certificate, middle, Environment.drill, NOW)
    with pytest.raises(Unproved) as unproved:
        prove(forger.fields(), stranger, middle, Environment.drill, NOW)
    assert unproved.value.doubt == "chain"


def test_a_flawed_success_is_paid_and_marked(unionpay: UnionPay, forger: Forger) -> None:
    assert unionpay.verify(FORM, urlencode(forger.fields(respCode="A6")).encode()).flawed


@pytest.mark.parametrize("kind", ["04", "31"])
def test_a_refund_is_no_payment(unionpay: UnionPay, forger: Forger, kind: str) -> None:
    told = unionpay.verify(FORM, urlencode(forger.fields(txnType=kind, txnSubType="00")).encode())
    assert told.movement is Movement.refund


def test_nothing_that_leads_to_a_card_is_kept(unionpay: UnionPay, forger: Forger) -> None:
    card = {
        "accNo": "6216260000000000018",
        "payCardNo": "000018",
        "payCardIssueName": "A Bank",
        "reserved": "{cardNo=1}",
    }
    fields = forger.fields(Voice.bank, **card, somethingNew="6216260000000000018", payCardType="01")
    kept = unionpay.verify(FORM, urlencode(fields).encode()).content
    for value in (*card.values(), fields["signature"], "accNo", "payCard", "somethingNew"):
        assert quote(value, safe="") not in kept
        assert value not in kept
    assert parse_qs(kept)["queryId"] == [QUERY_ID]
    # The signature goes too: with it, and the rest of the fields, a masked number could be found by trying.
    assert "signature=" not in kept


def test_a_notification_without_a_card_is_kept_word_for_word(unionpay: UnionPay, forger: Forger) -> None:
    body = urlencode(forger.fields())
    assert unionpay.verify(FORM, body.encode()).content == body
