"""What everybody may know of the money: the board, and whether one's own gift is in it. Published figures only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sync_contract.ledger_heads import Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project, Texts

MONTHS = 12
BAR_HEIGHT = 96
"""Of the tallest bar, in units of the picture."""


@dataclass(frozen=True, slots=True)
class Month:
    """Fen that came and went in a month, `given_bar` and `used_bar` as the heights of bars. `month`: 1 to 12."""

    year: int
    month: int
    given: int
    used: int
    given_bar: int = 0
    used_bar: int = 0


@dataclass(frozen=True, slots=True)
class BoardProject:
    """`title` None: a project that is not known any more. `at`: up to when it was published, None (and step 0) when
    nothing was yet; `cosigned`: by how many gateways, None where nobody tells. `digest`: of its newest head.
    `informs`: no money is raised for it.
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


@dataclass(frozen=True, slots=True)
class BoardPage:
    """`reconciled_at`: when the ledger was last compared with the bank's file. `refused`: this machine was shown
    figures that contradict what it keeps. `back`, `verify`, `data`: paths or addresses, "" for none.
    """

    template: ClassVar[str] = "board"
    idle_s: ClassVar[int] = 90
    live: ClassVar[bool] = False

    projects: tuple[BoardProject, ...]
    reconciled_at: datetime | None = None
    refused: bool = False
    back: str = ""
    verify: str = ""
    data: str = ""

    @property
    def published(self) -> bool:
        """Whether anything is: else a total would be a nought that nobody means."""
        return any(each.at is not None for each in self.projects)

    @property
    def total(self) -> Sums:
        whole = Sums()
        for each in self.projects:
            whole += each.sums
        return whole


@dataclass(frozen=True, slots=True)
class VerifyPage:
    """On the kiosk: the code that opens the page on which a gift is looked up. `url` "": no server is known."""

    template: ClassVar[str] = "verify"
    idle_s: ClassVar[int] = 180
    live: ClassVar[bool] = False

    url: str
    back: str = "/board"


class Told(StrEnum):
    """What is said of a slip's number."""

    included = "included"
    not_yet = "not_yet"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class SlipPage:
    """On the phone: a slip's number is typed, and all that it tells is whether its gift is published. `slip`: as it
    was typed; `told` None: nothing was asked yet; `too_many`: too many numbers came from there.
    """

    template: ClassVar[str] = "phone_slip"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    slip: str = ""
    told: Told | None = None
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class ProofPage:
    """On the phone: one's own gift, opened by the slip's secret. `refunded`: fen that went back of it.

    `head` None: no head tells of it yet. `data`: the proof for programs; `board`: the path of the board.
    """

    template: ClassVar[str] = "phone_proof"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

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


BoardView = BoardPage | VerifyPage | SlipPage | ProofPage


def first_month(now: datetime) -> datetime:
    """Where the twelve months begin."""
    local = now.astimezone(OFFICIAL_TIME)
    number = local.year * 12 + local.month - MONTHS
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=OFFICIAL_TIME)


def unpublished(project: Project, now: datetime) -> BoardProject:
    """One of which nothing was published yet."""
    return BoardProject(
        project.id, project.title, Sums(), months((), now), None, 0, None, informs=project.permit is None
    )


def months(steps: Sequence[Head], now: datetime) -> tuple[Month, ...]:
    """The last twelve months up to `now`, by the time at which steps were published; the oldest first."""
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
    """What is not nothing is seen."""
    return max(2, round(BAR_HEIGHT * fen / tallest)) if fen else 0
