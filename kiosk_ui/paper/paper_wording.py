"""Texts of printed pages in the three languages, and their typst settings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from daemonkit.i18n import Catalogues
from kiosk_ui.number_format import day
from kiosk_ui.paper.typesetting import FOLDER
from sync_contract.permit import Permit
from sync_contract.strict_model import Environment, Language

_CATALOGUES = Catalogues(FOLDER / "locale")
_SETTINGS = {
    Language.zh_hans: {"lang": "zh", "region": "cn", "face": "SC"},
    Language.zh_hant: {"lang": "zh", "region": "tw", "face": "TC"},
    Language.en: {"lang": "en", "region": "gb", "face": "SC"},
}
Translate = Callable[[str], str]


def translator(language: Language) -> Translate:
    return _CATALOGUES.gettext(language).gettext


def check_languages(languages: Sequence[Language]) -> tuple[Language, ...]:
    """Return the languages. Raises ValueError unless they are one or two different ones."""
    if not 1 <= len(languages) <= 2 or len(set(languages)) != len(languages):
        raise ValueError("a page is printed in one language or in two")
    return tuple(languages)


def setting(language: Language) -> Mapping[str, str]:
    """Return the arguments of `set text` in a template."""
    return _SETTINGS[language]


def drill_words(environment: Environment, _: Translate) -> Mapping[str, str] | None:
    """Return the mark of every page in a drill; None otherwise."""
    return {"mark": _("Drill"), "note": _("no money moves")} if environment is Environment.drill else None


def permit_lines(permit: Permit | None, language: Language) -> list[tuple[str, str]]:
    """Return name and value of each fact; empty without a permit."""
    _ = translator(language)
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
