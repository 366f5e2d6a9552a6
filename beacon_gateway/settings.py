"""The settings of gateway.toml as frozen values; only the daemon and the commands read them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from beacon_gateway.settings_addresses import BrokerHost, CentralUrl, Host, HostOfPage, LinkUrl, PublicKey
from beacon_gateway.settings_consistency import (
    IMMEDIATE_M,
    LOOPBACK,
    NEAR_M,
    find_kiosk_misfits,
    find_misfits,
    placeholder_misfits,
)
from daemonkit.toml import Misfit
from kiosk_ui.display_preferences import Theme
from kiosk_ui.telephone import Line, Telephone
from sync_contract.beacon_identity import U16, BeaconId, BeaconUuid
from sync_contract.catalogue import BeaconKind, HoursOfDay, TagClass
from sync_contract.project import Project, ProjectId, Texts
from sync_contract.records import HandoffKind
from sync_contract.rssi import MAX_DBM, MIN_DBM, Dbm
from sync_contract.strict_model import Environment, Language, Record

Adapter = Annotated[str, StringConstraints(pattern=r"^(hci[0-9]{1,3})?$"), Field(examples=["hci0", ""])]
"""The name of a Bluetooth adapter in BlueZ; empty: any."""
AdapterName = Annotated[str, StringConstraints(pattern=r"^hci[0-9]{1,3}$"), Field(examples=["hci0"])]
ReceiverName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,31}$"), Field(examples=["hci0"])]
"""An adapter, or `simulated` or `capture` in a drill."""
AcceptedLevel = Annotated[float, Field(ge=MIN_DBM, le=MAX_DBM)]
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
    """Only this device."""
    lan = "lan"
    """Also the local network, with a PIN from the screen."""
    off = "off"


class Site(Record):
    community: Texts
    environment: Environment
    contact_phone: Telephone = ""
    contact_name: Line | None = None
    """None: the community's name."""
    contact_hours: Line | None = None


class Radio(Record):
    scan_adapters: Annotated[tuple[AdapterName, ...], Field(max_length=16)] = ()
    """Empty: all adapters."""
    scan_mode: Literal["active", "passive"] = "active"
    silence_s: Annotated[float, Field(ge=5, le=3600)] = 30.0
    loss_db: dict[ReceiverName, Annotated[float, Field(ge=0, le=40)]] = Field(default={}, max_length=16)
    """By adapter: how much it receives below the best one, from the calibration; others are learned."""
    helper_socket: Annotated[
        str, StringConstraints(pattern=r"^/[^\x00]{1,100}$"), Field(examples=["/run/beacon-radio/helper.sock"])
    ] = "/run/beacon-radio/helper.sock"


class Central(Record):
    """Empty values come from the enrolment. `roll_key_days`: the maximum age of the device's key; 0: no limit."""

    url: CentralUrl = ""
    catalogue_key: PublicKey = ""
    roll_key_days: Annotated[int, Field(ge=0, le=3650)] = 60


class Identity(Record):
    """An additional beacon identity of this site."""

    uuid: BeaconUuid
    major: U16
    minor: U16
    measured_power: Dbm = -59
    project: ProjectId | None = None

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Advertise(Record):
    """Our own adverts; uuid, major and minor are required when enabled. `tx_power` None: the controller's default."""

    enabled: bool
    adapter: Adapter = ""
    uuid: BeaconUuid = UUID(int=0)
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
        """All advertised identities, the section's own first; none when disabled."""
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
    """See beacon_gateway.presence.presence_rules."""

    immediate_m: Annotated[float, Field(gt=0, le=100)] = IMMEDIATE_M
    near_m: Annotated[float, Field(gt=0, le=100)] = NEAR_M
    dwell_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    retreat_s: Annotated[float, Field(gt=0, le=60)] = 3.5
    exit_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    path_loss_exponent: Annotated[float, Field(ge=1, le=6)] = 2.2
    unknown_is_near: bool = False
    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    stay_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    margin_db: Annotated[float, Field(ge=0, le=40)] = 3.0


class BeaconEntry(Record):
    uuid: BeaconUuid
    major: U16
    minor: U16
    kind: BeaconKind
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    measured_power: Dbm | None = None
    """None: what the beacon announces."""
    path_loss_exponent: Annotated[float, Field(ge=1, le=6)] | None = None
    """None: that of [presence]."""
    tag_class: TagClass = ""
    project: ProjectId | None = None
    projects: Annotated[tuple[ProjectId, ...], Field(max_length=20)] = ()
    interval_ms: Annotated[int, Field(ge=20, le=10240)] | None = None
    proves_radio: bool = False
    accepted_dbm: dict[ReceiverName, AcceptedLevel] = Field(default={}, max_length=16)
    """By adapter: the level that was accepted at the calibration."""

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class Rule(Record):
    """When a project precedes the other projects of a beacon, or of beacons about equally near."""

    project: ProjectId
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    hours: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()


class Handoff(Record):
    kind: HandoffKind
    link_url: LinkUrl = ""
    link_hosts: tuple[HostOfPage, ...] = ()


class Kiosk(Record):
    host: Host = LOOPBACK
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """Never 0: the browser needs a fixed port. A free one is selected with `run --port 0`."""
    allowed_hosts: tuple[HostOfPage, ...] = ()
    site: SiteDoor = SiteDoor.loopback
    language: Language = Language.zh_hans
    """Of the screen while nobody has chosen another one."""
    voices: Folder = ""
    theme: Theme = Theme.light
    rotation: Literal[0, 90, 180, 270] = 0
    dark: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()


class Mqtt(Record):
    """The MQTT broker that gets this gateway's state. `host` empty: none. `prefix`: of Home Assistant's discovery."""

    host: BrokerHost = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    tls: bool = False
    username: Annotated[str, StringConstraints(max_length=100)] = ""
    password_file: Folder = ""
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$"), Field(examples=["homeassistant"])] = (
        "homeassistant"
    )
    every_s: Annotated[float, Field(ge=1, le=60)] = 30.0


class Volunteering(Record):
    """`check_in`: the screen has a page with the code by which volunteers prove that they are in this hall.

    `bulletin`: it has a page with the community's activities, requests for help and a bell for staff.
    """

    check_in: bool = False
    bulletin: bool = False


class Updates(Record):
    """`hours`: when updates may be installed, by this device's clock."""

    hours: Annotated[tuple[HoursOfDay, ...], Field(min_length=1, max_length=10)] = ("02:00-05:00",)


class OnlyKiosk(BaseModel):
    """Only [kiosk]: the browser's user does not know the enrolment that the other sections may need."""

    kiosk: Kiosk = Kiosk()

    @classmethod
    def find_misfits(cls, document: Mapping[str, Any]) -> Iterable[Misfit]:
        """See daemonkit.toml.CrossChecked."""
        return find_kiosk_misfits(document)


class Settings(Record):
    """Each value is checked here by itself; settings_consistency checks them against each other."""

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
    mqtt: Mqtt = Mqtt()
    volunteering: Volunteering = Volunteering()
    updates: Updates = Updates()

    @classmethod
    def find_misfits(cls, document: Mapping[str, Any]) -> Iterable[Misfit]:
        """See daemonkit.toml.CrossChecked."""
        return find_misfits(document)

    def fingerprint(self) -> str:
        """Return the SHA-256 of what differs from the defaults; comments and order in the file do not count."""
        changed = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(changed, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def placeholders(self) -> Iterable[Misfit]:
        """Return the placeholders of the shipped file."""
        return placeholder_misfits(self.model_dump(mode="json", by_alias=True, exclude_unset=True))
