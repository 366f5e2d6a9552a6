"""Pages of a gift, from the amount to the bank's confirmation: on the screen in the hall, and on the phone."""

from dataclasses import dataclass

from kiosk_ui.idle_times import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.slip_views import GiftSlip
from kiosk_ui.views import View
from sync_contract.money import Money
from sync_contract.project import Project
from sync_contract.records import HandoffKind, IntentState


@dataclass(frozen=True, slots=True)
class AmountPage(View):
    """Quick picks; with `digits` (whole yuan as typed, or "") the number pad. A `key` sent twice is one gift.

    `refused`: these digits were submitted, and are too few or too many. `pending_gift`: this visitor has a gift with a
    valid code; the page leads back to it.
    """

    template = "amount"
    usual_idle_s = IDLE_S

    project: Project
    key: str
    digits: str | None = None
    refused: bool = False
    pending_gift: bool = False

    @property
    def too_much(self) -> bool:
        return self.project.max_fen < 100 * int(self.digits or "0")

    @property
    def too_little(self) -> bool:
        return 100 * int(self.digits or "0") < self.project.min_fen


@dataclass(frozen=True, slots=True)
class Handoff(View):
    """The code and the link of a registered gift, and its state.

    `minutes`: remaining time in which the code opens the bank's page without asking again; None for another kind.
    `code`: what may be typed at the address `code_at` instead of scanning, once the server knows the gift.
    `ended`: it was not paid at the bank and may be tried again. `closes_in_s`: seconds until the page is reset, shown
    where no script does.
    """

    template = "handoff"
    usual_idle_s = IDLE_WITH_CODE_S

    project: Project
    amount: Money
    url: str
    state: IntentState
    kind: HandoffKind
    minutes: int | None = None
    code: str = ""
    code_at: str = ""
    ended: bool = False
    closes_in_s: int = 0

    @property
    def at_bank(self) -> bool:
        """Return whether a phone has opened the bank's page and the payment may still come."""
        return self.state is IntentState.handed_off and self.kind is HandoffKind.ticket and not self.ended


@dataclass(frozen=True, slots=True)
class Thanks(View):
    """Only after the bank's confirmation. `slip`: its number."""

    template = "thanks"
    usual_idle_s = IDLE_S

    project: Project
    amount: Money
    slip: str


@dataclass(frozen=True, slots=True)
class PhoneGiving:
    """The form of a gift that begins on the phone: POST to `action`. `fault`: what is wrong with the `typed` amount.

    `public_page`: it continues at a page whose result is not known here.
    """

    action: str
    public_page: bool = False
    fault: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class PhoneGift(View):
    """On the phone, before paying: POST to `action` opens the attempt. `confirm_again`: after ten minutes.

    `public_page`: it continues at a page whose result is not known here; `leave`: the path of "not now".
    """

    template = "phone_gift"

    project: Project
    amount: Money
    action: str
    confirm_again: bool = False
    public_page: bool = False
    leave: str = "/s"


@dataclass(frozen=True, slots=True)
class PhoneCode(View):
    """On the phone: the form for a code from the screen. `unknown`: the `typed` code does not exist or has expired."""

    template = "phone_code"

    unknown: bool = False
    typed: str = ""


@dataclass(frozen=True, slots=True)
class PhoneHandover(View):
    """On the phone: on to the bank, by a form that is posted to `action`, or by a `code` for the bank's app.

    `fields` are signed and must not change. `again`: where the gift starts again, a path on this server.
    """

    template = "phone_handover"

    project: Project
    amount: Money
    again: str
    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class PhoneOutcome(View):
    """On the phone, after the bank's page; reloads every `refresh_s` seconds until the gift is settled.

    `gift`: the slip, on the gift's own page once it is paid; None on pages that others may see. `again`: where the gift
    may start again on this phone, "" where only the screen in the hall can do that; `root`: the path of its hall.
    """

    template = "phone_outcome"

    project: Project
    amount: Money
    state: IntentState
    slip: str = ""
    refresh_s: int = 3
    gift: GiftSlip | None = None
    again: str = ""
    root: str = "/s"
