"""Read a bank's file that staff downloaded by hand, as if the bank had sent it."""

import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from io import BytesIO

from central_server.banks.port import BankUnavailable, Statement
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.settings_bank import BankSettings
from sync_contract.entered_date import read_entered_date

MAX_BYTES = 16 * 1024 * 1024
_DAY = re.compile(r"(?:INN|RD\d{4})(\d{6})\d{2}")
Reader = Callable[[BankSettings, str, bytes, date | None], Statement]


def _unionpay(settings: BankSettings, name: str, content: bytes, day: date | None) -> Statement:
    from central_server.banks.unionpay.statement import read_statement

    return read_statement(name, content, settings.merchant, day or _day_of(content))


READERS: Mapping[str, Reader] = {"unionpay": _unionpay}
"""By kind of bank. Each raises StatementRefused, and BankUnavailable if the file is damaged."""


def read_uploaded(settings: BankSettings, name: str, content: bytes, day: date | None) -> Statement:
    """`day` None: read it from the file names. Raises StatementRefused."""
    reader = READERS.get(settings.kind)
    if reader is None:
        raise StatementRefused(StatementProblem.no_files, kind=settings.kind)
    if not name.lower().endswith(".zip"):
        raise StatementRefused(StatementProblem.not_a_zip)
    if len(content) > MAX_BYTES:
        raise StatementRefused(StatementProblem.too_large, most=MAX_BYTES)
    try:
        return reader(settings, name, content, day)
    except BankUnavailable as error:
        raise StatementRefused(StatementProblem.damaged) from error


def _day_of(content: bytes) -> date:
    """Read the day from the names in the zip. Raises StatementRefused."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise StatementRefused(StatementProblem.damaged) from error
    for name in names:
        found = _DAY.match(name.rpartition("/")[2])
        if found and (day := read_entered_date(f"20{found[1][:2]}-{found[1][2:4]}-{found[1][4:]}")):
            return day
    raise StatementRefused(StatementProblem.no_day)
