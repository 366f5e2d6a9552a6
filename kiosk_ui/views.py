"""What each page shows: frozen values, made by a server's handlers and rendered by `Pages`.

`template` names the file in templates/; `idle_s` is the time without a touch after which a kiosk forgets the
resident (0: nothing to forget); `live` says that the page follows `/live`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kiosk_ui.board_views import BoardView
from kiosk_ui.components import ComponentsPage
from kiosk_ui.look import Look
from kiosk_ui.site_views import SiteView
from kiosk_ui.slip_views import GiftSlip, ReceiptPage
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.project import Project, Texts
from sync_contract.records import Door, HandoffKind, IntentState

IDLE_S = 90
IDLE_WITH_CODE_S = 180
"""Seconds: somebody who looks for a phone and scans needs longer."""


class Surface(StrEnum):
    """Where a server's pages are looked at: the screen in the hall, or the resident's own phone."""

    kiosk = "kiosk"
    phone = "phone"


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
class AmountPage:
    """Quick picks; with `digits` (whole yuan as typed, or "") the number pad. A `key` sent twice is one gift.

    `asked`: these digits were to be given, and are too few or too many.
    """

    template: ClassVar[str] = "amount"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    project: Project
    key: str
    digits: str | None = None
    asked: bool = False

    @property
    def too_much(self) -> bool:
        return self.project.max_fen < 100 * int(self.digits or "0")

    @property
    def too_little(self) -> bool:
        return 100 * int(self.digits or "0") < self.project.min_fen


@dataclass(frozen=True, slots=True)
class ComfortPage:
    """Size of text, colours, reading aloud. `back`: the page from which the resident came, a path on this server."""

    template: ClassVar[str] = "comfort"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    look: Look
    back: str


@dataclass(frozen=True, slots=True)
class HelpPage:
    """How to give, whom to ask. `phone`: a telephone number for residents, or ""; `staff`: the path of staff's page,
    or ""; `back`: the page from which the reader came, a path on this server."""

    template: ClassVar[str] = "help"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    phone: str = ""
    staff: str = ""
    back: str = "/"


@dataclass(frozen=True, slots=True)
class PhoneHelpPage:
    """Which switches of a phone let it find the beacon here. `back`: a path on this server."""

    template: ClassVar[str] = "phone_help"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    back: str = "/help"


@dataclass(frozen=True, slots=True)
class ContactPage:
    """A telephone number to speak to somebody: "" where none is published. `holder`: whose it is, None for the site's;
    `hours`: when somebody answers, None where nothing is said of it; `back`: a path on this server."""

    template: ClassVar[str] = "contact"
    idle_s: ClassVar[int] = IDLE_WITH_CODE_S
    live: ClassVar[bool] = False

    phone: str = ""
    holder: Texts | None = None
    hours: Texts | None = None
    back: str = "/help"


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """What the radio hears, what is kept and for how long, and what is not. `back`: a path on this server."""

    template: ClassVar[str] = "privacy"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    phone: str = ""
    back: str = "/help"


@dataclass(frozen=True, slots=True)
class PhonePrivacyPage:
    """The same on a phone. `keep_days`: so long what somebody wrote for a receipt stays after it was issued."""

    template: ClassVar[str] = "phone_privacy"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    keep_days: int
    back: str = "/s"


@dataclass(frozen=True, slots=True)
class News:
    """A scene that waits behind the page on which somebody is busy."""

    template: ClassVar[str] = "news"

    project: Project
    door: Door


@dataclass(frozen=True, slots=True)
class Handoff:
    """The code and the link of a registered gift, and what is known of it since.

    `minutes`: how much longer the code opens the bank's page without asking again; None when it is not of that kind.
    `code`: what may be typed at the address `code_at` instead of scanning, once the server knows the gift.
    `ended`: it was not paid at the bank, and may be tried again. `asks_s`: seconds until it is forgotten, told where no
    script of the page does.
    """

    template: ClassVar[str] = "handoff"
    idle_s: ClassVar[int] = IDLE_WITH_CODE_S
    live: ClassVar[bool] = True

    project: Project
    amount: Money
    url: str
    state: IntentState
    kind: HandoffKind
    minutes: int | None = None
    code: str = ""
    code_at: str = ""
    ended: bool = False
    asks_s: int = 0


@dataclass(frozen=True, slots=True)
class Thanks:
    """Only after the bank's word. `slip`: its number."""

    template: ClassVar[str] = "thanks"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    project: Project
    amount: Money
    slip: str


class NoticeKind(StrEnum):
    """Why there is a notice instead of the page that was asked for."""

    project_unknown = "project_unknown"
    permit_closed = "permit_closed"
    amount_out_of_range = "amount_out_of_range"
    store_unavailable = "store_unavailable"
    ticket_refused = "ticket_refused"
    ticket_other_environment = "ticket_other_environment"
    bank_unavailable = "bank_unavailable"
    elsewhere = "elsewhere"
    form_expired = "form_expired"
    not_found = "not_found"
    busy = "busy"
    fault = "fault"
    out_of_service = "out_of_service"


@dataclass(frozen=True, slots=True)
class NoticePage:
    """What happened, that nothing was paid, and what to do next. `back`: a path on this server, "" for no button."""

    template: ClassVar[str] = "notice"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    kind: NoticeKind
    project: Project | None = None
    back: str = "/"


@dataclass(frozen=True, slots=True)
class PhoneGift:
    """On the phone, before paying: POST to `action` opens the attempt. `confirm_again`: after ten minutes.

    `public_page`: it goes on at a page of which nothing is heard here; `leave`: where one goes who would rather not.
    """

    template: ClassVar[str] = "phone_gift"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    project: Project
    amount: Money
    action: str
    confirm_again: bool = False
    public_page: bool = False
    leave: str = "/s"


@dataclass(frozen=True, slots=True)
class PhoneHandover:
    """On the phone: on to the bank, by a form that is posted to `action`, or by a `code` for the bank's app.

    `fields` are signed and stay as they are. `again`: where the gift is begun anew, a path on this server.
    """

    template: ClassVar[str] = "phone_handover"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    project: Project
    amount: Money
    again: str
    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class PhoneOutcome:
    """On the phone, after the bank's page; asks again every `refresh_s` seconds while nothing is settled.

    `gift`: what the gift's own page tells once it is paid; None on pages that others may see. `again`: where it may be
    begun anew on this phone, "" where only the screen in the hall does that; `root`: the path of its hall.
    """

    template: ClassVar[str] = "phone_outcome"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    project: Project
    amount: Money
    state: IntentState
    slip: str = ""
    refresh_s: int = 3
    gift: GiftSlip | None = None
    again: str = ""
    root: str = "/s"


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
class PhoneGiving:
    """A gift that begins on the phone: POST to `action`. `fault`: a word about the amount that was `typed`.

    `public_page`: it goes on at a page of which nothing is heard here.
    """

    action: str
    public_page: bool = False
    fault: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """On the phone: a code from the screen is typed. `unknown`: the one that was typed leads nowhere."""

    template: ClassVar[str] = "phone_code"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    unknown: bool = False
    typed: str = ""


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


View = (
    Attract
    | ProjectsPage
    | ProjectPage
    | AmountPage
    | ComfortPage
    | HelpPage
    | PhoneHelpPage
    | ContactPage
    | PrivacyPage
    | PhonePrivacyPage
    | Handoff
    | Thanks
    | NoticePage
    | PhoneGift
    | PhoneHandover
    | PhoneOutcome
    | PhoneHall
    | PhoneProject
    | PhoneCode
    | ReceiptPage
    | SiteView
    | ComponentsPage
    | BoardView
)
