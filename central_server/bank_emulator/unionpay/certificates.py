"""Issue certificates as the CFCA would, for a drill."""

import secrets
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from central_server.bank_emulator.unionpay.signing import Signer

DAY = timedelta(days=1)
YEAR = 365 * DAY


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def issue(
    common_name: str,
    key: RSAPrivateKey,
    issuer: Signer | None,
    *,
    authority: bool = False,
    begins: timedelta = -DAY,
    ends: timedelta = 5 * YEAR,
) -> Signer:
    """Issue a certificate for `key`, self-signed if there is no issuer. `begins`, `ends`: from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "DRILL CFCA"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    parent = issuer.certificate.subject if issuer else subject
    parent_key = issuer.key if issuer else key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent)
        .public_key(key.public_key())
        .serial_number(10**10 + secrets.randbelow(9 * 10**10))  # eleven digits, as for real merchants
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority_key(parent_key.public_key()), critical=False)
        .sign(parent_key, SHA256())
    )
    return Signer(certificate, key)


def _authority_key(key: RSAPublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
