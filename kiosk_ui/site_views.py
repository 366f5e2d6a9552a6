"""Pages for staff on site: the status of this device, what it receives, and why the screen shows a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from kiosk_ui.idle_times import IDLE_S
from kiosk_ui.paper.acceptance_wording import ALL_TESTED, NONE_YET, SCAN, SIGNATURE, TITLE, UNTESTED_TITLE, SheetWords
from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a reason: site_reason.html words each `kind`, with `facts` as text."""

    kind: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeardPlace:
    """A place beacon of the allow-list. `zone` empty, and the rest None: not received now. Metres, dBm, seconds."""

    label: str
    beacon: str
    project: Texts | None
    zone: str = ""
    rssi: int | None = None
    distance_m: float | None = None
    age_s: int | None = None


@dataclass(frozen=True, slots=True)
class HeardClass:
    """The number of people's tags that are present, by class and zone: single tags are not identified."""

    tag_class: str
    zone: str
    count: int


@dataclass(frozen=True, slots=True)
class RadioNow:
    """`state`, `advert`: words of site_words.html; `proof`: proved, lost, not proved, or empty. `off_air_min`: minutes
    for which our own advert has been off the air, once that needs a person; else 0.
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
    low_batteries: tuple[str, ...] = ()
    """Labels of place beacons and classes of tags."""
    advert_rate: str = ""
    """Own adverts a second that another adapter receives; empty: none does, so nothing proves them."""


@dataclass(frozen=True, slots=True)
class SyncNow:
    """`lines`: time, event, kind of parcel, detail. Times are local. `reachable`: None while unknown."""

    central: str
    waiting: int
    refused: int
    damaged: int
    delivered_at: datetime | None
    reachable: bool | None
    barred: str
    catalogue: int
    lines: tuple[tuple[datetime, str, str, str], ...]
    repaired_at: datetime | None = None
    """When this store was last repaired after damage. `damaged` counts what was not recovered."""


@dataclass(frozen=True, slots=True)
class StageNow:
    """A stage that failed and restarts by itself. `error`: the exception's name. `waiting`: not restarted yet."""

    name: str
    error: str
    for_s: int
    restarts: int
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """`silent_s`: since the last sign of life of this device's screen. `staff`: address, minutes since."""

    silent_s: int
    behind: bool
    browsers: int
    staff: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SitePage(View):
    """`shown`: the project on the screen, None for the first page; `guest`: a device with a PIN, not this one."""

    template = "site"

    guest: bool
    versions: Mapping[str, str]
    at: datetime
    shown: Texts | None
    why: tuple[Clause, ...]
    screen_lock: tuple[Clause, ...]
    radio: RadioNow
    sync: SyncNow | None
    stages: tuple[StageNow, ...]
    connected: Connected
    pin: bool = False
    """Whether the screen may show a PIN."""
    settings_faults: tuple[str, ...] = ()
    """Faults of the settings file, one sentence each; while there are any, the previous settings are in use."""

    @property
    def idle_s(self) -> int:
        return 0 if self.guest else IDLE_S


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
class SiteWhyPage(View):
    """`picture`: the last ten minutes."""

    template = "site_why"

    guest: bool
    picture: Markup
    stylesheet: str
    decisions: tuple[DecisionLine, ...]

    @property
    def idle_s(self) -> int:
        return 0 if self.guest else IDLE_S


@dataclass(frozen=True, slots=True)
class SiteSheetPage(View):
    """The acceptance sheet, in Chinese and English in any language of the page. `words`: None if there is none.

    `code`: leads to `address` on the central server; None without a server.  `zones`: a picture.
    """

    template = "site_sheet"

    words: SheetWords | None = None
    code: Markup | None = None
    address: str = ""
    zones: Markup | None = None
    title = TITLE
    none_yet = NONE_YET
    untested_title = UNTESTED_TITLE
    all_tested = ALL_TESTED
    signature = SIGNATURE
    scan = SCAN


@dataclass(frozen=True, slots=True)
class SitePinPage(View):
    """On the screen: `digits` "" before a PIN was created; `addresses`: where staff open the page."""

    template = "site_pin"
    usual_idle_s = 180

    digits: str
    minutes: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteDoorPage(View):
    """On a device in the local network: type the PIN. `wrong`: the last try."""

    template = "site_door"

    guest: bool = True
    wrong: bool = False
