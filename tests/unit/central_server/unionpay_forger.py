"""Forge messages with every key: UnionPay's, a stranger's, and ours."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.certificates import DAY
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.signing import Signer, sign
from central_server.banks.unionpay.credentials import read_credentials
from central_server.banks.unionpay.gateway import Addresses, UnionPay
from central_server.banks.unionpay.requests import Merchant
from sync_contract.strict_model import Environment
from tests.fakes.unionpay import build_paid_notification
from tests.fakes.unionpay_forging import Voice, forge, signer_of

NOW = datetime.now(UTC)
ORDER = "01935f6a0b7c7d3e8f90a1b2c3d4e5f6"
QUERY_ID = "202611271430001234567"
Fields = dict[str, str]


@dataclass(frozen=True)
class Forger:
    """All keys, including the bank's, to sign what the bank never signs."""

    authority: Authority

    def facts(self, **changes: str | None) -> Fields:
        """Return the bank's message about a paid order of 10 yuan; `None` omits a field."""
        return build_paid_notification(ORDER, QUERY_ID, **{"reqReserved": "lunch", **changes})

    def fields(self, voice: Voice = Voice.bank, **changes: str | None) -> Fields:
        return forge(self.facts(**changes), self.authority, voice)

    def with_leaf(
        self,
        *attributes: tuple[x509.ObjectIdentifier, str],
        issuer: Voice = Voice.middle,
        key: RSAPrivateKey | None = None,
    ) -> Fields:
        """Sign with a certificate of this subject, for `key` or the bank's own, that the authority issued."""
        by, key = signer_of(self.authority, issuer), key or signer_of(self.authority, Voice.bank).key
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
        return sign(self.facts(), Signer(made, key))

    def signed_otherwise(self, text: Callable[[Fields], bytes], *, pss: bool = False) -> Fields:
        """Sign another text with the bank's key."""
        bank = signer_of(self.authority, Voice.bank)
        fields = self.facts() | {"signPubKeyCert": bank.certificate_text}
        padding = PSS(MGF1(hashes.SHA256()), 32) if pss else PKCS1v15()
        made = bank.key.sign(text(fields), padding, hashes.SHA256())
        return fields | {"signature": b64encode(made).decode()}


def lines(fields: Mapping[str, str], *, without: tuple[str, ...] = ("signature",)) -> str:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in without)


def hexed(text: str) -> bytes:
    return sha256(text.encode()).hexdigest().encode()


def root(forger: Forger) -> Signer:
    folder = forger.authority.folder
    key = load_pem_private_key((folder / "root.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return Signer(x509.load_pem_x509_certificate((folder / "root.crt").read_bytes()), key)


def bank_of(authority: Authority, environment: Environment, session: aiohttp.ClientSession) -> UnionPay:
    credentials = read_credentials(authority.merchant_folder, NOW)
    return UnionPay(Addresses("http://x", "http://x/"), Merchant(MERCHANT_ID), credentials, environment, session, _now)


def _now() -> datetime:
    return NOW
