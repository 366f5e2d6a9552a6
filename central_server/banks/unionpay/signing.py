"""Signatures of version 5.1.0, signMethod 01.

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
    """`key=value` joined by `&`, sorted by ASCII, values raw; without the signature and what is blank."""
    return "&".join(f"{key}={fields[key]}" for key in sorted(fields) if key != SIGNATURE and fields[key].strip())


def digest(fields: Fields) -> bytes:
    """What is signed, and hashed once more in being signed: the SHA-256 as 64 lower-case hexadecimal digits."""
    return sha256(canonical(fields).encode()).hexdigest().encode()


def signed(fields: Fields, key: RSAPrivateKey, certificate: int) -> dict[str, str]:
    """The fields as they are to be sent, in the order of their names. `certificate`: its serial number."""
    told = {name: value.strip() for name, value in fields.items() if value.strip()}
    told |= VERSION | {"certId": str(certificate)}
    told[SIGNATURE] = b64encode(key.sign(digest(told), PKCS1v15(), hashes.SHA256())).decode()
    return dict(sorted(told.items()))


def genuine(fields: Fields, key: RSAPublicKey) -> bool:
    """Whether `key` has signed these fields as they were received."""
    try:
        told = fields.get(SIGNATURE, "")
        signature = b64decode(told, validate=True)
        if b64encode(signature).decode() != told:  # base64 has spare bits: the same octets written otherwise
            return False
        key.verify(signature, digest(fields), PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True
