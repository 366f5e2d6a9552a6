"""What staff choose of a print; whatever they did not choose, or what is none of ours, is the usual."""

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
"""By the word in the address: one language, or Chinese with English beneath."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`project`: empty for the one that the beacon brings; `said`: a word of LANGUAGES; `phone`: for residents."""

    paper: Paper = Paper.a4
    said: str = "zh-Hans"
    project: str = ""
    phone: str = ""

    @property
    def languages(self) -> tuple[Language, ...]:
        return LANGUAGES[self.said]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "Choice":
        paper, said, phone = fields.get("paper", ""), fields.get("said", ""), fields.get("phone", "").strip()
        return cls(
            Paper(paper) if paper in list(Paper) else Paper.a4,
            said if said in LANGUAGES else "zh-Hans",
            fields.get("project", ""),
            phone if PHONE.fullmatch(phone) else "",
        )
