"""beacon-central reconcile: reconcile the bank's files."""

import asyncio
import os
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from central_server.banks.port import BankRefused, BankUnavailable, CredentialsRefused
from central_server.banks.registry import BANKS, BankAccount
from central_server.banks.settlement_day import settlement_day
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.commands import store_selection
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.errors import CentralError
from central_server.reconciliation.day_totals import DayTotals, load_day_totals
from central_server.reconciliation.fees import FeeRule
from central_server.reconciliation.manual_upload import read_uploaded
from central_server.reconciliation.nightly import NightlyResult, NightlyRun, NotProcessed
from central_server.reconciliation.statement_import import Reconciler
from central_server.settings import Settings
from central_server.staff.reconciliation import statement_wording
from central_server.state_files import StateRefused
from central_server.store.accounts.audit_trail import COMMAND_LINE
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreRefused, StoreUnavailable
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences
from central_server.store.reconciliation.differences import Difference
from daemonkit.toml import ConfigRefused, load
from sync_contract.entered_date import read_entered_date

_USAGE = 2
_SHOWN = 200
_HEADS = ("day", "rows", "matched", "in fen", "back fen", "fee fen", "net fen", "balance", "differences")


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """`day`: "" for all due days; `file`: read instead of requesting files from the bank."""

    day: str
    file: Path | None
    bank_url: str = ""
    credentials: Path | None = None


def run(config: Path, state: Path, request: ReconcileRequest) -> int:
    """Return 0 without differences, 1 with differences or a refused file, 75 when the bank did not answer."""
    day = read_entered_date(request.day, last=settlement_day(datetime.now(UTC)))
    if request.day and day is None:
        print(f"--day {request.day}: expected a past day such as 2026-11-23", file=sys.stderr)
        return _USAGE
    try:
        settings = load(config, Settings)
        night, days, left = asyncio.run(_reconcile(settings, state, request, day))
    except (ConfigRefused, StateRefused, StoreRefused, CredentialsRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (BankUnavailable, StoreUnavailable) as error:
        print(f"try again later: {error}", file=sys.stderr)
        return TRY_AGAIN
    except (BankRefused, OSError) as error:
        text = _in_english(error) if isinstance(error, BankRefused) else str(error)
        print(f"{request.file or 'reconcile'}: {text}", file=sys.stderr)
        return FAILURE
    _print_report(night, days, left)
    if night.failed:
        return TRY_AGAIN
    return FAILURE if left else 0


async def _reconcile(
    settings: Settings, state: Path, request: ReconcileRequest, day: date | None
) -> tuple[NightlyResult, tuple[DayTotals, ...], tuple[Difference, ...]]:
    now, environment = datetime.now(UTC), settings.site.environment
    folder = request.credentials or Path(settings.bank.credentials or os.environ.get("CREDENTIALS_DIRECTORY", "."))
    account = BankAccount(settings.bank.at(request.bank_url), environment, folder)
    async with store_selection.open_checked(settings, state) as database:
        if request.file is not None:
            night = await _take_file(database, settings, request.file, day, now)
        else:
            async with BANKS[settings.bank.kind](account) as bank:
                if not bank.capabilities.states:
                    raise StatementRefused(StatementProblem.no_files, kind=bank.name)
                work = _work(database, bank.name, settings)
                night = await NightlyRun(bank, work).run(now, None if day is None else (day,), cause=COMMAND_LINE)
        async with database.read() as connection:
            return night, await _totals(connection, night, environment.value), await _left(connection, settings)


async def _take_file(
    database: Database, settings: Settings, file: Path, day: date | None, now: datetime
) -> NightlyResult:
    content = await asyncio.to_thread(file.read_bytes)
    statement = await asyncio.to_thread(read_uploaded, settings.bank, file.name, content, day)
    work = _work(database, statement.bank, settings)
    await work.import_statement(statement, now, cause=COMMAND_LINE)
    return NightlyResult(imported=[statement.day])


def _work(database: Database, bank: str, settings: Settings) -> Reconciler:
    fees = FeeRule(settings.reconciliation.fee_basis_points)
    return Reconciler(database, bank, settings.site.environment.value, lambda: None, fees)


async def _totals(connection: Connection, night: NightlyResult, environment: str) -> tuple[DayTotals, ...]:
    every = await load_day_totals(connection, [TOP], environment)
    return tuple(each for each in every if each.day in night.imported)


async def _left(connection: Connection, settings: Settings) -> tuple[Difference, ...]:
    return await differences.every(connection, [TOP], settings.site.environment.value, limit=100_000)


def _in_english(error: CentralError) -> str:
    if isinstance(error, NotProcessed):
        return "it could not be processed; the log states the cause"
    return statement_wording.in_english(error) if isinstance(error, StatementRefused) else str(error)


def _print_report(night: NightlyResult, days: Sequence[DayTotals], left: Sequence[Difference]) -> None:
    if days:
        print(_table(_HEADS, [_of_day(each) for each in sorted(days, key=lambda each: each.day)]))
    for day in night.without_file:
        print(f"{day}: the bank has no file")
    for day, reason in night.failed.items():
        print(f"{day}: {_in_english(reason)}", file=sys.stderr)
    if not left:
        print("no open differences")
        return
    print(f"\nopen differences: {len(left)}")
    heads = ("no.", "day", "kind", "community", "order", "ours fen", "bank's fen")
    print(_table(heads, [_of_difference(each) for each in left[:_SHOWN]]))
    if len(left) > _SHOWN:
        print(f"and {len(left) - _SHOWN} more; see the staff page Reconciliation")


def _of_day(each: DayTotals) -> tuple[str, ...]:
    numbers = (each.rows, each.matched, each.theirs.received, each.theirs.refunded, each.theirs.fees, each.theirs.net)
    return (str(each.day), *map(str, numbers), "yes" if each.balances else "NO", str(each.open))


def _of_difference(each: Difference) -> tuple[str, ...]:
    sides = ("-" if minor is None else str(minor) for minor in (each.ours_minor, each.theirs_minor))
    return (str(each.id), str(each.day), each.kind, each.community, each.order_id or "-", *sides)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns; numbers to the right."""
    lines = [heads, *rows]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(heads))]
    numbers = [all(line[at].lstrip("-").isdigit() or line[at] == "-" for line in rows) for at in range(len(heads))]
    return "\n".join(
        "  ".join(_padded(*cell) for cell in zip(line, widths, numbers, strict=True)).rstrip() for line in lines
    )


def _padded(cell: str, width: int, number: bool) -> str:
    gap = " " * (width - _width(cell))
    return gap + cell if number else cell + gap


def _width(text: str) -> int:
    """Return the width in a terminal, where a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
