"""Ed25519 public keys as text, and the short id by which a signature names its key."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def public_text(key: Ed25519PublicKey) -> str:
    """Return the raw 32 bytes as 43 characters of base64url without padding."""
    return urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()


def read_public(text: str) -> Ed25519PublicKey:
    """Return the key that `public_text` wrote. Raises ValueError for any other text."""
    try:
        raw = urlsafe_b64decode(text.strip() + "=")
    except (Base64Error, UnicodeEncodeError) as error:
        raise ValueError("not a public key: 43 characters of base64url are expected") from error
    if len(text.strip()) != 43 or len(raw) != 32:
        raise ValueError("not a public key: 43 characters of base64url are expected")
    return Ed25519PublicKey.from_public_bytes(raw)


def key_id(key: Ed25519PublicKey) -> str:
    """Return 16 hexadecimal digits: the first eight bytes of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
