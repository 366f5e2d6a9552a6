"""A bank's file that somebody downloaded by hand, read as if the bank had given it."""

import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime
from io import BytesIO

from central_server.banks.port import BankRefused, BankUnavailable, Statement
from central_server.settings_bank import BankSettings

LARGEST = 16 * 1024 * 1024
"""Octets."""
_DAY = re.compile(r"(?:INN|RD\d{4})(\d{6})\d{2}")
Reader = Callable[[BankSettings, str, bytes, date | None], Statement]


def _unionpay(settings: BankSettings, name: str, octets: bytes, day: date | None) -> Statement:
    from central_server.banks.unionpay.statement import read_statement

    return read_statement(name, octets, settings.merchant, day or _day_of(octets))


READERS: Mapping[str, Reader] = {"unionpay": _unionpay}
"""By kind of bank. Each raises BankRefused, and BankUnavailable when the file is torn."""


def read_brought(settings: BankSettings, name: str, octets: bytes, day: date | None) -> Statement:
    """`day` None: as the file itself has it. Raises BankRefused."""
    reader = READERS.get(settings.kind)
    if reader is None:
        raise BankRefused(f"a bank of the kind {settings.kind} has no files")
    if not name.lower().endswith(".zip"):
        raise BankRefused("the bank's files are called .zip")
    if len(octets) > LARGEST:
        raise BankRefused(f"the file is larger than {LARGEST} octets")
    try:
        return reader(settings, name, octets, day)
    except BankUnavailable as error:  # nobody else would bring it again
        raise BankRefused(f"{error}; download it again") from error


def _day_of(octets: bytes) -> date:
    """From the names within the zip. Raises BankRefused."""
    try:
        with zipfile.ZipFile(BytesIO(octets)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise BankRefused("this is no zip as the bank gives it") from error
    for name in names:
        if found := _DAY.match(name.rpartition("/")[2]):
            try:
                return datetime.strptime(found[1], "%y%m%d").date()  # noqa: DTZ007  (a day has no zone)
            except ValueError:
                continue
    raise BankRefused("no file in the zip tells its day")
