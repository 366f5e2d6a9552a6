"""Verify second factors: time-based codes (TOTP, RFC 6238) from an app on the person's phone.

The database contains the secret only sealed by a key outside it, so a copy of the database yields no codes.
"""

import hmac
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from secrets import token_bytes

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central_server.errors import CentralError

STEP_S = 30
_NONCE = 12
_DRIFT = (0, -1, 1)
"""Accepted time steps: a phone's clock may differ, and typing takes time."""


class SecretUnreadable(CentralError):
    """Sealed by another key or for another account: the second factor must be set up again."""


class Seal:
    """`key`: 32 bytes that are stored outside the database."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, account: str, secret: str) -> str:
        nonce = token_bytes(_NONCE)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), account.encode())).decode()

    def open(self, account: str, sealed: str) -> str:
        """Raises SecretUnreadable."""
        try:
            sealed_bytes = urlsafe_b64decode(sealed)
            return self._cipher.decrypt(sealed_bytes[:_NONCE], sealed_bytes[_NONCE:], account.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable("the secret was sealed by another key") from error


def new_secret() -> str:
    """Return 160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, account: str, issuer: str) -> str:
    """Return the otpauth URI for the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code, None for a wrong one. The caller must accept each step only once."""
    given = "".join(character for character in unicodedata.normalize("NFKC", code) if not character.isspace())
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_S
    for step in (current + drift for drift in _DRIFT):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given.encode("utf-8", "replace")):
            return step
    return None
