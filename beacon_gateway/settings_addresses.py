"""Validate URLs, hosts and keys in the settings, so that money and parcels go only to permitted addresses."""

import string
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from daemonkit.host_address import has_host, is_everywhere, is_host, is_loopback
from sync_contract.keys import read_public

_NO_ADDRESS = "不是网址,应如 https://give.example is not a web address, such as https://give.example"
LINK_FIELDS = ("project", "amount_yuan", "intent")


def in_url(host: str) -> str:
    """Return the host for a URL opened on this machine: IPv6 in brackets, loopback for a wildcard address."""
    if is_everywhere(host):
        return "[::1]" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _central_url(text: str) -> str:
    if not text:
        return text
    parts = _split(text)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "应为不带路径的地址,如 https://give.example must be an address without a path, such as https://give.example"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError(
            "必须以 https:// 开头(只有本机可用 http://) must begin with https:// (http:// only for this machine itself)"
        )
    return text.rstrip("/")


def _link_url(text: str) -> str:
    if not text:
        return text
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(text)]
    except ValueError as error:
        raise ValueError("花括号不成对 has an unmatched brace") from error
    for name, spec, conversion in fields:
        if name is not None and (name not in LINK_FIELDS or spec or conversion):
            allowed = " ".join(f"{{{field}}}" for field in LINK_FIELDS)
            raise ValueError(f"花括号里只能是 {allowed} may contain {allowed} and nothing else in braces")
    if "{" in urlsplit(text).netloc or _split(text).scheme not in ("https", "http"):
        raise ValueError("须以 https:// 和主机开头,主机不含花括号 must begin with https:// and a host without braces")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(_NO_ADDRESS) from error
    if "@" in parts.netloc:
        raise ValueError("不能带用户名或密码 must not contain a user or password")
    if not has_host(parts) or not text.isascii() or any(letter.isspace() or letter == "\\" for letter in text):
        raise ValueError(_NO_ADDRESS)
    return parts


def _host(text: str) -> str:
    if not is_host(text):
        raise ValueError(
            "不是主机名或 IP 地址(不带端口),应如 127.0.0.1 is not a host name or IP address (without a port), "
            "such as 127.0.0.1"
        )
    return text


def _host_of_page(text: str) -> str:
    if not has_host(urlsplit(f"//{text}")):
        raise ValueError("不是主机名,应如 pi.local is not a host name, such as pi.local")
    return text


def _public_key(text: str) -> str:
    if text:
        try:
            read_public(text)
        except ValueError as error:
            raise ValueError(f"不是公钥:应为登记时服务器给出的 43 个字符 {error}") from error
    return text


Host = Annotated[str, AfterValidator(_host)]
"""A host name or address to listen on."""
BrokerHost = Annotated[str, AfterValidator(lambda text: _host(text) if text else text), Field(examples=["127.0.0.1"])]
"""The host name or address of a broker, or empty."""
HostOfPage = Annotated[
    str,
    StringConstraints(pattern=r"^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$"),
    AfterValidator(_host_of_page),
    Field(examples=["pi.local", "192.168.1.20:8080"]),
]
"""Lower case, `host` (any port) or `host:port`."""
CentralUrl = Annotated[str, AfterValidator(_central_url)]
LinkUrl = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_link_url)]
PublicKey = Annotated[str, AfterValidator(_public_key)]
