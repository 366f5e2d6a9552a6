"""The slip of a paid gift on the donor's phone, and what the donor says about the official receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sync_contract.money import Money
from sync_contract.project import Project


@dataclass(frozen=True, slots=True)
class GiftSlip:
    """`capitals`: the amount as no pen can change it. `verify`, `pdf`, `receipt`: paths of the gift's own pages.

    `verify_url`: the whole address, for the code. `state`: anonymous, waived, due or issued; `number`: of the receipt.
    `given_back`: fen of it that went back.
    """

    number: str
    capitals: str
    verify: str
    verify_url: str
    pdf: str
    receipt: str
    state: str
    receipt_number: str = ""
    given_back: Money | None = None


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """The form for the official receipt. `typed`, `faults`: a form that comes back, by field. `action`: where it goes.

    `state`: as in `GiftSlip`; `kept`: the donor's data are here; `keep_days`: so long after it was issued.
    """

    template: ClassVar[str] = "phone_receipt"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    project: Project
    amount: Money
    slip: str
    action: str
    back: str
    state: str
    keep_days: int
    receipt_number: str = ""
    kept: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
