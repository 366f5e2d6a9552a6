"""One function reads and bounds every date that a person enters."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sync_contract.entered_date import FIRST_DAY, LAST_DAY, EnteredDate, read_entered_date
from tests.paths import ROOT

OF_MACHINES = {
    "central_server/bank_emulator/unionpay/clock.py",
    "central_server/banks/unionpay/beijing_time.py",
    "central_server/backups/backup_files.py",
    "central_server/api/query_parameters.py",
    "central_server/public/program_api/statistics.py",
}
"""They read what programs write; the last two return nothing outside their data."""


@given(st.dates())
def test_a_date_is_read_if_it_lies_within_the_bounds(day: date) -> None:
    within = FIRST_DAY <= day <= LAST_DAY
    for text in (f"{day}", f"{day.year:04}/{day.month}/{day.day}", f"{day.year:04}年{day.month}月{day.day}日"):
        assert read_entered_date(text) == (day if within else None)
    if not within:
        with pytest.raises(ValidationError):
            TypeAdapter(EnteredDate).validate_python(day)


@given(st.text(max_size=12))
def test_other_text_is_no_date(text: str) -> None:
    found = read_entered_date(text)
    assert found is None or FIRST_DAY <= found <= LAST_DAY
    assert read_entered_date(f"{text}x") is None


def test_the_largest_entered_date_has_a_following_midnight_in_every_zone() -> None:
    for day in (FIRST_DAY, LAST_DAY):
        assert datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def test_no_other_module_reads_dates() -> None:
    found = {
        f"{file.relative_to(ROOT)}"
        for file in (ROOT / "central_server").rglob("*.py")
        if re.search(r"\bdate\.fromisoformat\(|\bstrptime\(", file.read_text("utf-8"))
    }
    assert found <= OF_MACHINES
