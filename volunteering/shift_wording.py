"""Word the times of a shift for readers of each language, in official time."""

from babel.dates import format_date, format_skeleton

from kiosk_ui.number_format import LOCALES
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from volunteering.rules.shift_times import ShiftTimes


def shift_day(times: ShiftTimes, language: Language) -> str:
    """Return `11月24日 星期二`, `Tue, Nov 24`."""
    local = times.starts.astimezone(OFFICIAL_TIME)
    if language is Language.en:
        return format_skeleton("MMMEEEEd", local, locale=LOCALES[language])
    return format_date(local, "M月d日 EEEE", locale=LOCALES[language])


def shift_hours(times: ShiftTimes, language: Language) -> str:
    """Return `09:00–11:30`; with the day on which a shift over midnight ends."""
    starts, ends = (at.astimezone(OFFICIAL_TIME) for at in (times.starts, times.ends))
    if ends.date() == starts.date():
        return f"{starts:%H:%M}–{ends:%H:%M}"
    skeleton = "yMMMd" if ends.year != starts.year else "MMMd"
    last_day = format_skeleton(skeleton, ends, locale=LOCALES[language])
    return (
        f"{starts:%H:%M}–{last_day} {ends:%H:%M}"
        if language is not Language.en
        else (f"{starts:%H:%M}–{ends:%H:%M}, {last_day}")
    )
