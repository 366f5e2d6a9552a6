"""Parse the options of a print; missing and invalid ones get the default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kiosk_ui.paper.poster import Paper
from sync_contract.strict_model import Language

PHONE = re.compile(r"[0-9+() \-]{0,30}")
LANGUAGES = {
    "zh-Hans": (Language.zh_hans,),
    "zh-Hant": (Language.zh_hant,),
    "en": (Language.en,),
    "zh-Hans-en": (Language.zh_hans, Language.en),
    "zh-Hant-en": (Language.zh_hant, Language.en),
}
"""By the word in the address: one language, or Chinese with English below."""


@dataclass(frozen=True, slots=True)
class PosterOptions:
    """`project`: empty for the one that the beacon brings; `language`: a key of LANGUAGES; `phone`: for residents."""

    paper: Paper = Paper.a4
    language: str = "zh-Hans"
    project: str = ""
    phone: str = ""

    @property
    def languages(self) -> tuple[Language, ...]:
        return LANGUAGES[self.language]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "PosterOptions":
        paper, language, phone = fields.get("paper", ""), fields.get("language", ""), fields.get("phone", "").strip()
        return cls(
            Paper(paper) if paper in list(Paper) else Paper.a4,
            language if language in LANGUAGES else "zh-Hans",
            fields.get("project", ""),
            phone if PHONE.fullmatch(phone) else "",
        )
