"""Web addresses in the settings: an origin, a host, and which of them are this machine itself."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints


def web_origin(value: str) -> str:
    """Empty, or `http(s)://host[:port]` without path, query, user or password. Raises ValueError."""
    if value == "":
        return value
    parts = urlsplit(value)
    try:
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected http(s)://host or http(s)://host:port, and nothing after it")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


WebOrigin = Annotated[str, StringConstraints(max_length=300), AfterValidator(web_origin)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.\-:\[\]]{1,260}$")]
