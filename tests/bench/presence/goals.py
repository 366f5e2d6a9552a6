"""Compare a figure of ours with its goal: a share of the best peer with published defaults, or a limit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from tests.bench.presence.contestants import OURS

AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class GoalRow:
    """One line of the table: a figure of ours, and one of the best peer or a limit; lower is better."""

    what: str
    ours: float
    peer: float
    goal: float | None
    """Ours as a share of the peer's; None: for information."""
    best: str

    def words(self) -> str:
        ratio = self.ours / self.peer if self.peer else inf if self.ours else 1.0
        goal = "" if self.goal is None else f"{self.goal:.2f}"
        if self.goal is not None and ratio > self.goal:
            goal += ", **missed**"
        return f"| {self.what} | {self.ours:.2f} | {self.best} {self.peer:.2f} | {ratio:.2f} | {goal} |"


def goal_row(what: str, figures: Mapping[str, float], goal: float | None) -> GoalRow:
    """Compare with the best peer of those in `figures`."""
    best = min((name for name in figures if name != OURS), key=lambda name: figures[name])
    return GoalRow(what, figures[OURS], figures[best], goal, best)


def limit_row(what: str, ours: float, limit: float) -> GoalRow:
    return GoalRow(what, ours, limit, 1.0, AT_MOST)


def print_goals(rows: Iterable[GoalRow]) -> None:
    print("\n| | ours | best default peer, or limit | ratio | goal |\n| --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(row.words())
