"""A drill leaves this machine by no door."""

from urllib.parse import urlsplit

HOSTS = frozenset(("127.0.0.1", "localhost", "[::1]"))
FORM_TARGETS = tuple(f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("127.0.0.1", "localhost"))
"""Where a form on our pages may lead: back to the merchant, whose port is not known here."""


def on_this_machine(url: str) -> bool:
    """Is it http(s) to loopback?"""
    try:
        parts = urlsplit(url)
        reachable = parts.port != 0 and parts.scheme in ("http", "https")
        return reachable and parts.hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:  # a broken bracket, a port that is none
        return False
