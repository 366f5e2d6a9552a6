"""Dates, times and money as staff read them."""

from datetime import datetime

from babel.dates import format_date, format_time

from kiosk_ui.figures import LOCALES
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict import Language


def day(at: datetime, language: Language) -> str:
    """`2026年11月24日 星期二` in official time."""
    local = at.astimezone(OFFICIAL_TIME)
    pattern = "EEEE, MMMM d, y" if language is Language.en else "y年M月d日 EEEE"
    return format_date(local, pattern, locale=LOCALES[language])


def clock(at: datetime, language: Language) -> str:
    """`16:05:09` in official time."""
    return format_time(at.astimezone(OFFICIAL_TIME), "HH:mm:ss", locale=LOCALES[language])


def moment(at: datetime) -> str:
    """`2026-11-24 16:05:09` in official time."""
    return f"{at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M:%S}"
