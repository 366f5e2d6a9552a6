"""The pages of the community's bulletin on the screen: what is on, who needs help, and a bell for staff."""

from dataclasses import dataclass
from datetime import date

from kiosk_ui.idle_times import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class ActivityNotice:
    """`hours`: 09:00–11:00 in official time. `tomorrow`: not today."""

    title: Texts
    meeting: Texts
    hours: str
    tomorrow: bool
    running: bool
    free: int


@dataclass(frozen=True, slots=True)
class HelpNotice:
    """`kind`: of sync_contract.bulletin.HelpKind."""

    kind: str
    grid: str
    wanted_on: date


@dataclass(frozen=True, slots=True)
class HighlightNotice:
    """`picture`: its path on this device, "" for none."""

    text: Texts
    day: date
    picture: str = ""


@dataclass(frozen=True, slots=True)
class BulletinPage(View):
    template = "bulletin"
    usual_idle_s = IDLE_S

    activities: tuple[ActivityNotice, ...]
    requests: tuple[HelpNotice, ...]
    highlights: tuple[HighlightNotice, ...]


@dataclass(frozen=True, slots=True)
class JoinCodePage(View):
    """`url`: what phones open."""

    template = "bulletin_join"
    usual_idle_s = IDLE_WITH_CODE_S

    url: str


@dataclass(frozen=True, slots=True)
class BellPage(View):
    """`rang`: the time at which somebody rang a moment ago, such as 14:05; "" before."""

    template = "bell"
    usual_idle_s = IDLE_S

    rang: str = ""
