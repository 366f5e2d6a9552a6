"""Check where deliveries may go: never into a private network, even if a name resolves to one later (OWASP SSRF)."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from central_server.errors import CentralError

MAX_URL = 500
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has assigned of IPv6 unicast. Anything else, also NAT64 and mapped IPv4, may lead into this network."""


class AddressRefused(CentralError):
    """The address is not allowed. `word`: malformed, scheme, host or private."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True, slots=True)
class AddressRules:
    """`hosts`: only these, `.name` for every host below it; empty: all, or none with `listed`.
    `private_network`: also private addresses and plain http.
    """

    hosts: tuple[str, ...] = ()
    private_network: bool = False
    listed: bool = False

    def check(self, url: str) -> None:
        """Check an address without resolving its host. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise AddressRefused("malformed", "not a URL") from error
        if not url.isascii() or not url.isprintable() or len(url) > MAX_URL or " " in url or "\\" in url:
            raise AddressRefused("malformed", f"not a URL of at most {MAX_URL} plain characters")
        if not host or port == 0 or "@" in parts.netloc or parts.fragment:
            raise AddressRefused("malformed", "a host is expected, no user and no fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and self.private_network):
            raise AddressRefused("scheme", "https is expected")
        if (self.hosts or self.listed) and not any(_is_below(host, each) for each in self.hosts):
            raise AddressRefused("host", "the settings allow no deliveries to that host")
        # The connector would use these as addresses without resolving them:
        if ":" in host or host.replace(".", "").isdigit():
            self.check_address(host)
        elif not _NAME.fullmatch(host):
            raise AddressRefused("malformed", "not the name of a host")

    def check_address(self, address: str) -> None:
        """Raises AddressRefused."""
        try:
            known = ip_address(address.partition("%")[0])
        except ValueError as error:
            raise AddressRefused("malformed", "not an address") from error
        if not self.private_network and not all(map(_is_public, _addresses(known))):
            raise AddressRefused("private", "the address is not one of the public internet")


class GuardedResolver(AbstractResolver):
    """Checks the resolved addresses to which the client connects, so DNS rebinding has no effect."""

    def __init__(self, rules: AddressRules, names: AbstractResolver | None = None) -> None:
        self._rules = rules
        self._names = names or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressRefused if any address is not allowed, OSError if there is none."""
        found = await self._names.resolve(host, port, family)
        for each in found:
            self._rules.check_address(each["host"])
        return found

    async def close(self) -> None:
        await self._names.close()


def _is_below(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and (isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST)
    )


def _addresses(address: IPv4Address | IPv6Address) -> Sequence[IPv4Address | IPv6Address]:
    """Return the address and the IPv4 addresses that it embeds."""
    if isinstance(address, IPv4Address):
        return (address,)
    inside: list[IPv4Address] = list(address.teredo or ())
    if address.sixtofour is not None:
        inside.append(address.sixtofour)
    return (address, *inside)
