"""What helps a resident along: size and colours, how to give, whom to ask, what is kept of whom."""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_ui.display_preferences import Look
from kiosk_ui.idle_time import IDLE_S, IDLE_WITH_CODE_S
from sync_contract.project import Texts


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
