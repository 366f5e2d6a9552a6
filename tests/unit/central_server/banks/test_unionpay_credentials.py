"""A missing or invalid key or certificate stops the start and is reported with its file name."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.certificates import DAY, issue
from central_server.bank_emulator.unionpay.signing import Signer
from central_server.banks.port import CredentialsRefused
from central_server.banks.registry import BANKS
from central_server.banks.unionpay.credentials import read_credentials
from tests.fakes.unionpay import account_at, authority_in
from tests.fakes.unionpay_forging import Voice, signer_of

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return authority_in(tmp_path / "bank")


def key_of(authority: Authority) -> RSAPrivateKey:
    key = load_pem_private_key((authority.merchant_folder / "merchant.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def put(authority: Authority, name: str, certificate: x509.Certificate) -> None:
    (authority.merchant_folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))


def private(key: RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    sealed = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def root_of(authority: Authority) -> Signer:
    key = load_pem_private_key((authority.folder / "root.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return Signer(x509.load_pem_x509_certificate((authority.folder / "root.crt").read_bytes()), key)


def writes(name: str, content: Callable[[Authority], bytes]) -> Callable[[Authority], None]:
    def write(authority: Authority) -> None:
        (authority.merchant_folder / name).write_bytes(content(authority))

    return write


def reissued(name: str, make: Callable[[Authority], Signer]) -> Callable[[Authority], None]:
    return lambda authority: put(authority, name, make(authority).certificate)


def is_gone(name: str) -> Callable[[Authority], None]:
    return lambda authority: (authority.merchant_folder / name).unlink()


def ours(authority: Authority, by: Voice = Voice.middle, *, begins: timedelta, ends: timedelta) -> Signer:
    """Named as issued by the middle authority, and signed with the key of `by`."""
    issuer = Signer(signer_of(authority, Voice.middle).certificate, signer_of(authority, by).key)
    return issue("041@8777290058110048@x@1", key_of(authority), issuer, begins=begins, ends=ends)


WRONG: dict[str, tuple[str, str, Callable[[Authority], None]]] = {
    "no key": ("merchant.key", "cannot be read", is_gone("merchant.key")),
    "no certificate": ("merchant.crt", "cannot be read", is_gone("merchant.crt")),
    "no root": ("root.crt", "cannot be read", is_gone("root.crt")),
    "no middle authority": ("middle.crt", "cannot be read", is_gone("middle.crt")),
    "a key that is empty": ("merchant.key", "private key in PEM", writes("merchant.key", lambda a: b"")),
    "a certificate for the key": (
        "merchant.key",
        "private key in PEM",
        writes("merchant.key", lambda a: (a.merchant_folder / "merchant.crt").read_bytes()),
    ),
    "a key for the certificate": (
        "merchant.crt",
        "certificate in PEM",
        writes("merchant.crt", lambda a: private(key_of(a))),
    ),
    "a certificate in octets (DER)": (
        "merchant.crt",
        "certificate in PEM",
        writes("merchant.crt", lambda a: a.merchant.public_bytes(Encoding.DER)),
    ),
    "two certificates in one file": (
        "root.crt",
        "one certificate is expected, not 2",
        writes("root.crt", lambda a: (a.merchant_folder / "root.crt").read_bytes() * 2),
    ),
    "a file that is far too long": ("root.crt", "64 KiB", writes("root.crt", lambda a: b"x" * 70_000)),
    "a key with a password": (
        "merchant.key",
        "without a password",
        writes("merchant.key", lambda a: private(key_of(a), b"x")),
    ),
    "a key of another kind": (
        "merchant.key",
        "RSA key of at least 2048",
        writes("merchant.key", lambda a: private(ec.generate_private_key(ec.SECP256R1()))),
    ),
    "a key that is too short": (
        "merchant.key",
        "RSA key of at least 2048",
        writes("merchant.key", lambda a: private(generate_private_key(public_exponent=65537, key_size=1024))),
    ),
    "another key than the certificate's": (
        "merchant.crt",
        "another key",
        writes("merchant.key", lambda a: private(signer_of(a, Voice.bank).key)),
    ),
    "a certificate that has ended": (
        "merchant.crt",
        "ended on",
        reissued("merchant.crt", lambda a: ours(a, begins=-9 * DAY, ends=-DAY)),
    ),
    "a certificate that begins tomorrow": (
        "merchant.crt",
        "begins on",
        reissued("merchant.crt", lambda a: ours(a, begins=DAY, ends=9 * DAY)),
    ),
    "a certificate that somebody made in the authority's name": (
        "merchant.crt",
        "not signed by it",
        reissued("merchant.crt", lambda a: ours(a, Voice.foreign, begins=-DAY, ends=DAY)),
    ),
    "root and middle authority in each other's place": (
        "root.crt",
        "signed by itself",
        lambda a: _swap(a.merchant_folder / "root.crt", a.merchant_folder / "middle.crt"),
    ),
    "a middle authority of another root": (
        "middle.crt",
        "issued by the one in root.crt",
        reissued("middle.crt", lambda a: issue("DRILL CFCA OCA1", signer_of(a, Voice.bank).key, None, authority=True)),
    ),
    "the bank's own certificate for the middle authority": (
        "middle.crt",
        "may not issue any",
        reissued("middle.crt", lambda a: signer_of(a, Voice.bank)),
    ),
    "a middle authority that has ended": (
        "middle.crt",
        "ended on",
        reissued(
            "middle.crt",
            lambda a: issue(
                "DRILL CFCA OCA1",
                signer_of(a, Voice.middle).key,
                root_of(a),
                authority=True,
                begins=-9 * DAY,
                ends=-DAY,
            ),
        ),
    ),
}


def _swap(one: Path, other: Path) -> None:
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_file_stops_the_start_with_its_name(authority: Authority, case: str) -> None:
    name, words, spoil = WRONG[case]
    spoil(authority)
    with pytest.raises(CredentialsRefused, match=words) as refused:
        async with BANKS["unionpay"](account_at("http://127.0.0.1:1", authority.merchant_folder)):
            pass
    assert str(authority.merchant_folder / name) in str(refused.value)
    assert "PRIVATE" not in str(refused.value)


def test_valid_credentials_are_read(authority: Authority) -> None:
    read = read_credentials(authority.merchant_folder, NOW)
    assert read.merchant == authority.merchant
    assert read.expiring(NOW) == ()


def test_expiry_within_ninety_days_is_reported(authority: Authority) -> None:
    made = ours(authority, begins=-DAY, ends=89 * DAY)
    put(authority, "merchant.crt", made.certificate)
    read = read_credentials(authority.merchant_folder, NOW)
    (soon,) = read.expiring(NOW)
    assert (soon.file, soon.until) == ("merchant.crt", made.certificate.not_valid_after_utc)
    assert read.expiring(NOW - 3 * DAY) == ()
    assert {each.file for each in read.expiring(NOW + timedelta(days=30 * 365))} == {
        "merchant.crt",
        "middle.crt",
        "root.crt",
    }


async def test_the_start_warns_of_a_soon_expiry(authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    put(authority, "merchant.crt", ours(authority, begins=-DAY, ends=20 * DAY).certificate)
    async with BANKS["unionpay"](account_at("http://127.0.0.1:1", authority.merchant_folder)) as bank:
        assert [soon.file for soon in bank.expiring(NOW)] == ["merchant.crt"]
    password_ = capsys.readouterr().out
    assert "credential.expiring" in password_
    assert "merchant.crt" in password_


def pfx(authority: Authority, password: bytes) -> bytes:
    certificate = authority.merchant
    return serialize_key_and_certificates(
        b"merchant", key_of(authority), certificate, None, BestAvailableEncryption(password)
    )


def with_pfx(authority: Authority, password: bytes, password_: bytes) -> Path:
    folder = authority.merchant_folder
    (folder / "merchant.pfx").write_bytes(pfx(authority, password))
    (folder / "merchant.pass").write_bytes(password_)
    for name in ("merchant.key", "merchant.crt"):
        (folder / name).unlink()
    return folder


@pytest.mark.parametrize("password", [b"secret", b"secret\n", b"secret\r\n"])
def test_the_banks_pfx_is_accepted(authority: Authority, password: bytes) -> None:
    folder = with_pfx(authority, b"secret", password)
    assert read_credentials(folder, NOW).merchant == authority.merchant


def test_a_wrong_pfx_password_is_reported_without_the_password(authority: Authority) -> None:
    folder = with_pfx(authority, b"secret", b"hunter2")
    with pytest.raises(CredentialsRefused, match=r"merchant\.pfx: .*merchant\.pass") as refused:
        read_credentials(folder, NOW)
    assert "hunter2" not in str(refused.value)
    (folder / "merchant.pass").unlink()
    with pytest.raises(CredentialsRefused, match=r"merchant\.pass cannot be read"):
        read_credentials(folder, NOW)


def test_a_pfx_together_with_pem_files_is_refused(authority: Authority) -> None:
    folder = authority.merchant_folder
    shutil.copy(folder / "merchant.key", folder / "kept")
    with_pfx(authority, b"secret", b"secret")
    shutil.move(folder / "kept", folder / "merchant.key")
    with pytest.raises(CredentialsRefused, match=r"merchant\.key: exists together with merchant\.pfx"):
        read_credentials(folder, NOW)
