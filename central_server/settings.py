"""Define the settings in config/central.toml; commands and the server load them with `daemonkit.toml.load`."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from central_server.settings_addresses import BareHost, Host, HttpsOrigin, WebOrigin, is_sealed
from central_server.settings_bank import BankSettings
from central_server.settings_parts import VolunteeringSettings
from daemonkit.host_address import is_loopback
from daemonkit.toml import Misfit, raise_misfits
from kiosk_ui.telephone import Line, Telephone
from sync_contract.beacon_identity import U16, BeaconId, BeaconUuid
from sync_contract.placeholders import find_placeholders
from sync_contract.project import REMOVE_KEY, SERVER_KEYS, Project, ProjectId, Texts
from sync_contract.strict_model import Environment, Record


def _store_url(value: SecretStr) -> SecretStr:
    """Accept nothing or a libpq URL. Errors never contain the value: it may contain a password."""
    url = value.get_secret_value()
    if url and (len(url) > 1000 or not url.startswith(("postgresql://", "postgres://"))):
        raise ValueError("expected postgresql://user@host/database, or nothing for the SQLite file")
    if url and not is_sealed(url):
        raise ValueError("is on another machine: append ?sslmode=verify-full&sslrootcert=/path")
    return value


def _network(value: str) -> str:
    """Accept an address or a network, except all addresses: then any client could fake its address."""
    try:
        network = ip_network(value)
    except ValueError:
        raise ValueError("expected an address such as 127.0.0.1 or a network such as 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError("includes every address: any client could fake its address")
    return value


Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]


class ServerSettings(Record):
    """The address on which the server listens, and those under which phones and gateways reach it."""

    host: BareHost = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for every interface."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8040
    """0 = any free port."""
    public_url: WebOrigin = ""
    """Empty: the server's own address. The bank returns donors to it."""
    allowed_hosts: tuple[Host, ...] = ()
    """Further names (lower case, `host` or `host:port`) under which requests are answered."""
    trusted_proxies: Annotated[tuple[Network, ...], Field(max_length=50)] = ()
    """Addresses or networks of own reverse proxies, whose X-Forwarded-For is trusted."""

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(text) for text in self.trusted_proxies)

    def misfits(self, environment: Environment) -> Iterator[Misfit]:
        """Return settings that would expose a production server over plain http."""
        if environment is not Environment.real:
            return
        if not is_loopback(self.host):
            why = "must be 127.0.0.1 or ::1 because site.environment is real: run the https proxy on this machine"
            yield Misfit(("server", "host"), why, self.host)
        address = urlsplit(self.public_url)
        if self.public_url and address.scheme != "https" and not is_loopback(address.hostname or ""):
            why = "must begin with https:// because site.environment is real"
            yield Misfit(("server", "public_url"), why, self.public_url)


class SiteSettings(Record):
    """The operator."""

    community: Texts
    environment: Environment
    contact_phone: Telephone = ""
    """Shown to residents on phones; empty: not shown."""
    contact_name: Line | None = None
    """The owner of the number; None: the community."""
    contact_hours: Line | None = None


class StoreSettings(Record):
    """The database."""

    url: Annotated[SecretStr, AfterValidator(_store_url)] = SecretStr("")
    """`postgresql://…`; empty: a SQLite file in the state folder."""
    connections: Annotated[int, Field(ge=3, le=200)] = 10
    """Maximum per process to PostgreSQL, apart from one for notifications."""


class ReceiptSettings(Record):
    """Data that donors enter for an official receipt."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days from issuing a receipt to deleting the donor's data; the organisation has the stub."""


class ReconciliationSettings(Record):
    """Reconciliation with the bank's files."""

    fee_basis_points: Annotated[int, Field(ge=0, le=1000)] | None = None
    """The agreed fee in hundredths of a percent (60 is 0.6 %), rounded to whole fen; None: any fee."""


