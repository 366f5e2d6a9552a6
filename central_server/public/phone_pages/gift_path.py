"""Load the way of one gift's money for its giver. Figures of households are those of the board, of a whole project."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from central_server.ledger import help_kinds
from central_server.ledger.help_figures import HelpFigure, load_figures, month_number
from central_server.store.donations import attempts, intents
from central_server.store.engine.connection import Connection
from central_server.store.ledger import money_uses
from central_server.store.ledger.ledger_lines import IN_NO_FILE, LedgerLine, LineKind
from central_server.store.ledger.money_uses import DatedUse
from central_server.store.reconciliation import statements
from kiosk_ui.gift_path import GiftPath, Reached, SpentMonth


async def load_path(connection: Connection, line: LedgerLine, refunded_minor: int, now: datetime) -> GiftPath:
    """`refunded_minor`: of the gift, also what is not published yet."""
    intent = await intents.get(connection, line.gateway or "", line.intent or "")
    attempt = await attempts.get(connection, line.attempt or "")
    file = None
    if attempt is not None and attempt.statement is not None:
        file = await statements.get(connection, attempt.statement)
    start = GiftPath(
        registered_at=None if intent is None else intent.first_seen_at,
        bank_day=None if file is None else file.day,
        in_no_file=attempt is not None and attempt.bank in IN_NO_FILE,
    )
    path = await money_uses.path(connection, line.identity)
    if path is None:
        return start
    unpublished = max(0, refunded_minor - path.refunded_minor)
    taken = min(unpublished, path.left_minor)
    spent = _by_month((use for use in path.uses if use.kind == LineKind.disbursed), unpublished - taken)
    reached: list[HelpFigure] = []
    if spent:
        figures = await load_figures(connection, line.environment, line.community, now, line.project)
        reached = first_reached(figures, spent[-1].year * 12 + spent[-1].month - 1)
    return replace(
        start,
        spent=spent,
        left=path.left_minor - taken,
        moved=sum(use.minor for use in path.uses if use.kind == LineKind.moved_out),
        fees=path.fee_minor + sum(use.minor for use in path.uses if use.kind in (LineKind.fee, LineKind.refund)),
        refunded=path.refunded_minor,
        reached_in=(reached[0].month // 12, reached[0].month % 12 + 1) if reached else None,
        reached=tuple(Reached(help_kinds.helps()[each.group[2]], each.households) for each in reached),
    )


def first_reached(figures: Iterable[HelpFigure], month: int) -> list[HelpFigure]:
    """Return the project's published figures of the first month from this one on that has any, the largest first.

    Which of them the gift's own spending is part of, is not shown: it could be the only household of its kind.
    """
    later = [each for each in figures if each.month >= month]
    first = min((each.month for each in later), default=None)
    return sorted((each for each in later if each.month == first), key=lambda each: (-each.households, each.group))


def _by_month(uses: Iterable[DatedUse], refunded: int) -> tuple[SpentMonth, ...]:
    """Sum uses by month, without refunded money whose publication still waits."""
    months: dict[int, int] = {}
    for use in uses:
        number = month_number(use.at)
        months[number] = months.get(number, 0) + use.minor
    shown = []
    for number, minor in sorted(months.items(), reverse=True):
        part = min(refunded, max(0, minor))
        refunded -= part
        if minor > part:
            shown.append(SpentMonth(number // 12, number % 12 + 1, minor - part))
    return tuple(reversed(shown))
