"""What somebody sees who gives nothing yet: the hall's projects, on the screen and on a phone."""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_ui.giving_views import PhoneGiving
from kiosk_ui.idle_time import IDLE_S, IDLE_WITH_CODE_S
from sync_contract.permit import PermitReason
from sync_contract.project import Project
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class Attract:
    """The first page. `shown`: the project that the scene turned to, with the door by which somebody came near.

    `held`: this visitor has a gift whose code leads on; then there is a way back to it, and a visitor to forget.
    """

    template: ClassVar[str] = "attract"
    live: ClassVar[bool] = True

    projects: tuple[Project, ...]
    shown: Project | None = None
    shown_open: bool = False
    door: Door | None = None
    held: bool = False

    @property
    def idle_s(self) -> int:
        return IDLE_WITH_CODE_S if self.held else 0


@dataclass(frozen=True, slots=True)
class ProjectsPage:
    """All projects, whatever the scene shows."""

    template: ClassVar[str] = "projects"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    projects: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One project. `open`: its permit holds, so there is a button; else `reason` says why there is none."""

    template: ClassVar[str] = "project"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    project: Project
    open: bool
    reason: PermitReason


@dataclass(frozen=True, slots=True)
class News:
    """A scene that waits behind the page on which somebody is busy."""

    template: ClassVar[str] = "news"

    project: Project
    door: Door


@dataclass(frozen=True, slots=True)
class PhoneHall:
    """On the phone: the hall's projects, and shaking to turn to one of them.

    `root`: the path below which they lie. `ended`: the page of a shake was asked for whose time is over. `board`: of
    their community, "" where there is none.
    """

    template: ClassVar[str] = "phone_hall"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    projects: tuple[Project, ...]
    root: str
    ended: bool = False
    board: str = ""


@dataclass(frozen=True, slots=True)
class PhoneProject:
    """On the phone: one project, and how to give to it.

    `root`: the path of its hall; `another`: where to turn to the next project, "" for no button; `giving`: None where
    a gift begins at the screen in the hall; `board`: where its money is told, "" where it is not.
    """

    template: ClassVar[str] = "phone_project"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    project: Project
    open: bool
    reason: PermitReason
    root: str
    another: str = ""
    giving: PhoneGiving | None = None
    board: str = ""
