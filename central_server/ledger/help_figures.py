"""Publish what spending achieved, by community, project, kind and month: the only source of these figures.

A household counts when it confirmed its help. A disbursement is shared equally among its cases; a share belongs to the
month of the confirmation, a correction to the month in which both are known. A month's figure of fewer than five
households waits and joins the next month's. What is published never changes: nothing is added to a month that is over,
and each figure is of other shares than every other, so no difference of figures covers fewer than five households.
Totals count times, not households: the difference of two numbers of different households could be one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from central_server.ledger import help_kinds
from central_server.store.engine.connection import Connection
from central_server.store.families import shares
from central_server.store.families.shares import SpentOnCase
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Help, HelpMonth

FEWEST_HOUSEHOLDS = 5
_MONTHS = 12
Group = tuple[str, str, str]
"""Community, project, kind of help."""


@dataclass(frozen=True, slots=True)
class Share:
    """Fen of a disbursement that reached a case; negative in a correction. `month`: number of months since year 0."""

    group: Group
    case: str
    month: int
    minor: int


@dataclass(frozen=True, slots=True)
class HelpFigure:
    group: Group
    month: int
    households: int
    minor: int


def month_number(at: datetime) -> int:
    local = at.astimezone(OFFICIAL_TIME)
    return local.year * 12 + local.month - 1


def month_text(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def split(minor: int, parts: int) -> list[int]:
    """Return equal parts, to the fen; the first ones get what is left over."""
    return [minor // parts + (place < minor % parts) for place in range(parts)]


def share_out(spent: Iterable[SpentOnCase]) -> list[Share]:
    """Return the confirmed shares, and what corrections take from them."""
    found = []
    for each in spent:
        if each.confirmed_at is None:
            continue
        group = (each.community, each.project, each.kind)
        part = split(each.minor, each.cases)[each.place]
        at = max(each.confirmed_at, each.decided_at)
        found.append(Share(group, each.case, month_number(at), -part if each.corrects else part))
    return found


def select_publishable(found: Iterable[Share], this_month: int) -> list[HelpFigure]:
    """Return the figures of months that are over, by group and month."""
    waiting: dict[Group, list[Share]] = {}
    figures = []
    ordered = sorted((share for share in found if share.month < this_month), key=lambda share: share.month)
    for place, share in enumerate(ordered):
        waiting.setdefault(share.group, []).append(share)
        if place + 1 < len(ordered) and ordered[place + 1].month == share.month:
            continue
        for group, shares_ in sorted(waiting.items()):
            households = len({each.case for each in shares_ if each.minor > 0})
            minor = sum(each.minor for each in shares_)
            if households >= FEWEST_HOUSEHOLDS and minor > 0:
                figures.append(HelpFigure(group, share.month, households, minor))
                waiting[group] = []
    return figures


async def load_figures(
    connection: Connection, environment: str, place: str, now: datetime, project: str | None = None
) -> list[HelpFigure]:
    """Return what is published at and below the place; of this project, if it is given."""
    spent = await shares.spent_on_cases(connection, [place], environment, project)
    return select_publishable(share_out(spent), month_number(now))


async def help_by_project(
    connection: Connection, environment: str, place: str, now: datetime
) -> dict[str, tuple[Help, ...]]:
    """Return the published help at and below the place by project, the most frequent kind first."""
    by_kind: dict[tuple[str, str], dict[int, list[HelpFigure]]] = {}
    for each in await load_figures(connection, environment, place, now):
        _, project, kind = each.group
        by_kind.setdefault((project, kind), {}).setdefault(each.month, []).append(each)
    found: dict[str, list[Help]] = {}
    for (project, kind), months in by_kind.items():
        count = sum(each.households for figures in months.values() for each in figures)
        found.setdefault(project, []).append(
            Help(
                text=help_kinds.sentence(kind, count),
                households=count,
                fen=sum(each.minor for figures in months.values() for each in figures),
                months=tuple(_month(month, figures) for month, figures in sorted(months.items())[-_MONTHS:]),
            )
        )
    return {project: tuple(sorted(each, key=lambda help_: -help_.households)) for project, each in found.items()}


def _month(month: int, figures: list[HelpFigure]) -> HelpMonth:
    households, fen = sum(each.households for each in figures), sum(each.minor for each in figures)
    return HelpMonth(month=month_text(month), households=households, fen=fen)
