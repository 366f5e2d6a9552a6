"""The views of the phone pages of volunteers."""

from dataclasses import dataclass

from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One shift in a list or on its page, worded for the reader. `about`: "" for nothing more.

    `free`: seats for whoever asks now; `own`: the state of the reader's sign-up, "" for none; `until`: when their offer
    ends; `open`: it has not begun and was not cancelled.
    """

    path: str
    title: str
    about: str
    meeting: str
    day: str
    hours: str
    seats: int
    free: int
    open: bool
    cancelled: bool
    own: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class CommunityPage(View):
    """The coming activities of a community. `hall`: the path of its projects; `root`: of these pages."""

    template = "community_activities"

    community: Texts
    lines: tuple[ActivityLine, ...]
    hall: str
    root: str


@dataclass(frozen=True, slots=True)
class ActivityPage(View):
    """One shift. `back`: the path of the list; `join`: of the page to log in, "" for a member; `problem`: why a form
    changed nothing, "" for none; `before`: people who wait before the reader.
    """

    template = "community_activity"

    line: ActivityLine
    back: str
    join: str
    problem: str = ""
    before: int = 0


@dataclass(frozen=True, slots=True)
class NumberPage(View):
    """Asks for the telephone number. `card`: the path to log in with a card. `fault`: "" for none."""

    template = "community_number"

    action: str
    back: str
    card: str
    typed: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class LoginCardPage(View):
    """Asks for the code of a login card. `code`: as scanned, "" to type it."""

    template = "community_login_card"

    root: str
    code: str
    fault: bool


@dataclass(frozen=True, slots=True)
class CodePage(View):
    """Asks for the code. `shown`: the code, in a drill; `number`: with its middle hidden, "" after a fault."""

    template = "community_code"

    action: str
    again: str
    number: str
    shown: str
    name: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """Time without proof. `state`: of ClaimState; `minutes`: claimed, or confirmed; `reason`: of who decided."""

    title: str
    day: str
    state: str
    minutes: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GuardianPage(View):
    """Asks for the guardian's code. `number`: the guardian's, with its middle hidden; `hidden`: fields typed before."""

    template = "community_guardian"

    action: str
    again: str
    number: str
    hidden: tuple[tuple[str, str], ...]
    shown: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class OwnPage(View):
    """The reader's coming shifts and data. `root`: the path of the community's pages.

    `number`: "" for none; `asked`: open proposals. `card_issued`: when the valid login card was printed;
    `card_used`: last used; "" for never. `merges`: ids of merges under way. `guardian`: of
    a person under 18: "given" or "missing".
    """

    template = "community_own"

    name: str
    number: str
    lines: tuple[ActivityLine, ...]
    root: str
    asked: int = 0
    claims: tuple[ClaimLine, ...] = ()
    card_issued: str = ""
    card_used: str = ""
    merges: tuple[str, ...] = ()
    guardian: str = ""


@dataclass(frozen=True, slots=True)
class ErasedPage(View):
    template = "community_erased"

    back: str


@dataclass(frozen=True, slots=True)
class CheckInView(View):
    """What a member may do, or did, with the code of a screen.

    `state`: refused, log_in, or of CheckInState. `root`: of the community's pages. `unproved`: the code proves no place
    (any more). `leaving`: the next step is the check-out. `minutes`: what counts, None before the check-out. `again`:
    the activity's next time, after the check-out.
    """

    template = "community_check_in"

    state: str
    root: str
    title: str = ""
    day: str = ""
    hours: str = ""
    action: str = ""
    unproved: bool = False
    leaving: bool = False
    minutes: int | None = None
    again: ActivityLine | None = None
