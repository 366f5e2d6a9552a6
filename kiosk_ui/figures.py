"""Money and dates as a reader of each language writes them (CLDR, through Babel)."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from sync_contract.money import Money
from sync_contract.strict import Language

LOCALES = {Language.zh_hans: "zh_Hans", Language.zh_hant: "zh_Hant", Language.en: "en"}


def money(amount: Money, language: Language) -> str:
    """`¥1,234` or `¥1,234.50`: CLDR's CN¥ of zh_Hant and en would be foreign to a hall in Quanzhou."""
    pattern = "#,##0" if amount.minor % 100 == 0 else "#,##0.00"
    sign = "¥" if amount.currency == "CNY" else f"{amount.currency} "
    return sign + format_decimal(Decimal(amount.minor) / 100, format=pattern, locale=LOCALES[language])


def day(of: date, language: Language) -> str:
    """`2026年12月31日`, `Dec 31, 2026`."""
    return format_date(of, "medium", locale=LOCALES[language])
