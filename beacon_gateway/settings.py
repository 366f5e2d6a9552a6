"""config/gateway.toml as frozen values; read by the daemon and the commands only, with `daemonkit.toml.load`."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from beacon_gateway.settings_addresses import (
    CentralUrl,
    Host,
    HostOfPage,
    LinkUrl,
    PublicKey,
    is_everywhere,
    is_loopback,
)
from daemonkit.toml import Misfit, misfits
from kiosk_ui.look import Theme
from kiosk_ui.telephone import Line, Telephone
from sync_contract.beacon import U16, BeaconId
from sync_contract.catalogue import BeaconKind, HoursOfDay, TagClass
from sync_contract.project import Project, ProjectId, Texts
from sync_contract.records import HandoffKind
from sync_contract.strict import Environment, Record

Adapter = Annotated[str, StringConstraints(pattern=r"^(hci[0-9]{1,3})?$")]
"""A Bluetooth adapter as BlueZ names it; empty: any."""
AdapterName = Annotated[str, StringConstraints(pattern=r"^hci[0-9]{1,3}$")]
Folder = Annotated[str, StringConstraints(pattern=r"^(/[^\x00]{0,400})?$")]
"""An absolute path, or empty."""
Dbm = Annotated[int, Field(ge=-127, le=20)]


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
    helper_socket: Annotated[str, StringConstraints(pattern=r"^/[^\x00]{1,100}$")] = "/run/beacon-radio/helper.sock"

    @field_validator("scan_adapters")
    @classmethod
    def _adapters_differ(cls, adapters: tuple[str, ...]) -> tuple[str, ...]:
        misfits(_repeated(adapters, "scan_adapters"))
        return adapters


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

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.enabled:
            absent = (key for key in ("uuid", "major", "minor") if key not in self.model_fields_set)
            misfits(Misfit((key,), "is required when enabled") for key in absent)
        if self.exact and self.mode is AdvertiseMode.peripheral:
            misfits([Misfit(("exact",), 'is never connectable: it does not go with mode = "peripheral"', True)])
        seen = {BeaconId(self.uuid, self.major, self.minor)}
        for number, identity in enumerate(self.more):
            if identity.id in seen:
                misfits([Misfit(("more", number), "is advertised already", str(identity.id))])
            seen.add(identity.id)
        return self


class Presence(Record):
    """Metres and seconds; see beacon_gateway.presence.rules."""

    immediate_m: Annotated[float, Field(gt=0, le=100)] = 1.5
    near_m: Annotated[float, Field(gt=0, le=100)] = 4.0
    dwell_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    exit_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    path_loss_exponent: Annotated[float, Field(ge=1, le=6)] = 2.2
    unknown_is_near: bool = False
    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    margin_db: Annotated[float, Field(ge=0, le=40)] = 6.0

    @model_validator(mode="after")
    def _zones_are_nested(self) -> Self:
        if self.immediate_m >= self.near_m:
            key = "immediate_m" if "immediate_m" in self.model_fields_set else "near_m"
            misfits([Misfit((key,), "immediate_m must be less than near_m", getattr(self, key))])
        return self


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

    @model_validator(mode="after")
    def _only_people_have_a_class(self) -> Self:
        if self.kind is BeaconKind.person and not self.tag_class:
            misfits([Misfit(("tag_class",), 'is required for kind = "person"')])
        if self.kind is BeaconKind.person and self.proves_radio:
            misfits([Misfit(("proves_radio",), 'belongs to kind = "place" only: a person walks away', "true")])
        if self.kind is BeaconKind.place and self.tag_class:
            misfits([Misfit(("tag_class",), 'belongs to kind = "person" only', self.tag_class)])
        return self

    @model_validator(mode="after")
    def _brings_one_or_several(self) -> Self:
        if self.project is not None and self.projects:
            misfits([Misfit(("projects",), "stands beside project: keep one of the two", self.projects[0])])
        misfits(_repeated(self.projects, "projects"))
        return self


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
    host: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    allowed_hosts: tuple[HostOfPage, ...] = ()
    site: SiteDoor = SiteDoor.loopback
    voices: Folder = ""
    theme: Theme = Theme.light
    rotation: Literal[0, 90, 180, 270] = 0
    dark: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _site_can_be_reached(self) -> Self:
        if self.site is SiteDoor.lan and is_loopback(self.host):
            misfits([Misfit(("site",), f'needs a host other than {self.host}, such as "0.0.0.0"', "lan")])
        if self.site is SiteDoor.lan and is_everywhere(self.host) and not self.allowed_hosts:
            why = "needs allowed_hosts: by which names or addresses staff open it"
            misfits([Misfit(("site",), why, "lan")])
        return self


class OnlyKiosk(BaseModel):
    """[kiosk] of a file whose other sections are nobody's business here: the browser's user knows no server."""

    kiosk: Kiosk = Kiosk()


class Settings(Record):
    """The order matters: a check reads only the sections above it, and only when those are sound."""

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

    @field_validator("projects")
    @classmethod
    def _projects_differ(cls, projects: tuple[Project, ...], info: ValidationInfo) -> tuple[Project, ...]:
        misfits(_repeated([project.id for project in projects], "projects", "id"))
        if not projects and "central" in info.data and not info.data["central"].url:
            raise ValueError("at least one [[projects]] is needed, or [central] with the url that brings them")
        return projects

    @field_validator("advertise")
    @classmethod
    def _advert_is_bound(cls, advertise: Advertise, info: ValidationInfo) -> Advertise:
        found = list(_unknown_project(("project",), advertise.project, info))
        for number, identity in enumerate(advertise.more):
            found += _unknown_project(("more", number, "project"), identity.project, info)
        misfits(found)
        return advertise

    @field_validator("beacons")
    @classmethod
    def _beacons_differ(cls, beacons: tuple[BeaconEntry, ...], info: ValidationInfo) -> tuple[BeaconEntry, ...]:
        found = list(_repeated([beacon.id for beacon in beacons], "beacons"))
        for number, beacon in enumerate(beacons):
            found += _unknown_project((number, "project"), beacon.project, info)
            for place, project in enumerate(beacon.projects):
                found += _unknown_project((number, "projects", place), project, info)
        misfits(found)
        return beacons

    @field_validator("rules")
    @classmethod
    def _rules_differ(cls, rules: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        found = list(_repeated([rule.project for rule in rules], "rules", "project"))
        for number, rule in enumerate(rules):
            found += _unknown_project((number, "project"), rule.project, info)
        misfits(found)
        return rules

    @field_validator("handoff")
    @classmethod
    def _handoff_leads_somewhere(cls, handoff: Handoff, info: ValidationInfo) -> Handoff:
        if handoff.kind is HandoffKind.ticket and "central" in info.data and not info.data["central"].url:
            why = "needs [central] url, or this device enrolled (beacon-gateway enrol): tickets lead to that server"
            misfits([Misfit(("kind",), why, "ticket")])
        if handoff.kind is HandoffKind.link and not handoff.link_url:
            misfits([Misfit(("link_url",), 'is required for kind = "link"')])
        if handoff.link_url and "site" in info.data:
            misfits(_link(handoff, info.data["site"].environment))
        return handoff


def _link(handoff: Handoff, environment: Environment) -> Iterator[Misfit]:
    parts = urlsplit(handoff.link_url)
    if environment is Environment.drill and is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https":
        yield Misfit(("link_url",), "must begin with https://", handoff.link_url)
    if parts.netloc.lower() not in handoff.link_hosts:
        yield Misfit(("link_url",), f"leads to {parts.netloc}, which is not one of link_hosts", handoff.link_url)


def _unknown_project(at: tuple[str | int, ...], project: str | None, info: ValidationInfo) -> Iterator[Misfit]:
    """Without a central server the file itself must know the project."""
    if project is None or "projects" not in info.data or "central" not in info.data or info.data["central"].url:
        return
    if project not in {known.id for known in info.data["projects"]}:
        yield Misfit(at, "no [[projects]] has this id, and there is no [central] url to bring it", project)


def _repeated(values: Sequence[str | BeaconId], table: str, key: str = "") -> Iterator[Misfit]:
    first: dict[str | BeaconId, int] = {}
    for number, value in enumerate(values):
        if first.setdefault(value, number) != number:
            at = (number, key) if key else (number,)
            yield Misfit(at, f"is the same as {table}[{first[value]}]", str(value))
