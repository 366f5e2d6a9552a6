"""The views of the phone pages of volunteers."""

from dataclasses import dataclass

from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One shift in a list or on its page, worded for the reader. `about`: "" for nothing more."""

    path: str
    title: str
    about: str
    meeting: str
    day: str
    hours: str
    seats: int


@dataclass(frozen=True, slots=True)
class CommunityPage(View):
    """The coming activities of a community. `hall`: the path of its projects."""

    template = "community_activities"

    community: Texts
    lines: tuple[ActivityLine, ...]
    hall: str


@dataclass(frozen=True, slots=True)
class ActivityPage(View):
    """One shift. `back`: the path of the list."""

    template = "community_activity"

    line: ActivityLine
    back: str
