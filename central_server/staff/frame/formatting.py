"""Format dates, times and money for staff."""

import re
from datetime import datetime, timedelta

from babel.dates import format_date, format_time, format_timedelta

from kiosk_ui.number_format import LOCALES, money
from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language


def day(at: datetime, language: Language) -> str:
    """Return `2026年11月24日 星期二` in official time."""
    local = at.astimezone(OFFICIAL_TIME)
    pattern = "EEEE, MMMM d, y" if language is Language.en else "y年M月d日 EEEE"
    return format_date(local, pattern, locale=LOCALES[language])


def clock(at: datetime, language: Language) -> str:
    """Return `16:05:09` in official time."""
    return format_time(at.astimezone(OFFICIAL_TIME), "HH:mm:ss", locale=LOCALES[language])


def moment(at: datetime) -> str:
    """Return `2026-11-24 16:05:09` in official time."""
    return f"{at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M:%S}"


def duration(length: timedelta, language: Language) -> str:
    """Return `3 hours` or `2 天`, in the largest unit."""
    text = format_timedelta(length, granularity="minute", threshold=1.5, locale=LOCALES[language])
    return re.sub(r"(?<=\d)(?=[\u4e00-\u9fff])", " ", text)


def signed(minor: int, language: Language, currency: str = "CNY") -> str:
    """Return `¥1,234.50` or `−¥3` for an amount in fen."""
    return ("\N{MINUS SIGN}" if minor < 0 else "") + money(Money(abs(minor), currency), language)
