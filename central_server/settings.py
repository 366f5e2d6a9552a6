"""config/central.toml as frozen values. Read by commands and server only; loaded with `daemonkit.toml.load`."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from sync_contract.beacon import U16, BeaconId
from sync_contract.project import Project, ProjectId, Texts
from sync_contract.strict import Environment, Record


def _web_origin(value: str) -> str:
    """Empty, or `http(s)://host[:port]` without path, query, user or password."""
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


def _store_url(value: SecretStr) -> SecretStr:
    """Empty, or PostgreSQL's address as libpq reads it. What was written is never told: it may hold a password."""
    url = value.get_secret_value()
    if url and (len(url) > 1000 or not url.startswith(("postgresql://", "postgres://"))):
        raise ValueError("expected postgresql://user@host/database, or nothing for the SQLite file")
    return value


def _network(value: str) -> str:
    """An address or a network, but not everybody: then anybody could say who they are."""
    try:
        network = ip_network(value)
    except ValueError:
        raise ValueError("expected an address as 127.0.0.1 or a network as 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError("this is every address there is: anybody could say who they are")
    return value


WebOrigin = Annotated[str, StringConstraints(max_length=300), AfterValidator(_web_origin)]
Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.\-:\[\]]{1,260}$")]


class ServerSettings(Record):
    """Where the server listens, and under which name phones and gateways reach it."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=260)] = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for every interface."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8040
    """0 = any free port."""
    public_url: WebOrigin = ""
    """Empty: the server's own address. It stands in the bank's return address."""
    allowed_hosts: tuple[Host, ...] = ()
    """Further names (lower case, `host` or `host:port`) under which requests are answered."""
    trusted_proxies: Annotated[tuple[Network, ...], Field(max_length=50)] = ()
    """Addresses or networks of our own reverse proxies: what they say in X-Forwarded-For is believed."""

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(text) for text in self.trusted_proxies)


class SiteSettings(Record):
    """Whose server this is."""

    community: Texts
    environment: Environment


class StoreSettings(Record):
    """Where everything is kept."""

    url: Annotated[SecretStr, AfterValidator(_store_url)] = SecretStr("")
    """`postgresql://…`; empty: a SQLite file in the state folder."""
    connections: Annotated[int, Field(ge=3, le=200)] = 10
    """The most that one process opens to PostgreSQL; one more is for hearing of the other processes."""


class BankSettings(Record):
    """The bank to which donors are handed over."""

    kind: Literal["sandbox"]
    url: WebOrigin = ""
    """Where the bank answers; empty only when `--bank-url` gives it at start."""
    credentials: Annotated[str, StringConstraints(max_length=1000)] = ""
    """A folder with the bank's public key and our merchant secret; empty: $CREDENTIALS_DIRECTORY."""


class WebhookSettings(Record):
    """Where deliveries to other programs may go; which there are, staff say on their pages."""

    hosts: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^\.?[a-z0-9][a-z0-9.-]{0,250}$")], ...], Field(max_length=100)
    ] = ()
    """Only these hosts; `.example.org` is every host below example.org. Empty: every host of the public internet."""
    private_network: bool = False
    """Also plain http, and addresses of the own network: only where every admin may reach whatever is in it."""


class BindingSettings(Record):
    """Which project a beacon brings to the screen."""

    uuid: UUID
    major: U16
    minor: U16
    project: ProjectId

    @property
    def beacon(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Settings(Record):
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    site: SiteSettings
    bank: BankSettings
    webhooks: WebhookSettings = WebhookSettings()
    projects: Annotated[tuple[Project, ...], Field(min_length=1, max_length=200)]
    bindings: Annotated[tuple[BindingSettings, ...], Field(max_length=5000)] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.bank.kind == "sandbox" and self.site.environment is not Environment.drill:
            raise ValueError('bank.kind "sandbox" moves no money: site.environment must be "drill"')
        if paid := [project.id for project in self.projects if project.paid_fen is not None]:
            raise ValueError(f"projects {', '.join(paid)}: paid_fen is known to the ledger alone: leave it out")
        ids = [project.id for project in self.projects]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"projects: id {', '.join(twice)} stands more than once")
        seen: set[BeaconId] = set()
        for number, entry in enumerate(self.bindings):
            beacon = entry.beacon
            if entry.project not in ids:
                raise ValueError(f"bindings[{number}].project: no project has the id {entry.project!r}")
            if beacon in seen:
                raise ValueError(f"bindings[{number}]: the beacon {beacon} is bound more than once")
            seen.add(beacon)
        return self
