"""The texts of printed pages in the three languages, and how typst names these."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from daemonkit.i18n import Catalogues
from kiosk_ui.number_format import day
from kiosk_ui.paper.typesetting import FOLDER
from sync_contract.permit import Permit
from sync_contract.strict_model import Environment, Language

_CATALOGUES = Catalogues(FOLDER / "locale")
_SET_AS = {
    Language.zh_hans: {"lang": "zh", "region": "cn", "face": "SC"},
    Language.zh_hant: {"lang": "zh", "region": "tw", "face": "TC"},
    Language.en: {"lang": "en", "region": "gb", "face": "SC"},
}
Say = Callable[[str], str]


def say_in(language: Language) -> Say:
    return _CATALOGUES.gettext(language).gettext


def chosen(languages: Sequence[Language]) -> tuple[Language, ...]:
    """Raises ValueError unless they are one or two, and differ."""
    if not 1 <= len(languages) <= 2 or len(set(languages)) != len(languages):
        raise ValueError("a page is printed in one language or in two")
    return tuple(languages)


def setting(language: Language) -> Mapping[str, str]:
    """For `set text` of a template."""
    return _SET_AS[language]


def drill_words(environment: Environment, _: Say) -> Mapping[str, str] | None:
    """What stands on every page of a drill; None outside."""
    return {"mark": _("Drill"), "said": _("no money moves")} if environment is Environment.drill else None


def permit_lines(permit: Permit | None, language: Language) -> list[tuple[str, str]]:
    """Name and value; none without a permit."""
    _ = say_in(language)
    if permit is None:
        return []
    return [
        (_("Fundraising organisation"), permit.organisation),
        (_("Qualification certificate"), permit.certificate),
        (_("Filing number"), permit.filing),
        (_("Area"), permit.area),
        (_("Period"), _("%(opens)s to %(closes)s") % _days(permit.opens, permit.closes, language)),
    ]


def _days(opens: date, closes: date, language: Language) -> Mapping[str, str]:
    return {"opens": day(opens, language), "closes": day(closes, language)}
