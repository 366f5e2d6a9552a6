"""Sign deliveries according to Standard Webhooks 1.0 (standardwebhooks.com), for which libraries exist.

`webhook-signature` is `v1,` and base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`; the key is the
base64-decoded part of the secret after `whsec_`. A receiver refuses a timestamp that is more than five minutes away.
"""

import hmac
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256

_DOMAIN = b"webhook secret v1\0"
_PREFIX = "whsec_"


def secret_of(server: bytes, salt: str) -> str:
    """Derive a webhook's secret from the server's own one, so that no store holds it."""
    made = hmac.new(server, _DOMAIN + bytes.fromhex(salt), sha256).digest()
    return _PREFIX + b64encode(made).decode()


def headers(secret: str, delivery: str, at: datetime, body: bytes) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix(_PREFIX))
    signature = hmac.new(key, f"{delivery}.{stamp}.".encode() + body, sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "beacon-central",
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }
