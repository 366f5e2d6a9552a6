"""Our key and certificate as merchant, and UnionPay's authorities, from the folder of credentials.

`merchant.key` and `merchant.crt`, or else `merchant.pfx` and `merchant.pass`; `root.crt` and `middle.crt`. All PEM but
the .pfx. What is wrong with one of them stops the start: the first donation is no place to learn of it.
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

_LARGEST = 64 * 1024
_LEAST_BITS = 2048
_SOON = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`files`: each certificate with the name of its file."""

    key: RSAPrivateKey
    merchant: x509.Certificate
    root: x509.Certificate
    middle: x509.Certificate
    files: tuple[tuple[str, x509.Certificate], ...]

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        """What ends within ninety days."""
        ends = [Expiring(name, certificate.not_valid_after_utc) for name, certificate in self.files]
        return tuple(end for end in ends if end.until < now + _SOON)


def read_credentials(folder: Path, now: datetime) -> Credentials:
    """Raises CredentialsRefused, which names the file and what was expected."""
    root, middle = folder / "root.crt", folder / "middle.crt"
    pfx = folder / "merchant.pfx"
    pair = _unpacked(pfx, folder / "merchant.pass") if pfx.exists() else _pair(folder)
    authorities = {root: _certificate(root), middle: _certificate(middle)}
    own = pfx if pfx.exists() else folder / "merchant.crt"
    for file, certificate in {own: pair[1], **authorities}.items():
        _check_time(file, certificate, now)
    for file, certificate in authorities.items():
        if not is_authority(certificate):
            raise CredentialsRefused(f"{file}: the certificate of an authority is expected, this one may issue none")
    if not issued_by(authorities[root], authorities[root]):
        raise CredentialsRefused(f"{root}: the authority's own certificate, signed by itself, is expected")
    if not issued_by(authorities[middle], authorities[root]):
        raise CredentialsRefused(f"{middle}: a certificate that was issued by the one in root.crt is expected")
    if pair[1].issuer == authorities[middle].subject and not issued_by(pair[1], authorities[middle]):
        raise CredentialsRefused(f"{own}: says that middle.crt issued it, which is not so")
    files = ((own.name, pair[1]), (middle.name, authorities[middle]), (root.name, authorities[root]))
    return Credentials(pair[0], pair[1], authorities[root], authorities[middle], files)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name stands in the certificate, and its signature too."""
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


def _pair(folder: Path) -> tuple[RSAPrivateKey, x509.Certificate]:
    file = folder / "merchant.key"
    try:
        key = load_pem_private_key(_octets(file), None)
    except TypeError as error:
        raise CredentialsRefused(
            f"{file}: a key without a password is expected, readable by the server alone; or use merchant.pfx"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsRefused(f"{file}: a private key in PEM is expected") from error
    return _fitting(file, key, folder / "merchant.crt", _certificate(folder / "merchant.crt"))


def _unpacked(pfx: Path, secret: Path) -> tuple[RSAPrivateKey, x509.Certificate]:
    for file in (pfx.with_name("merchant.key"), pfx.with_name("merchant.crt")):
        if file.exists():
            raise CredentialsRefused(f"{file}: stands beside merchant.pfx; only one of them is expected")
    password = _octets(secret).rstrip(b"\r\n")
    try:
        bag = load_pkcs12(_octets(pfx), password)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsRefused(f"{pfx}: not PKCS#12, or merchant.pass does not hold its password") from error
    if bag.cert is None or bag.key is None:
        raise CredentialsRefused(f"{pfx}: a private key together with its certificate is expected")
    return _fitting(pfx, bag.key, pfx, bag.cert.certificate)


def _fitting(
    key_file: Path, key: object, file: Path, certificate: x509.Certificate
) -> tuple[RSAPrivateKey, x509.Certificate]:
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise CredentialsRefused(f"{key_file}: an RSA key of at least {_LEAST_BITS} bits is expected")
    public = certificate.public_key()
    if not isinstance(public, RSAPublicKey) or public.public_numbers() != key.public_key().public_numbers():
        raise CredentialsRefused(
            f"{file}: the certificate of the key in {key_file.name} is expected, this is another's"
        )
    return key, certificate


def _certificate(file: Path) -> x509.Certificate:
    """The one certificate in a file."""
    try:
        found = x509.load_pem_x509_certificates(_octets(file))
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


def _octets(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            octets = opened.read(_LARGEST + 1)
    except OSError as error:
        raise CredentialsRefused(f"{file} cannot be read: {error.strerror}") from error
    if len(octets) > _LARGEST:
        raise CredentialsRefused(f"{file}: more than 64 KiB; a key or certificate is expected")
    return octets
