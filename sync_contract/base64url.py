"""Base64url without padding (RFC 4648, section 5), as signed documents use it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises binascii.Error."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
