"""Signatures of version 5.1.0, signMethod 01: RSA over the hexadecimal digest of the sorted fields.

Written from the protocol, without the merchant's code. Fields are signed unchanged: the sender trims, drops and encodes
before.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class Signer:
    certificate: Certificate
    key: RSAPrivateKey

    @property
    def certificate_text(self) -> str:
        """The text in signPubKeyCert: PEM with CR LF, which a browser's form does not change."""
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii").replace("\n", "\r\n")


def canonical(fields: Mapping[str, str]) -> str:
    """Return all fields but the signature, sorted by name, raw."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")


def digest(fields: Mapping[str, str]) -> bytes:
    """Return 64 lower-case hexadecimal digits: the text that RSA signs, and hashes again."""
    return sha256(canonical(fields).encode("utf-8")).hexdigest().encode("ascii")


def sign(fields: Mapping[str, str], signer: Signer) -> dict[str, str]:
    """Return the fields with the signer's certificate and signature, as in the bank's messages."""
    message = {**fields, "signPubKeyCert": signer.certificate_text}
    signature = signer.key.sign(digest(message), PKCS1v15(), SHA256())
    return message | {"signature": b64encode(signature).decode("ascii")}


def is_signed_by(fields: Mapping[str, str], certificate: Certificate) -> bool:
    """Return whether the message's `signature` is by this certificate's key; False also for an invalid signature."""
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)  # the emulator issued it
    try:
        key.verify(b64decode(fields["signature"], validate=True), digest(fields), PKCS1v15(), SHA256())
    except (KeyError, Base64Error, ValueError, InvalidSignature):
        return False
    return True
