"""Print posters and sticker sheets for one beacon."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import structlog

from kiosk_ui.assets import STATIC, drawing_file
from kiosk_ui.paper.beacon_address import poster_address, tag_address
from kiosk_ui.paper.paper_wording import check_languages, drill_words, permit_lines, setting, translator
from kiosk_ui.paper.typesetting import TypesettingFailed, typeset
from kiosk_ui.qr import paper_code_svg
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Focus
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment, Language

_log = structlog.get_logger()
_DRAWN = (0.5, 0.42)
"""What is cut off to the left and above, as shares of all that is cut off: the faces of the drawings."""


class Paper(StrEnum):
    a4 = "a4"
    a3 = "a3"
    stickers = "stickers"
    """A4, eight stickers of 90 mm × 62 mm."""
    nfc = "nfc"
    """Stickers with a place for an NFC tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterFacts:
    """`public_url`: the central server's; `picture`: SVG, PNG, JPEG or WebP instead of the built-in one.

    `focus`: the part of `picture` that is not cropped.
    """

    environment: Environment
    community: Texts
    public_url: str
    beacon: BeaconId
    project: Project
    picture: bytes | None = None
    focus: Focus = Focus.centre
    phone: str = ""


def poster_pdf(facts: PosterFacts, paper: Paper, languages: Sequence[Language] = (Language.zh_hans,)) -> bytes:
    """Return one page; the first of two languages is larger. It takes about a second of CPU.

    Instead of a damaged picture it shows the built-in one.
    Raises AddressRefused, TypesettingUnavailable, ValueError for no language or more than two.
    """
    address = poster_address(facts.public_url, facts.beacon, facts.environment)
    sheet = paper in (Paper.stickers, Paper.nfc)
    printed: dict[str, Any] = {
        "paper": paper.value,
        "code": paper_code_svg(address),
        "seal": (STATIC / "seal.svg").read_text("utf-8"),
        "picture": None if facts.picture is None else list(facts.picture),
        "focus": _DRAWN if facts.picture is None else _shares(facts.focus),
        "art": (STATIC / drawing_file(facts.project.drawing)).read_text("utf-8"),
        "phone": facts.phone,
        "beacon": f"{facts.beacon.uuid} · {facts.beacon.major} / {facts.beacon.minor}",
        "tag": tag_address(facts.public_url, facts.beacon, facts.environment),
        "texts": [_build_texts(facts, language) for language in check_languages(languages)],
    }
    template = "stickers.typ" if sheet else "poster.typ"
    try:
        return typeset(template, printed)
    except TypesettingFailed as error:
        if facts.picture is None:
            raise
        _log.warning("poster.picture_unreadable", project=facts.project.id, reason=str(error))
        return typeset(template, printed | {"picture": None, "focus": _DRAWN})


def _shares(focus: Focus) -> tuple[float, float]:
    """Return them of a photograph; without a named edge its middle, a little above it, as on screens."""
    across = 0.0 if "left" in focus else 1.0 if "right" in focus else 0.5
    return across, 0.0 if "top" in focus else 1.0 if "bottom" in focus else 0.4


def _build_texts(facts: PosterFacts, language: Language) -> dict[str, Any]:
    _ = translator(language)
    project, may_give = facts.project, facts.project.permit is not None
    host = urlsplit(facts.public_url).netloc.lower()
    return {
        "set": setting(language),
        "drill": drill_words(facts.environment, _),
        "community": facts.community[language],
        "title": project.title[language],
        "summary": project.summary[language],
        "scan": _("Scan with your phone"),
        "with": _("Your phone's camera, WeChat or Alipay will all do."),
        "steps": [
            _("See who the project helps"),
            *((_("Choose an amount"), _("Finish on the bank's page, on your own phone")) if may_give else ()),
        ],
        "closed": "" if may_give else _("For information only: this project takes no gifts at the moment."),
        "check": _("The page's address begins with %(host)s. If it does not, please call the community.")
        % {"host": host},
        "facts": [(_("Receiving organisation"), project.payee[language]), *permit_lines(project.permit, language)],
        "privacy_name": _("Your privacy"),
        "privacy": _(
            "The Bluetooth beacon here sends a number and nothing else. The community's devices receive only its "
            "own beacons and volunteers' cards; they neither receive nor record your phone. You can read the "
            "page without giving your name."
        ),
        "call": _("Questions? Call the community"),
        "unheard": _("Your phone is not recorded"),
        "hold": _("Hold your phone here"),
        "or_scan": _("or scan the code"),
        "cut": _("Cut along the lines. Leave the white margin around the code."),
        "write": _("Write this address on each NFC tag, then stick the tag behind the circle:"),
    }
