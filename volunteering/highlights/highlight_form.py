"""Read the form by which staff draft a highlight."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sync_contract.entered_date import read_date
from sync_contract.project import Texts
from volunteering.rules.phone_number import read_mobile

_MAX_TEXT, _MAX_PEOPLE, _MAX_PAPER = 120, 30, 40
_LANGUAGES = ("zh_hans", "zh_hant", "en")


class HighlightFault(StrEnum):
    needed = "needed"
    long = "long"
    day = "day"
    mobile = "mobile"
    people = "people"
    unreadable = "unreadable"
    too_large = "too_large"


@dataclass(frozen=True, slots=True)
class HighlightForm:
    """`mobiles`: of members on the picture; `papers`: where the forms of the others are filed."""

    text: Texts
    day: date
    mobiles: tuple[str, ...]
    papers: tuple[str, ...]


def read_highlight(
    values: Mapping[str, str], today: date, *, picture: bool
) -> tuple[HighlightForm | None, dict[str, HighlightFault]]:
    """Return the highlight, or None with what is wrong by field. `picture`: one was sent."""
    faults: dict[str, HighlightFault] = {}
    texts = {name: " ".join(values.get(f"text_{name}", "").split()) for name in _LANGUAGES}
    first = next((text for text in texts.values() if text), "")
    if not first:
        faults["text_zh_hans"] = HighlightFault.needed
    for name, text in texts.items():
        if len(text) > _MAX_TEXT or not text.isprintable():
            faults[f"text_{name}"] = HighlightFault.long
    day = read_date(values.get("day", ""))
    if day is None or day > today or (today - day).days > 366:
        faults["day"] = HighlightFault.day
    typed, papers = _lines(values, "mobiles"), _lines(values, "papers")
    mobiles = [read_mobile(each) for each in typed]
    if None in mobiles:
        faults["mobiles"] = HighlightFault.mobile
    if any(len(each) > _MAX_PAPER or not each.isprintable() for each in papers):
        faults["papers"] = HighlightFault.long
    if len(typed) + len(papers) > _MAX_PEOPLE:
        faults["mobiles"] = HighlightFault.people
    if picture and values.get("all") != "yes":
        faults["all"] = HighlightFault.needed
    if faults or day is None:
        return None, faults
    filled = {name.replace("_h", "-H"): text or first for name, text in texts.items()}
    found = tuple(each for each in mobiles if each is not None)
    return HighlightForm(Texts.model_validate(filled), day, found, papers), faults


def _lines(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in values.get(name, "").splitlines() if line.strip())
