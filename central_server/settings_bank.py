"""Define `[bank]` of central.toml and check what each kind of bank needs."""

import string
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from central_server.settings_addresses import Host, WebOrigin
from daemonkit.host_address import has_host, is_loopback
from daemonkit.toml import Misfit
from sync_contract.strict_model import Environment, Record

LINK_FIELDS = ("project", "amount_yuan", "lang")
_UNIONPAY = {Environment.real: "95516.com", Environment.drill: "test.95516.com"}
_BELONGS = {
    "sandbox": ("url", "credentials", "link_hosts"),
    "link": ("link_url", "link_hosts"),
    "unionpay": ("url", "file_url", "credentials", "merchant", "own_site", "iss_ins_code", "link_hosts"),
}


def _link_url(text: str) -> str:
    """Accept nothing, or an https URL with only fields of LINK_FIELDS after the host."""
    if not text:
        return text
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(text)]
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("is not a web address, or has an unpaired brace") from error
    for name, spec, conversion in fields:
        if name is not None and (name not in LINK_FIELDS or spec or conversion):
            raise ValueError(f"may contain {', '.join(f'{{{field}}}' for field in LINK_FIELDS)}; no other braces")
    if parts.scheme != "https" or "{" in parts.netloc or "@" in parts.netloc:
        raise ValueError("must begin with https:// and a host, without braces, user or password")
    if not has_host(parts) or not text.isascii() or any(letter.isspace() or letter == "\\" for letter in text):
        raise ValueError("is not a web address")
    return text


def _merchant(text: str) -> str:
    if text and not (len(text) == 15 and text.isascii() and text.isdecimal()):
        raise ValueError("must be 15 digits from UnionPay")
    return text


class BankSettings(Record):
    """The bank where donors pay."""

    kind: Literal["sandbox", "link", "unionpay"]
    url: WebOrigin = ""
    """The bank's origin. sandbox: empty only with `--bank-url`; unionpay: empty for UnionPay's own."""
    credentials: Annotated[str, StringConstraints(max_length=1000)] = ""
    """The folder of keys and certificates; empty: $CREDENTIALS_DIRECTORY."""
    link_url: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_link_url)] = ""
    link_hosts: Annotated[tuple[Host, ...], Field(max_length=20)] = ()
    """The only `host` or `host:port` in `link_url` and in organisations' pages on designated platforms."""
    merchant: Annotated[str, AfterValidator(_merchant)] = ""
    own_site: bool = False
    """The organisation has declared its own site as a fundraising venue."""
    iss_ins_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,20}$")] = ""
    """The bank whose e-banking a PC opens directly."""
    file_url: WebOrigin = ""
    """The origin of daily files; empty: UnionPay's own, or the emulator's in `url`."""

    def at(self, url: str) -> "BankSettings":
        """Return settings with another origin from the command line; `misfits` checks it."""
        return self.model_copy(update={"url": url}) if url else self

    def gateway(self, environment: Environment) -> str:
        """Return UnionPay's origin for orders, refunds and queries."""
        return self.url or f"https://gateway.{_UNIONPAY[environment]}"

    def files(self, environment: Environment) -> str:
        """Return UnionPay's address of files."""
        if not self.file_url and is_loopback(urlsplit(self.url).hostname or ""):
            return f"{self.url}/file/"
        return f"{self.file_url or f'https://filedownload.{_UNIONPAY[environment]}'}/"

    def misfits(self, environment: Environment) -> Iterator[Misfit]:
        """Return settings that do not fit the kind or the environment."""
        for key in sorted(set(type(self).model_fields) - {"kind", *_BELONGS[self.kind]}):
            if getattr(self, key):
                yield _misfit(key, f'is not for kind = "{self.kind}": remove it')
        match self.kind:
            case "sandbox":
                if environment is not Environment.drill:
                    yield _misfit("kind", 'moves no money: site.environment must be "drill"', "sandbox")
            case "link":
                yield from self._misfits_of_link()
            case "unionpay":
                yield from self._misfits_of_unionpay(environment)

    def _misfits_of_link(self) -> Iterator[Misfit]:
        if not self.link_url:
            yield _misfit("link_url", 'is required for kind = "link"')
            return
        host = urlsplit(self.link_url).netloc.lower()
        if host not in self.link_hosts:
            yield _misfit("link_url", f"leads to {host}, which is not in link_hosts", self.link_url)

    def _misfits_of_unionpay(self, environment: Environment) -> Iterator[Misfit]:
        if not self.merchant:
            yield _misfit("merchant", 'is required for kind = "unionpay": 15 digits from UnionPay')
        if not self.own_site:
            yield _misfit(
                "own_site",
                "must be true: this server's pages accept money only if the organisation has declared its own site as "
                'a fundraising venue; otherwise use the designated platform\'s page (kind = "link")',
            )
        for key, address in (("url", self.url), ("file_url", self.file_url)):
            if address and (reason := _not_unionpay(address, environment)):
                yield _misfit(key, reason, address)


def _misfit(key: str, reason: str, got: object = None) -> Misfit:
    return Misfit(("bank", key), reason, got)


def _not_unionpay(address: str, environment: Environment) -> str:
    """Return why the environment must not use this address, or ""."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    test = host.endswith("." + _UNIONPAY[Environment.drill])
    production = host.endswith("." + _UNIONPAY[Environment.real]) and not test
    if environment is Environment.real:
        if not production or parts.scheme != "https" or parts.port not in (None, 443):
            return "must be https:// and UnionPay's production (….95516.com) because site.environment is real"
    elif production:
        return "is UnionPay's production, which a drill must not use"
    elif not is_loopback(host) and not (test and parts.scheme == "https"):
        return "must be UnionPay's test environment (https://….test.95516.com) or the emulator on this machine"
    return ""
