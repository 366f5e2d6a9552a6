"""Pages that help a resident: display, how to give, contact, privacy. `back` is a path on this server."""

from dataclasses import dataclass

from kiosk_ui.display_preferences import DisplayPreferences
from kiosk_ui.idle_times import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class DisplayPage(View):
    """Text size, colours, reading aloud."""

    template = "display"
    usual_idle_s = IDLE_S

    display: DisplayPreferences
    back: str


@dataclass(frozen=True, slots=True)
class HelpPage(View):
    """How to give, and whom to ask. `phone`: a number for residents, or ""; `staff`: path of the staff page, or ""."""

    template = "help"
    usual_idle_s = IDLE_S

    phone: str = ""
    staff: str = ""
    back: str = "/"


@dataclass(frozen=True, slots=True)
class PhoneHelpPage(View):
    """Which settings a phone needs to receive the beacon."""

    template = "phone_help"
    usual_idle_s = IDLE_S

    back: str = "/help"


@dataclass(frozen=True, slots=True)
class ContactPage(View):
    """A telephone number: "" where none is published. `holder`: who answers it, None for the site; `hours`: when
    somebody answers, None where unknown.
    """

    template = "contact"
    usual_idle_s = IDLE_WITH_CODE_S

    phone: str = ""
    holder: Texts | None = None
    hours: Texts | None = None
    back: str = "/help"


@dataclass(frozen=True, slots=True)
class PrivacyPage(View):
    """What the radio receives, what is stored and for how long."""

    template = "privacy"
    usual_idle_s = IDLE_S

    phone: str = ""
    back: str = "/help"


@dataclass(frozen=True, slots=True)
class PhonePrivacyPage(View):
    """The same on a phone. `keep_days`: for how long the data for a receipt are stored after it was issued."""

    template = "phone_privacy"

    keep_days: int
    back: str = "/s"
