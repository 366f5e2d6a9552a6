"""Print a certificate of volunteer service, after the fields of Order 67 of the Ministry of Civil Affairs (2020)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk_ui.assets import STATIC
from kiosk_ui.number_format import count, day
from kiosk_ui.paper.paper_wording import Translate, check_languages, drill_words, setting, translator
from kiosk_ui.paper.typesetting import typeset
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language


@dataclass(frozen=True, slots=True)
class CertifiedPlace:
    """`name` None: at neighbours' homes."""

    name: Texts | None
    times: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """`minutes`: by grade of evidence: screen, organiser, paper, claim. `first`, `last`: days of service.

    `card`: the number, as it is written.
    """

    environment: Environment
    community: Texts
    name: str
    card: str
    issued_on: date
    first: date
    last: date
    minutes: Sequence[tuple[str, int]]
    people_served: int
    places: Sequence[CertifiedPlace]
    phone: str = ""


def certificate_pdf(facts: CertificateFacts, languages: Sequence[Language] = (Language.zh_hans,)) -> bytes:
    """Return one page A4; the first of two languages is larger. It takes about a second of CPU.

    Raises TypesettingUnavailable; ValueError for no language or more than two.
    """
    printed: dict[str, Any] = {
        "seal": (STATIC / "seal.svg").read_text("utf-8"),
        "name": facts.name,
        "card": facts.card,
        "phone": facts.phone,
        "texts": [_build_texts(facts, language) for language in check_languages(languages)],
    }
    return typeset("certificate.typ", printed)


def _build_texts(facts: CertificateFacts, language: Language) -> dict[str, Any]:
    _ = translator(language)
    drill = drill_words(facts.environment, _)
    grades = {
        "screen": _("Proved by the screen in the hall"),
        "organiser": _("Seen by the organiser"),
        "paper": _("On a signed list"),
        "claim": _("Own statement, confirmed by a second person"),
    }
    total = sum(minutes for _grade, minutes in facts.minutes)
    period = {"first": day(facts.first, language), "last": day(facts.last, language)}
    return {
        "set": setting(language),
        "drill": None if drill is None else {**drill, "note": _("this certificate is not valid")},
        "community": facts.community[language],
        "title": _("Certificate of volunteer service"),
        "lines": [
            (_("Name"), facts.name),
            (_("Volunteer card"), facts.card),
            (_("Days of service"), _("%(first)s to %(last)s") % period),
            (_("Hours of service"), _duration(total, language, _)),
            *((grades[grade], _duration(minutes, language, _)) for grade, minutes in facts.minutes),
            *(((_("People served"), count(facts.people_served, language)),) if facts.people_served else ()),
        ],
        "heads": (_("Place"), _("Times"), _("Hours of service")),
        "places": [
            (
                _("At neighbours' homes") if each.name is None else each.name[language],
                count(each.times, language),
                _duration(each.minutes, language, _),
            )
            for each in facts.places
        ],
        "rule": _("No minute counts twice. The time counts from the check-in to the check-out, or to the planned end."),
        "issued": _("Issued on %(day)s") % {"day": day(facts.issued_on, language)},
        "stamp": _("Stamp of the community"),
        "call": _("Questions? Call the community"),
    }


def _duration(minutes: int, language: Language, _: Translate) -> str:
    hours, rest = divmod(minutes, 60)
    return _("%(hours)s h %(minutes)s min") % {"hours": count(hours, language), "minutes": count(rest, language)}
