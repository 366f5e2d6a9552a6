"""config/central.toml as frozen values. Read by commands and server only; loaded with `daemonkit.toml.load`."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from central_server.settings_addresses import Host, HttpsOrigin, WebOrigin, is_loopback, is_sealed
from central_server.settings_bank import BankSettings
from daemonkit.toml import Misfit, raise_misfits
from kiosk_ui.telephone import Line, Telephone
from sync_contract.beacon_identity import U16, BeaconId
from sync_contract.project import Project, ProjectId, Texts
from sync_contract.strict_model import Environment, Record


def _store_url(value: SecretStr) -> SecretStr:
    """Empty, or PostgreSQL's address as libpq reads it. What was written is never told: it may hold a password."""
    url = value.get_secret_value()
    if url and (len(url) > 1000 or not url.startswith(("postgresql://", "postgres://"))):
        raise ValueError("expected postgresql://user@host/database, or nothing for the SQLite file")
    if url and not is_sealed(url):
        raise ValueError("leads to another machine: ?sslmode=verify-full&sslrootcert=/path is needed behind it")
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


Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]


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

    def misfits(self, environment: Environment) -> Iterator[Misfit]:
        """Where gifts are real nobody reaches this server over a network but by https: the proxy stands beside it."""
        if environment is not Environment.real:
            return
        if not is_loopback(self.host):
            why = "must be 127.0.0.1 or ::1, for site.environment is real: the proxy that speaks https stands beside it"
            yield Misfit(("server", "host"), why, self.host)
        address = urlsplit(self.public_url)
        if self.public_url and address.scheme != "https" and not is_loopback(address.hostname or ""):
            why = "must begin with https://, for site.environment is real"
            yield Misfit(("server", "public_url"), why, self.public_url)


class SiteSettings(Record):
    """Whose server this is."""

    community: Texts
    environment: Environment
    contact_phone: Telephone = ""
    """For residents, on the pages of phones; empty: none is shown."""
    contact_name: Line | None = None
    """Whose number it is; None: the community's."""
    contact_hours: Line | None = None


class StoreSettings(Record):
    """Where everything is kept."""

    url: Annotated[SecretStr, AfterValidator(_store_url)] = SecretStr("")
    """`postgresql://…`; empty: a SQLite file in the state folder."""
    connections: Annotated[int, Field(ge=3, le=200)] = 10
    """The most that one process opens to PostgreSQL; one more is for hearing of the other processes."""


class ReceiptSettings(Record):
    """What donors give for an official receipt."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days after a receipt was issued on which the donor's data are deleted here; the stub is the organisation's."""


class ReconciliationSettings(Record):
    """What the bank's files are compared with."""

    fee_basis_points: Annotated[int, Field(ge=0, le=1000)] | None = None
    """The fee that was agreed, in hundredths of a percent (60 is 0.6 %), rounded to whole fen; left out: any fee."""


class WebhookSettings(Record):
    """Where deliveries to other programs may go; which there are, staff say on their pages."""

    hosts: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^\.?[a-z0-9][a-z0-9.-]{0,250}$")], ...], Field(max_length=100)
    ] = ()
    """Only these hosts; `.example.org` is every host below example.org. Empty: in a drill every host of the public
    internet, where gifts are real none."""
    private_network: bool = False
    """Also plain http, and addresses of the own network: only where every admin may reach whatever is in it."""


class AlertSettings(Record):
    """Where 企業微信 takes messages for group robots; who is told, staff say on their pages."""

    wecom: HttpsOrigin = "https://qyapi.weixin.qq.com"


class MailSettings(Record):
    """The mail server through which alerts go out; without a host there is no e-mail."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{0,253}$")] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none`: only to a mail server on this machine, and without a password."""
    sender: Annotated[str, StringConstraints(pattern=r"^([^\s@<>]{1,64}@[A-Za-z0-9.-]{1,190})?$")] = ""
    user: Annotated[str, StringConstraints(max_length=200)] = ""
    """Empty: the mail server asks for no login."""
    password_file: Annotated[str, StringConstraints(max_length=1000)] = ""
    """A file with the password and nothing else, readable by the server alone."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.host:
            return self
        if not self.sender:
            raise ValueError("sender is needed: the address from which alerts come")
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together")
        if self.security == "none" and (self.user or self.host not in ("localhost", "127.0.0.1", "::1")):
            raise ValueError('security "none" is only for a mail server on this machine, without a login')
        return self


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
    reconciliation: ReconciliationSettings = ReconciliationSettings()
    receipts: ReceiptSettings = ReceiptSettings()
    webhooks: WebhookSettings = WebhookSettings()
    alerts: AlertSettings = AlertSettings()
    mail: MailSettings = MailSettings()
    projects: Annotated[tuple[Project, ...], Field(min_length=1, max_length=200)]
    bindings: Annotated[tuple[BindingSettings, ...], Field(max_length=5000)] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        environment = self.site.environment
        raise_misfits(chain(self.server.misfits(environment), self.bank.misfits(environment)))
        if sent := [each.id for each in self.projects if each.elsewhere]:
            raise ValueError(f"projects {', '.join(sent)}: elsewhere follows from the organisation: leave it out")
        if paid := [each.id for each in self.projects if each.paid_fen is not None or each.helped is not None]:
            raise ValueError(f"projects {', '.join(paid)}: the ledger alone knows paid_fen and helped: leave them out")
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
