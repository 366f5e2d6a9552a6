"""Build the address on a beacon's poster, sticker and NFC tag."""

from urllib.parse import urlsplit

from sync_contract.beacon_identity import BeaconId
from sync_contract.code_address import in_capitals
from sync_contract.strict_model import Environment


class AddressRefused(Exception):
    """The address would not work on phones, or without encryption."""


def poster_address(public_url: str, beacon: BeaconId, environment: Environment) -> str:
    """Return the address in capitals, for a QR code in alphanumeric mode; the server also answers `/H/`.

    `public_url`: the central server's, as phones reach it. Raises AddressRefused when it is empty, no address, or not
    https outside a drill.
    """
    if not public_url:
        raise AddressRefused("[server] public_url is empty: set it to the address under which phones reach the server")
    if not _is_server(public_url):
        raise AddressRefused(f"{public_url} is no address of a server; write it as https://give.example.org")
    if environment is not Environment.drill and urlsplit(public_url).scheme.lower() != "https":
        raise AddressRefused(f"[server] public_url {public_url} is not https: residents' phones need an https address")
    return in_capitals(f"{public_url.rstrip('/')}/H/{beacon}")


def _is_server(url: str) -> bool:
    """Return whether it has a host, and nothing that does not belong before a path."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError if it is no port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not (parts.query or parts.fragment)
    return plain and parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def tag_address(public_url: str, beacon: BeaconId, environment: Environment) -> str:
    """Return the address for an NFC tag; `?nfc` lets the server count it as its own door. Raises AddressRefused."""
    return f"{poster_address(public_url, beacon, environment)}?nfc".lower()
