"""Check web addresses in the settings."""

from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, StringConstraints

from daemonkit.host_address import has_host, is_host, is_loopback


def web_origin(value: str) -> str:
    """Return "" or `http(s)://host[:port]` in lower case. Raises ValueError."""
    if value == "":
        return value
    parts = urlsplit(value)
    well_formed = parts.scheme in ("http", "https") and has_host(parts)
    if not well_formed or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected http(s)://host or http(s)://host:port, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def bare_host(value: str) -> str:
    if not is_host(value):
        raise ValueError("expected a host name or an IP address without a port, such as 127.0.0.1")
    return value


def served_host(value: str) -> str:
    if not has_host(urlsplit(f"//{value}")):
        raise ValueError("expected host or host:port")
    return value


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
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.\-:\[\]]{1,260}$"), AfterValidator(served_host)]
BareHost = Annotated[str, AfterValidator(bare_host)]
