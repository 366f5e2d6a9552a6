"""The address behind a beacon's poster, sticker and NFC tag."""

from urllib.parse import urlsplit

from sync_contract.beacon_identity import BeaconId
from sync_contract.strict_model import Environment


class AddressRefused(Exception):
    """A print with it would lead phones nowhere, or over an open line."""


def poster_address(public_url: str, beacon: BeaconId, environment: Environment) -> str:
    """In capitals, so that a code holds it in alphanumeric mode; scheme and host know no case, `/H/` is answered.

    `public_url`: the central server's, as phones reach it. Raises AddressRefused when it is empty, or not https
    outside a drill.
    """
    if not public_url:
        raise AddressRefused("[server] public_url is empty: a poster must say where phones reach the server")
    if environment is not Environment.drill and urlsplit(public_url).scheme.lower() != "https":
        raise AddressRefused(f"[server] public_url {public_url} is not https: phones of residents must not go there")
    return f"{public_url.rstrip('/')}/H/{beacon}".upper()


def tag_address(public_url: str, beacon: BeaconId, environment: Environment) -> str:
    """What is written on an NFC tag: `?nfc` lets the server tell the doors apart. Raises AddressRefused."""
    return f"{poster_address(public_url, beacon, environment)}?nfc".lower()


def code_svg(address: str) -> str:
    """Level Q: a print gets dirty and scratched. With its quiet zone of 4 modules."""
    import segno  # seldom: a print

    code = segno.make_qr(address, error="q", boost_error=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, lineclass=None, svgclass=None)
