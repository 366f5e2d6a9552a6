"""The views of the talent pool on phones."""

from dataclasses import dataclass

from kiosk_ui.views import View


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen`: by the reader. `note`: a second line, "" for none."""

    id: str
    title: str
    chosen: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class MembershipLine:
    """`state`: of MembershipState. `actions`: what the reader may do. `posts`: held ones."""

    id: str
    unit: str
    state: str
    actions: frozenset[str]
    posts: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PoolPage(View):
    """`posts`: to claim. `problem`: of PoolProblem, or "other" for a slip of another number; "" for none."""

    template = "community_pool"

    root: str
    lines: tuple[MembershipLine, ...]
    posts: tuple[Choice, ...]
    grids: tuple[Choice, ...]
    skills: tuple[Choice, ...]
    problem: str = ""
    saved: bool = False
