"""Web addresses in the settings: an origin, a host, and which of them are this machine itself."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

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


def https_origin(value: str) -> str:
    """As `web_origin`, and nothing goes over a network unsealed. Raises ValueError."""
    if value and urlsplit(value).scheme != "https" and not is_loopback(urlsplit(value).hostname or ""):
        raise ValueError("must begin with https:// (http:// only for this machine itself)")
    return value


def is_sealed(postgresql: str) -> bool:
    """Whether a database's URL, as libpq reads it, keeps to this machine or demands TLS with the server's name proved.

    libpq's own default goes on without TLS where there is none.
    """
    parts = urlsplit(postgresql)
    asked = parse_qs(parts.query)
    hosts_text = parts.netloc.rpartition("@")[2] or ",".join(asked.get("host", []))
    hosts = (
        unquote(each.rpartition(":")[0] if each.rpartition(":")[2].isdigit() else each)
        for each in hosts_text.split(",")
    )
    near = all(not host or host.startswith("/") or is_loopback(host.strip("[]")) for host in hosts)
    return near or asked.get("sslmode") == ["verify-full"]


WebOrigin = Annotated[str, StringConstraints(max_length=300), AfterValidator(web_origin)]
HttpsOrigin = Annotated[WebOrigin, AfterValidator(https_origin)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.\-:\[\]]{1,260}$")]
