"""Allow webhooks to https addresses, never in a private network, even after resolving a name."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from central_server.api.webhooks.receiver_addresses import AddressRefused, AddressRules, GuardedResolver

PRIVATE = [
    "https://127.0.0.1/", "https://10.0.0.1/", "https://192.168.1.1/x", "https://172.16.0.1/", "https://169.254.169.254/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[::]/", "https://[::ffff:8.8.8.8]/", "https://[64:ff9b::808:808]/",
    "https://[4000::1]/", "https://[::8.8.8.8]/", "https://[fec0::1]/", "https://[ff0e::1]/", "https://[2001:db8::1]/",
]  # fmt: skip
MALFORMED = [
    "", "https://", "not a url", "https:///x", "https://user@example.org/", "https://user:word@example.org/",
    "https://example.org:0/", "https://example.org:99999/", "https://example.org/#part", "https://exa mple.org/",
    "https://example.org\\@127.0.0.1/", "https://[::1", "https://例子.org/", "https://2130706433/", "https://127.1/",
    "https://127.0.0.1./", "https://%31%32%37.0.0.1/", "https://example.org/" + "x" * 500, "https://example.org/\n",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        AddressRules().check(url)
    assert refused.value.word == "private"


@pytest.mark.parametrize("url", MALFORMED)
def test_an_ambiguous_address_is_refused(url: str) -> None:
    for rules in (AddressRules(), AddressRules(private_network=True)):
        with pytest.raises(AddressRefused) as refused:
            rules.check(url)
        assert refused.value.word == "malformed"


def test_only_https_to_the_hosts_that_the_settings_allow() -> None:
    AddressRules().check("https://hooks.example.org:8443/path?query=1")
    AddressRules().check("https://8.8.8.8/")
    AddressRules().check("https://[2400:3200::1]/")
    allowed = AddressRules(hosts=("one.example.org", ".example.net"))
    allowed.check("https://one.example.org/")
    allowed.check("https://deep.in.example.net/")
    for url in ("https://two.example.org/", "https://example.net/", "https://badexample.net/"):
        with pytest.raises(AddressRefused, match="settings"):
            allowed.check(url)
    with pytest.raises(AddressRefused, match="https"):
        AddressRules().check("http://example.org/")


class Names(AbstractResolver):
    """Resolves every name to given addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self._addresses
        ]

    async def close(self) -> None: ...


def test_with_real_gifts_only_listed_hosts_are_allowed() -> None:
    for rules in (AddressRules(listed=True), AddressRules(("hook.example.org",), listed=True)):
        with pytest.raises(AddressRefused) as refused:
            rules.check("https://elsewhere.example/hook")
        assert refused.value.word == "host"
    AddressRules(("hook.example.org",), listed=True).check("https://hook.example.org/x")


async def test_a_name_of_a_private_address_is_refused_when_resolved() -> None:
    assert await GuardedResolver(AddressRules(), Names("93.184.215.14")).resolve("example.org", 443)
    for addresses in (("127.0.0.1",), ("93.184.215.14", "10.0.0.1"), ("fe80::1%eth0",), ("nonsense",)):
        with pytest.raises(AddressRefused):
            await GuardedResolver(AddressRules(), Names(*addresses)).resolve("example.org", 443)
