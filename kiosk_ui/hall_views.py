"""Pages before a gift begins: the hall's projects, on the screen and on a phone."""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_ui.giving_views import PhoneGiving
from kiosk_ui.idle_times import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.views import View
from sync_contract.permit import PermitReason
from sync_contract.project import Project, Texts
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class Attract(View):
    """The first page. `shown`: the project of the scene, with the door by which somebody came near.

    `pending_gift`: this visitor has a gift with a valid code; the page leads back to it, and is reset when idle.
    `declined`: somebody has just declined to give; a button undoes it.
    """

    template = "attract"

    projects: tuple[Project, ...]
    shown: Project | None = None
    shown_open: bool = False
    door: Door | None = None
    pending_gift: bool = False
    declined: bool = False

    @property
    def idle_s(self) -> int:
        return IDLE_WITH_CODE_S if self.pending_gift else 0


@dataclass(frozen=True, slots=True)
class ProjectsPage(View):
    """All projects, whatever the scene shows."""

    template = "projects"
    usual_idle_s = IDLE_S

    projects: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class ProjectPage(View):
    """One project. `open`: its permit is valid, so there is a donate button; else `reason` explains why not."""

    template = "project"
    usual_idle_s = IDLE_S

    project: Project
    open: bool
    reason: PermitReason


@dataclass(frozen=True, slots=True)
class News:
    """A scene that waits behind a page that is in use."""

    template: ClassVar[str] = "news"

    project: Project
    door: Door


@dataclass(frozen=True, slots=True)
class PhoneHall(View):
    """On the phone: the hall's projects, and shaking to open one of them.

    `root`: the path below which they lie. `ended`: the page of an expired shake was requested. `board`: the path of
    their community's board, "" for none. `links`: paths of further pages of the community, with their names.
    """

    template = "phone_hall"

    projects: tuple[Project, ...]
    root: str
    ended: bool = False
    board: str = ""
    links: tuple[tuple[str, Texts], ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneProject(View):
    """On the phone: one project, and how to give to it.

    `root`: the path of its hall; `another`: the path to the next project, "" for no button; `giving`: None where a gift
    begins at the screen in the hall; `board`: the path of its published figures, "" for none.
    """

    template = "phone_project"

    project: Project
    open: bool
    reason: PermitReason
    root: str
    another: str = ""
    giving: PhoneGiving | None = None
    board: str = ""
