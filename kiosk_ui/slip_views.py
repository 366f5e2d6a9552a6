"""The slip of a paid gift on the donor's phone, and the form for the official receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk_ui.views import View
from sync_contract.money import Money
from sync_contract.project import Project


@dataclass(frozen=True, slots=True)
class GiftSlip:
    """`capitals`: the amount in financial numerals. `verify`, `pdf`, `receipt`: paths of the gift's own pages.

    `verify_url`: the full address, for the code. `state`: anonymous, waived, due or issued; `number`: of the slip.
    `refunded`: the part of the gift that was refunded. `thanks`: the path of the form for the message, "" without mail.
    """

    number: str
    capitals: str
    verify: str
    verify_url: str
    pdf: str
    receipt: str
    state: str
    thanks: str = ""
    receipt_number: str = ""
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class ReceiptPage(View):
    """The form for the official receipt. `typed`, `faults`: by field, after a refused submission. `action`: its target.

    `state`: as in `GiftSlip`; `stored`: the donor's data are stored; `keep_days`: for how long after issuing.
    """

    template = "phone_receipt"

    project: Project
    amount: Money
    slip: str
    action: str
    back: str
    state: str
    keep_days: int
    receipt_number: str = ""
    stored: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThanksPage(View):
    """The form for one message when the money was spent. `state`: "", waiting, sending or sent; `offered`: whether a
    message can be asked for; `typed`, `fault` (email or consent): after a refused submission.
    """

    template = "phone_thanks"

    project: Project
    amount: Money
    action: str
    back: str
    state: str
    offered: bool
    typed: str = ""
    fault: str = ""
