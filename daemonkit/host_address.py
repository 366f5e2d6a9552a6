"""Check host names and IP addresses in settings."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_everywhere(host: str) -> bool:
    """Return whether the host means every address of this machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Return whether it is an IP address without brackets or a host name (RFC 1123, section 2.1).

    A name never ends in a number: `999.1.1.1` is a mistyped address, and some resolvers read `127.1` as one.
    """
    try:
        ip_address(text)
    except ValueError:
        labels = text.split(".")
        return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(labels[-1])
    return "%" not in text


def has_host(parts: SplitResult) -> bool:
    """Return whether a split URL names a valid host and, if any, a valid port."""
    try:
        return is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        return False
