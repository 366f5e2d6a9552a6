"""Format money and dates for readers of each language (CLDR, through Babel)."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language

LOCALES = {Language.zh_hans: "zh_Hans", Language.zh_hant: "zh_Hant", Language.en: "en"}


def money(amount: Money, language: Language) -> str:
    """Return `¥1,234` or `¥1,234.50`; CLDR's CN¥ for zh_Hant and en would be unfamiliar in Quanzhou."""
    pattern = "#,##0" if amount.minor % 100 == 0 else "#,##0.00"
    sign = "¥" if amount.currency == "CNY" else f"{amount.currency} "
    return sign + format_decimal(Decimal(amount.minor) / 100, format=pattern, locale=LOCALES[language])


def signed(fen: int, language: Language) -> str:
    """Return fen, which may be negative: `−¥12`."""
    return ("\N{MINUS SIGN}\N{WORD JOINER}" if fen < 0 else "") + money(Money(abs(fen)), language)


def count(number: int, language: Language) -> str:
    """Return `1,234`."""
    return format_decimal(number, locale=LOCALES[language])


def moment(at: datetime, language: Language) -> str:
    """Return official time: `2026年11月24日 16:05`, `Nov 24, 2026, 16:05`."""
    local = at.astimezone(OFFICIAL_TIME)
    return f"{day(local.date(), language)}{', ' if language is Language.en else ' '}{local:%H:%M}"


def month_name(month: int, language: Language) -> str:
    """Return `11月`, `Nov`."""
    return format_date(date(2000, month, 1), "LLL", locale=LOCALES[language])


def year_month(year: int, month: int, language: Language) -> str:
    """Return `2026年11月`, `Nov 2026`. `month`: 1 to 12."""
    return format_skeleton("yMMM", date(year, month, 1), locale=LOCALES[language])


def day(of: date, language: Language) -> str:
    """Return `2026年12月31日`, `Dec 31, 2026`."""
    return format_date(of, "medium", locale=LOCALES[language])


CAPITALS_LIMIT = 10**14
"""Fen: 10^12 yuan. Smaller amounts need at most three groups of four digits."""
_CAPITALS = {
    Language.zh_hans: ("人民币", "零壹贰叁肆伍陆柒捌玖", ("", "万", "亿")),
    Language.zh_hant: ("人民幣", "零壹貳參肆伍陸柒捌玖", ("", "萬", "億")),
}


def capitals(fen: int, language: Language = Language.zh_hans) -> str:
    """Return an amount in financial numerals: `人民币壹佰元伍角整`. English readers get the simplified form.

    PBOC, 支付结算办法 (1997), annex 1: 整 ends an amount without fen; inner zeros become one 零, also before fen
    without jiao. Raises ValueError outside 0 to CAPITALS_LIMIT.
    """
    if not 0 <= fen < CAPITALS_LIMIT:
        raise ValueError(f"{fen} fen cannot be written in capitals")
    currency, digits, groups = _CAPITALS.get(language, _CAPITALS[Language.zh_hans])
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    text = f"{_integer(yuan, digits, groups)}元" if yuan or not fen else ""
    if jiao:
        text += f"{digits[jiao]}角"
    elif rest and yuan:
        text += digits[0]
    return currency + text + (f"{digits[rest]}分" if rest else "整")


def _integer(number: int, digits: str, groups: tuple[str, ...]) -> str:
    """Return a number ≥ 0 in groups of four digits; a run of zeros is one 零."""
    if number == 0:
        return digits[0]
    text, gap, places = "", False, len(str(number))
    for place in range(places - 1, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += (digits[0] if gap else "") + digits[digit] + ("", "拾", "佰", "仟")[place % 4]
        gap = digit == 0
        if place % 4 == 0 and number // 10**place % 10**4:
            text += groups[place // 4]
    return text
