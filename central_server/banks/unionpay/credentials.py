"""Read the merchant's key and certificate and UnionPay's authorities from the credentials folder.

Files: `merchant.key` and `merchant.crt`, or `merchant.pfx` and `merchant.pass`; `root.crt` and `middle.crt`. All are
PEM
except the .pfx. An invalid file stops the start of the server, so that no donation fails because of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from central_server.banks.port import CredentialsRefused, Expiring

_MAX_BYTES = 64 * 1024
MIN_KEY_BITS = 2048
"""Of every RSA key: ours, the authorities' and UnionPay's."""
_EXPIRY_WARNING = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`files`: each certificate with the name of its file."""

    key: RSAPrivateKey
    merchant: x509.Certificate
    root: x509.Certificate
    middle: x509.Certificate
    files: tuple[tuple[str, x509.Certificate], ...]

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        """Return the certificates that expire within ninety days."""
        ends = [Expiring(name, certificate.not_valid_after_utc) for name, certificate in self.files]
        return tuple(end for end in ends if end.until < now + _EXPIRY_WARNING)


def read_credentials(folder: Path, now: datetime) -> Credentials:
    """Raises CredentialsRefused, which names the file and what was expected."""
    root, middle = folder / "root.crt", folder / "middle.crt"
    pfx = folder / "merchant.pfx"
    key, merchant = _read_pfx(pfx, folder / "merchant.pass") if pfx.exists() else _read_pem_pair(folder)
    authorities = {root: _certificate(root), middle: _certificate(middle)}
    own = pfx if pfx.exists() else folder / "merchant.crt"
    for file, certificate in {own: merchant, **authorities}.items():
        _check_time(file, certificate, now)
    for file, certificate in authorities.items():
        public = certificate.public_key()
        if not isinstance(public, RSAPublicKey) or public.key_size < MIN_KEY_BITS:
            raise CredentialsRefused(f"{file}: an RSA key of at least {MIN_KEY_BITS} bits is expected")
        if not is_authority(certificate):
            raise CredentialsRefused(f"{file}: a certificate of an authority is expected, this one may not issue any")
    if not issued_by(authorities[root], authorities[root]):
        raise CredentialsRefused(f"{root}: the authority's own certificate, signed by itself, is expected")
    if not issued_by(authorities[middle], authorities[root]):
        raise CredentialsRefused(f"{middle}: a certificate that was issued by the one in root.crt is expected")
    if merchant.issuer == authorities[middle].subject and not issued_by(merchant, authorities[middle]):
        raise CredentialsRefused(f"{own}: names middle.crt as its issuer, but is not signed by it")
    files = ((own.name, merchant), (middle.name, authorities[middle]), (root.name, authorities[root]))
    return Credentials(key, merchant, authorities[root], authorities[middle], files)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the certificate names the issuer and carries its valid signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _read_pem_pair(folder: Path) -> tuple[RSAPrivateKey, x509.Certificate]:
    file = folder / "merchant.key"
    try:
        key = load_pem_private_key(_read_bytes(file), None)
    except TypeError as error:
        raise CredentialsRefused(
            f"{file}: a key without a password is expected, readable by the server alone; or use merchant.pfx"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsRefused(f"{file}: a private key in PEM is expected") from error
    return _check_pair(file, key, folder / "merchant.crt", _certificate(folder / "merchant.crt"))


def _read_pfx(pfx: Path, secret: Path) -> tuple[RSAPrivateKey, x509.Certificate]:
    for file in (pfx.with_name("merchant.key"), pfx.with_name("merchant.crt")):
        if file.exists():
            raise CredentialsRefused(f"{file}: exists together with merchant.pfx; only one of them is expected")
    password = _read_bytes(secret).rstrip(b"\r\n")
    try:
        bundle = load_pkcs12(_read_bytes(pfx), password)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsRefused(f"{pfx}: not PKCS#12, or merchant.pass does not hold its password") from error
    if bundle.cert is None or bundle.key is None:
        raise CredentialsRefused(f"{pfx}: a private key together with its certificate is expected")
    return _check_pair(pfx, bundle.key, pfx, bundle.cert.certificate)


def _check_pair(
    key_file: Path, key: object, file: Path, certificate: x509.Certificate
) -> tuple[RSAPrivateKey, x509.Certificate]:
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_KEY_BITS:
        raise CredentialsRefused(f"{key_file}: an RSA key of at least {MIN_KEY_BITS} bits is expected")
    public = certificate.public_key()
    if not isinstance(public, RSAPublicKey) or public.public_numbers() != key.public_key().public_numbers():
        raise CredentialsRefused(
            f"{file}: the certificate of the key in {key_file.name} is expected, this one belongs to another key"
        )
    return key, certificate


def _certificate(file: Path) -> x509.Certificate:
    """Read the only certificate of a file."""
    try:
        found = x509.load_pem_x509_certificates(_read_bytes(file))
    except ValueError as error:
        raise CredentialsRefused(f"{file}: a certificate in PEM is expected") from error
    if len(found) != 1:
        raise CredentialsRefused(f"{file}: one certificate is expected, not {len(found)}")
    return found[0]


def _check_time(file: Path, certificate: x509.Certificate, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= ends:
        raise CredentialsRefused(f"{file}: a valid certificate is expected, this one ended on {ends:%Y-%m-%d}")
    if now < begins:
        raise CredentialsRefused(f"{file}: a valid certificate is expected, this one begins on {begins:%Y-%m-%d}")


def _read_bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CredentialsRefused(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise CredentialsRefused(f"{file}: more than 64 KiB; a key or certificate is expected")
    return content
