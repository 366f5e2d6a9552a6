"""Keep a drill on this machine: every address must be loopback."""

from urllib.parse import urlsplit

HOSTS = frozenset(("127.0.0.1", "localhost", "[::1]"))
FORM_TARGETS = tuple(f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("127.0.0.1", "localhost"))
"""Targets of forms on our pages: back to the merchant, at any port."""


def on_this_machine(url: str) -> bool:
    """Return whether the address is http(s) on loopback."""
    try:
        parts = urlsplit(url)
        reachable = parts.port != 0 and parts.scheme in ("http", "https")
        return reachable and parts.hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:  # a broken bracket, a port that is none
        return False
