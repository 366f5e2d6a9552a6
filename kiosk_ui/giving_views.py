"""The way of a gift, from the amount to the bank's word: on the screen in the hall, and on the resident's phone."""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_ui.idle_time import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.slip_views import GiftSlip
from sync_contract.money import Money
from sync_contract.project import Project
from sync_contract.records import HandoffKind, IntentState


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
class PhoneCode:
    """On the phone: a code from the screen is typed. `unknown`: the one that was typed leads nowhere."""

    template: ClassVar[str] = "phone_code"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    unknown: bool = False
    typed: str = ""


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
