"""Read the TLS certificate that gateways meet at this server's public address."""

import asyncio
import hashlib
import ssl
from urllib.parse import urlsplit

_TIMEOUT_S = 3.0


async def read_own_certificate(url: str) -> str:
    """Return the SHA-256 of the certificate (DER); "" for http, or where the address does not answer from here.

    The certificate is not verified and nothing is sent: the gateway that gets the fingerprint compares it.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return ""
    address = (parts.hostname, parts.port or 443)
    try:
        text = await asyncio.to_thread(ssl.get_server_certificate, address, timeout=_TIMEOUT_S)
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    except (OSError, ValueError):
        return ""
