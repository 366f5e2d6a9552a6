"""config/gateway.toml as frozen values; read by the daemon and the commands only, with `daemonkit.toml.load`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from beacon_gateway.settings_addresses import CentralUrl, Host, HostOfPage, LinkUrl, PublicKey
from beacon_gateway.settings_consistency import IMMEDIATE_M, LOOPBACK, NEAR_M, unfit, unfit_kiosk
from daemonkit.toml import Misfit
from kiosk_ui.display_preferences import Theme
from kiosk_ui.telephone import Line, Telephone
from sync_contract.beacon_identity import U16, BeaconId
from sync_contract.catalogue import BeaconKind, HoursOfDay, TagClass
from sync_contract.project import Project, ProjectId, Texts
from sync_contract.records import HandoffKind
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Environment, Record

Adapter = Annotated[str, StringConstraints(pattern=r"^(hci[0-9]{1,3})?$"), Field(examples=["hci0", ""])]
"""A Bluetooth adapter as BlueZ names it; empty: any."""
AdapterName = Annotated[str, StringConstraints(pattern=r"^hci[0-9]{1,3}$"), Field(examples=["hci0"])]
Folder = Annotated[str, StringConstraints(pattern=r"^(/[^\x00]{0,400})?$"), Field(examples=["/srv/voices", ""])]
"""An absolute path, or empty."""


class AdvertiseMode(StrEnum):
    broadcast = "broadcast"
    """Not connectable, without flags."""
    peripheral = "peripheral"
    """Connectable, with the flags of Apple's iBeacon layout."""


class SiteDoor(StrEnum):
    """Who may open /site."""

    loopback = "loopback"
    """This device alone."""
    lan = "lan"
    """And the local network, with a PIN of the screen."""
    off = "off"


class Site(Record):
    community: Texts
    environment: Environment
    contact_phone: Telephone = ""
    contact_name: Line | None = None
    """Whose number it is; None: the community's."""
    contact_hours: Line | None = None


class Radio(Record):
    scan_adapters: Annotated[tuple[AdapterName, ...], Field(max_length=16)] = ()
    """Empty: all that there are."""
    scan_mode: Literal["active", "passive"] = "active"
    silence_s: Annotated[float, Field(ge=5, le=3600)] = 30.0
    helper_socket: Annotated[
        str, StringConstraints(pattern=r"^/[^\x00]{1,100}$"), Field(examples=["/run/beacon-radio/helper.sock"])
    ] = "/run/beacon-radio/helper.sock"


class Central(Record):
    """Empty: what the enrolment said. `roll_key_days`: how old the device's key grows before another takes over; 0: for
    ever."""

    url: CentralUrl = ""
    catalogue_key: PublicKey = ""
    roll_key_days: Annotated[int, Field(ge=0, le=3650)] = 60


class Identity(Record):
    """One more beacon that this site is."""

    uuid: UUID
    major: U16
    minor: U16
    measured_power: Dbm = -59
    project: ProjectId | None = None

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Advertise(Record):
    """Our own adverts. uuid, major and minor are required once it is enabled. `tx_power`: None, the controller's."""

    enabled: bool
    adapter: Adapter = ""
    uuid: UUID = UUID(int=0)
    major: U16 = 0
    minor: U16 = 0
    measured_power: Dbm = -59
    interval_ms: Annotated[int, Field(ge=20, le=10240)] = 100
    tx_power: Dbm | None = None
    mode: AdvertiseMode = AdvertiseMode.broadcast
    exact: bool = False
    project: ProjectId | None = None
    more: Annotated[tuple[Identity, ...], Field(max_length=4)] = ()

    @property
    def identities(self) -> tuple[Identity, ...]:
        """All that is advertised, the section's own first; none when it is not enabled."""
        if not self.enabled:
            return ()
        own = Identity(
            uuid=self.uuid,
            major=self.major,
            minor=self.minor,
            measured_power=self.measured_power,
            project=self.project,
        )
        return (own, *self.more)


class Presence(Record):
    """Metres and seconds; see beacon_gateway.presence.presence_rules."""

    immediate_m: Annotated[float, Field(gt=0, le=100)] = IMMEDIATE_M
    near_m: Annotated[float, Field(gt=0, le=100)] = NEAR_M
    dwell_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    exit_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    path_loss_exponent: Annotated[float, Field(ge=1, le=6)] = 2.2
    unknown_is_near: bool = False
    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    margin_db: Annotated[float, Field(ge=0, le=40)] = 6.0


class BeaconEntry(Record):
    uuid: UUID
    major: U16
    minor: U16
    kind: BeaconKind
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    measured_power: Dbm = -59
    path_loss_exponent: Annotated[float, Field(ge=1, le=6)] | None = None
    """None: that of [presence]."""
    tag_class: TagClass = ""
    project: ProjectId | None = None
    projects: Annotated[tuple[ProjectId, ...], Field(max_length=20)] = ()
    interval_ms: Annotated[int, Field(ge=20, le=10240)] | None = None
    proves_radio: bool = False

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Rule(Record):
    """When a project goes before the others of a beacon, or of beacons about equally near."""

    project: ProjectId
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    hours: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()


class Handoff(Record):
    kind: HandoffKind
    link_url: LinkUrl = ""
    link_hosts: tuple[HostOfPage, ...] = ()


class Kiosk(Record):
    host: Host = LOOPBACK
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    allowed_hosts: tuple[HostOfPage, ...] = ()
    site: SiteDoor = SiteDoor.loopback
    voices: Folder = ""
    theme: Theme = Theme.light
    rotation: Literal[0, 90, 180, 270] = 0
    dark: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()


class OnlyKiosk(BaseModel):
    """[kiosk] of a file whose other sections are nobody's business here: the browser's user knows no server."""

    kiosk: Kiosk = Kiosk()

    @classmethod
    def unfit(cls, told: Mapping[str, Any]) -> Iterable[Misfit]:
        """See daemonkit.toml.Whole."""
        return unfit_kiosk(told)


class Settings(Record):
    """Each value by itself; what they must be to each other stands in settings_fit."""

    site: Site
    radio: Radio = Radio()
    central: Central = Central()
    projects: Annotated[tuple[Project, ...], Field(max_length=200, validate_default=True)] = ()
    advertise: Advertise = Advertise(enabled=False)
    presence: Presence = Presence()
    beacons: Annotated[tuple[BeaconEntry, ...], Field(max_length=500)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=200)] = ()
    handoff: Handoff
    kiosk: Kiosk = Kiosk()

    @classmethod
    def unfit(cls, told: Mapping[str, Any]) -> Iterable[Misfit]:
        """See daemonkit.toml.Whole."""
        return unfit(told)
