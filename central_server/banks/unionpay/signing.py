"""Sign and verify messages of version 5.1.0, signMethod 01.

Source: the official Java SDK's `SDKUtil.sign`, `coverMap2String`, `filterBlank` and `SecureUtil.signBySoft256`.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

Fields = Mapping[str, str]
VERSION = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01"}
SIGNATURE = "signature"


def canonical(fields: Fields) -> str:
    """Return `key=value` joined by `&`, sorted by ASCII, values raw; without the signature and blank values."""
    return "&".join(f"{key}={fields[key]}" for key in sorted(fields) if key != SIGNATURE and fields[key].strip())


def digest(fields: Fields) -> bytes:
    """Return the signed text: the SHA-256 as 64 lower-case hexadecimal digits, which the signature hashes again."""
    return sha256(canonical(fields).encode()).hexdigest().encode()


def sign(fields: Fields, key: RSAPrivateKey, certificate: int) -> dict[str, str]:
    """Return the fields to send, in the order of their names. `certificate`: its serial number."""
    encoded = {name: value.strip() for name, value in fields.items() if value.strip()}
    encoded |= VERSION | {"certId": str(certificate)}
    encoded[SIGNATURE] = b64encode(key.sign(digest(encoded), PKCS1v15(), hashes.SHA256())).decode()
    return dict(sorted(encoded.items()))


def is_signed_by(fields: Fields, key: RSAPublicKey) -> bool:
    """Return whether `key` signed these fields as they were received."""
    try:
        encoded = fields.get(SIGNATURE, "")
        signature = b64decode(encoded, validate=True)
        if b64encode(signature).decode() != encoded:  # base64 has spare bits: another text for the same bytes
            return False
        key.verify(signature, digest(fields), PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True