class SpendingSettings(Record):
    """Limits for payees that were not paid before."""

    new_payee_hours: Annotated[int, Field(ge=0, le=24 * 30)] = 24
    """The first payment to a payee is approved at the earliest so long after its request."""
    new_payee_yuan: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000
    """In total, within 30 days of the first payment."""


class WebhookSettings(Record):
    """Permitted destinations of webhooks; staff define the webhooks on their pages."""

    hosts: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^\.?[a-z0-9][a-z0-9.-]{0,250}$")], ...], Field(max_length=100)
    ] = ()
    """`.example.org` means every host below example.org. Empty: in a drill all public hosts, in production none."""
    private_network: bool = False
    """Also permit plain http and private addresses: only if every admin may access that network."""


class AlertSettings(Record):
    """The origin of 企業微信 (WeCom) group robots; staff define the recipients on their pages."""

    wecom: HttpsOrigin = "https://qyapi.weixin.qq.com"


class MailSettings(Record):
    """The mail server for alerts; without a host no mail is sent."""

    host: BareHost | Literal[""] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none`: only for a mail server on this machine, without a login."""
    sender: Annotated[str, StringConstraints(pattern=r"^([^\s@<>]{1,64}@[A-Za-z0-9.-]{1,190})?$")] = ""
    user: Annotated[str, StringConstraints(max_length=200)] = ""
    """Empty: without a login."""
    password_file: Annotated[str, StringConstraints(max_length=1000)] = ""
    """A file with only the password, readable only by the server."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.host:
            return self
        if not self.sender:
            raise ValueError("sender is missing: the address of the sender of alerts")
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file must be given together")
        if self.security == "none" and (self.user or self.host not in ("localhost", "127.0.0.1", "::1")):
            raise ValueError('security "none" is only for a mail server on this machine, without a login')
        return self


class BindingSettings(Record):
    """The project that a beacon shows on the screen."""

    uuid: BeaconUuid
    major: U16
    minor: U16
    project: ProjectId

    @property
    def beacon(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Settings(Record):
    """Where gifts are real, no value may be a placeholder of the shipped file."""

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    site: SiteSettings
    bank: BankSettings
    reconciliation: ReconciliationSettings = ReconciliationSettings()
    spending: SpendingSettings = SpendingSettings()
    receipts: ReceiptSettings = ReceiptSettings()
    webhooks: WebhookSettings = WebhookSettings()
    alerts: AlertSettings = AlertSettings()
    mail: MailSettings = MailSettings()
    volunteering: VolunteeringSettings = VolunteeringSettings()
    projects: Annotated[tuple[Project, ...], Field(min_length=1, max_length=200)]
    bindings: Annotated[tuple[BindingSettings, ...], Field(max_length=5000)] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        environment = self.site.environment
        raise_misfits(
            chain(
                self.server.misfits(environment),
                self.bank.misfits(environment),
                self.volunteering.misfits(environment, self.mail.host),
                (
                    Misfit(("projects", number, key), REMOVE_KEY)
                    for number, project in enumerate(self.projects)
                    for key in SERVER_KEYS
                    if key in project.model_fields_set
                ),
                self.placeholders() if environment is Environment.real else (),
            )
        )
        ids = [project.id for project in self.projects]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"projects: id {', '.join(twice)} is repeated")
        seen: set[BeaconId] = set()
        for number, entry in enumerate(self.bindings):
            beacon = entry.beacon
            if entry.project not in ids:
                raise ValueError(f"bindings[{number}].project: no project has the id {entry.project!r}")
            if beacon in seen:
                raise ValueError(f"bindings[{number}]: the beacon {beacon} is repeated")
            seen.add(beacon)
        return self

    @property
    def enabled_parts(self) -> tuple[str, ...]:
        """Return the names of the optional parts that are on."""
        return ("volunteering",) if self.volunteering.enabled else ()

    def placeholders(self) -> Iterator[Misfit]:
        """Return the placeholders of the shipped file."""
        for each in find_placeholders(self.model_dump(mode="json", by_alias=True, exclude_unset=True)):
            yield Misfit(each.at, each.reason, each.value)
