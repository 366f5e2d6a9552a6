"""What staff on site are shown: how this device is, what it hears, and why the screen shows what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a reason: `kind` has words in site_reason.html; `said` is told as it is."""

    kind: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeardPlace:
    """A place beacon of the allow-list. `zone` empty, and the rest None: not heard now. Metres, dBm, seconds."""

    label: str
    beacon: str
    project: Texts | None
    zone: str = ""
    rssi: int | None = None
    distance_m: float | None = None
    age_s: int | None = None


@dataclass(frozen=True, slots=True)
class HeardClass:
    """People's tags that are here now, by class and zone: none is told from another."""

    tag_class: str
    zone: str
    count: int


@dataclass(frozen=True, slots=True)
class RadioNow:
    """`state`, `advert`: words of site_words.html; `proof`: proved, lost, not proved, or empty. `off_air_min`: how long
    our own advert has not been on the air, once that needs a person; else 0.
    """

    state: str
    advert: str
    adapters: tuple[str, ...]
    proof: str
    simulated: bool
    places: tuple[HeardPlace, ...]
    classes: tuple[HeardClass, ...]
    foreign: int
    off_air_min: int = 0


@dataclass(frozen=True, slots=True)
class SyncNow:
    """`lines`: time, event, kind of parcel, detail. Times are local. `reachable`: None while nobody knows."""

    central: str
    waiting: int
    refused: int
    damaged: int
    delivered_at: datetime | None
    reachable: bool | None
    barred: str
    catalogue: int
    lines: tuple[tuple[datetime, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class StageNow:
    """A part of the program that failed and starts again by itself. `error`: a word of the program's own.

    `waiting`: it has not started again yet.
    """

    name: str
    error: str
    for_s: int
    restarts: int
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """`silent_s`: since the screen of this device last said that it is alive. `staff`: address, minutes since."""

    silent_s: int
    behind: bool
    browsers: int
    staff: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SitePage:
    """`shown`: the project on the screen, None for the first page; `guest`: somebody with a PIN, not this device."""

    template: ClassVar[str] = "site"
    live: ClassVar[bool] = True

    guest: bool
    versions: Mapping[str, str]
    at: datetime
    shown: Texts | None
    why: tuple[Clause, ...]
    held: tuple[Clause, ...]
    radio: RadioNow
    sync: SyncNow | None
    stages: tuple[StageNow, ...]
    connected: Connected
    pin: bool = False
    """Whether the screen may show a PIN."""

    @property
    def idle_s(self) -> int:
        return 0 if self.guest else 90


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """`what`: arrived, zone, left, shown; `who`: a label, empty for a class; `before`, `after`: zones or titles."""

    ago_s: int
    what: str
    who: str
    tag_class: str
    before: str | Texts | None
    after: str | Texts | None
    numbers: str
    why: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class SiteWhyPage:
    """`picture`: the last ten minutes."""

    template: ClassVar[str] = "site_why"
    live: ClassVar[bool] = False

    guest: bool
    picture: Markup
    stylesheet: str
    decisions: tuple[DecisionLine, ...]

    @property
    def idle_s(self) -> int:
        return 0 if self.guest else 90


@dataclass(frozen=True, slots=True)
class SitePinPage:
    """On the screen: `digits` "" before one was asked for; `addresses`: where staff open the page."""

    template: ClassVar[str] = "site_pin"
    idle_s: ClassVar[int] = 180
    live: ClassVar[bool] = False

    digits: str
    minutes: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteDoorPage:
    """On a device in the local network: type the PIN. `wrong`: the last try; `wait_s`: before the next one."""

    template: ClassVar[str] = "site_door"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    guest: bool = True
    wrong: bool = False
    wait_s: int = 0


SiteView = SitePage | SiteWhyPage | SitePinPage | SiteDoorPage
