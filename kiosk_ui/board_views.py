"""Public pages about the money: the board, and whether one's own gift is included. Published figures only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kiosk_ui.gift_path import GiftPath
from kiosk_ui.idle_times import IDLE_S, IDLE_WITH_CODE_S
from kiosk_ui.views import View
from sync_contract.ledger_heads import Head, Remitted
from sync_contract.merkle_sum_tree import Sums
from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Help, Project, Texts

MONTHS = 12
BAR_HEIGHT = 96
"""Height of the tallest bar in units of the picture."""


@dataclass(frozen=True, slots=True)
class Month:
    """Fen received and spent in a month, and the heights of their bars. `month`: 1 to 12."""

    year: int
    month: int
    given: int
    used: int
    given_bar: int = 0
    used_bar: int = 0


@dataclass(frozen=True, slots=True)
class BoardProject:
    """`title` None: a project that is no longer known. `at`: time of the last publication, None (and step 0) before the
    first; `help`: that households confirmed, by kind.
    `cosigned`: by how many gateways, None where unknown. `digest`: of its newest head. `informs`: no money is
    raised for it.
    """

    id: str
    title: Texts | None
    sums: Sums
    months: tuple[Month, ...]
    at: datetime | None
    step: int
    cosigned: int | None
    digest: str = ""
    informs: bool = False
    help: tuple[Help, ...] = ()
    remitted: Remitted | None = None


@dataclass(frozen=True, slots=True)
class BoardPage(View):
    """`compared_until`: every day up to this one is compared with the bank's files,
    except for `open_differences`. `refused`: this device
    received figures that contradict its stored ones. `back`, `verify`, `data`: paths or addresses, "" for none.
    """

    template = "board"
    usual_idle_s = IDLE_S

    projects: tuple[BoardProject, ...]
    compared_until: date | None = None
    open_differences: int = 0
    refused: bool = False
    back: str = ""
    verify: str = ""
    data: str = ""

    @property
    def published(self) -> bool:
        """Return False before the first publication: a total of zero would mislead."""
        return any(each.at is not None for each in self.projects)

    @property
    def remittances(self) -> bool:
        return any(each.remitted is not None for each in self.projects)

    @property
    def total(self) -> Sums:
        total = Sums()
        for each in self.projects:
            total += each.sums
        return total


@dataclass(frozen=True, slots=True)
class VerifyPage(View):
    """On the kiosk: the code that opens the page on which a gift is looked up. `url` "": no server is known."""

    template = "verify"
    usual_idle_s = IDLE_WITH_CODE_S

    url: str
    back: str = "/board"


class SlipStatus(StrEnum):
    """Whether the gift of a slip's number is published."""

    included = "included"
    not_yet = "not_yet"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class SlipPage(View):
    """On the phone: whether the gift of a typed slip number is published, and nothing else about it. `slip`: as typed;
    `status` None: nothing was requested yet; `too_many`: the client sent too many numbers.
    """

    template = "phone_slip"

    slip: str = ""
    status: SlipStatus | None = None
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class ProofPage(View):
    """On the phone: one's own gift, opened by the slip's secret. `refunded`: fen of it that were refunded.

    `head` None: it is in no head yet. `data`: the path of the proof for programs; `board`: of the board. `path`: what
    became of its money.
    """

    template = "phone_proof"

    title: Texts | None
    amount: Money
    slip: str
    received_at: datetime
    refunded: int
    head: Head | None
    gifts: int
    digest: str
    cosigned: int
    data: str
    board: str
    path: GiftPath = field(default_factory=GiftPath)

    @property
    def given_back(self) -> bool:
        """Return whether nothing of it remains to be spent."""
        return self.refunded >= self.amount.minor


def first_month(now: datetime) -> datetime:
    """Return the start of the twelve months."""
    local = now.astimezone(OFFICIAL_TIME)
    number = local.year * 12 + local.month - MONTHS
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=OFFICIAL_TIME)


def unpublished(project: Project, now: datetime) -> BoardProject:
    """Return a project's entry before its first publication."""
    return BoardProject(
        project.id, project.title, Sums(), months((), now), None, 0, None, informs=project.permit is None
    )


def months(steps: Sequence[Head], now: datetime) -> tuple[Month, ...]:
    """Return the last twelve months up to `now`, by publication time, oldest first."""
    local = now.astimezone(OFFICIAL_TIME)
    last = local.year * 12 + local.month - 1
    given, used = dict.fromkeys(range(last - MONTHS + 1, last + 1), 0), dict[int, int]()
    for step in steps:
        at = step.at.astimezone(OFFICIAL_TIME)
        number = at.year * 12 + at.month - 1
        given[number] = given.get(number, 0) + step.sums.given
        used[number] = used.get(number, 0) + step.sums.used
    shown = [
        (number, max(0, given[number]), max(0, used.get(number, 0))) for number in range(last - MONTHS + 1, last + 1)
    ]
    tallest = max(1, *(max(come, gone) for _, come, gone in shown))
    return tuple(
        Month(number // 12, number % 12 + 1, come, gone, _bar(come, tallest), _bar(gone, tallest))
        for number, come, gone in shown
    )


def _bar(fen: int, tallest: int) -> int:
    """Return a bar's height; every amount above zero is visible."""
    return max(2, round(BAR_HEIGHT * fen / tallest)) if fen else 0
