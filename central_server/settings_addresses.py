"""Check web addresses in the settings."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, StringConstraints


def web_origin(value: str) -> str:
    """Return "" or `http(s)://host[:port]` in lower case. Raises ValueError."""
    if value == "":
        return value
    parts = urlsplit(value)
    try:
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected http(s)://host or http(s)://host:port, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def https_origin(value: str) -> str:
    """Require https except on this machine. Raises ValueError."""
    if value and urlsplit(value).scheme != "https" and not is_loopback(urlsplit(value).hostname or ""):
        raise ValueError("must begin with https:// (http:// only for this machine)")
    return value


def is_sealed(postgresql: str) -> bool:
    """Return whether a libpq URL is of this machine or demands TLS with a verified host name."""
    parts = urlsplit(postgresql)
    query = parse_qs(parts.query)
    hosts_text = parts.netloc.rpartition("@")[2] or ",".join(query.get("host", []))
    hosts = (
        unquote(each.rpartition(":")[0] if each.rpartition(":")[2].isdigit() else each)
        for each in hosts_text.split(",")
    )
    near = all(not host or host.startswith("/") or is_loopback(host.strip("[]")) for host in hosts)
    return near or query.get("sslmode") == ["verify-full"]


WebOrigin = Annotated[str, StringConstraints(max_length=300), AfterValidator(web_origin)]
HttpsOrigin = Annotated[WebOrigin, AfterValidator(https_origin)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.\-:\[\]]{1,260}$")]
