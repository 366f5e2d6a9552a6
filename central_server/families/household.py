"""What a household states at the desk. It is stored only sealed; names, addresses and phones are not asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from central_server.catalogue.field_parsing import Fault, Word, yuan_to_fen
from central_server.ledger import help_kinds
from sync_contract.entered_date import read_entered_date

MAX_MEMBERS = 20
MAX_AGE = 120
MAX_TEXT = 400


@dataclass(frozen=True, slots=True)
class Household:
    """`ages`: of the members, in years. `amount_minor`: fen that are needed; None for `goods` or a service in words.

    `until`: last day of the need. `grid`: the community's grid square. `consent`: in the household's own words.
    """

    ages: tuple[int, ...]
    hardship: str
    amount_minor: int | None
    goods: str
    until: date | None
    grid: str
    consent: str


def read_household(form: Mapping[str, str]) -> tuple[Household | None, list[Fault]]:
    """Read the form; None with its faults."""
    values = {name: " ".join(form.get(name, "").split()) for name in ("ages", "amount_yuan", "until", "grid", "goods")}
    values["consent"] = form.get("consent", "").strip()
    faults = [*_text_faults(values), *_choice_faults(form)]
    ages = _ages(values["ages"], faults)
    amount = yuan_to_fen(values["amount_yuan"]) if values["amount_yuan"] else None
    if values["amount_yuan"] and amount is None:
        faults.append(Fault("amount_yuan", Word.not_money, values["amount_yuan"]))
    if not values["amount_yuan"] and not values["goods"]:
        faults.append(Fault("goods", Word.needed))
    until = None
    if values["until"]:
        until = read_entered_date(values["until"])
        if until is None:
            faults.append(Fault("until", Word.not_a_date, values["until"]))
    if faults:
        return None, faults
    household = Household(ages, form["hardship"], amount, values["goods"], until, values["grid"], values["consent"])
    return household, []


def _text_faults(values: Mapping[str, str]) -> list[Fault]:
    faults = []
    for name, most in (("grid", 60), ("goods", MAX_TEXT), ("consent", MAX_TEXT)):
        text = values[name]
        if len(text) > most:
            faults.append(Fault(name, Word.too_long, text, {"length": len(text), "most": most}))
        elif not text.replace("\r", "").replace("\n", "").isprintable():
            faults.append(Fault(name, Word.unreadable, text))
        elif not text and name != "goods":
            faults.append(Fault(name, Word.needed))
    return faults


def _choice_faults(form: Mapping[str, str]) -> list[Fault]:
    listed = (("hardship", help_kinds.hardships()), ("help", help_kinds.helps()))
    return [Fault(name, Word.needed) for name, known in listed if form.get(name, "") not in known]


def _ages(text: str, faults: list[Fault]) -> tuple[int, ...]:
    words = text.replace(",", " ").replace("，", " ").replace("、", " ").split()
    if not words:
        faults.append(Fault("ages", Word.needed))
    elif len(words) > MAX_MEMBERS:
        faults.append(Fault("ages", Word.too_many, text, {"most": MAX_MEMBERS}))
    elif not all(word.isascii() and word.isdigit() and int(word[:4]) <= MAX_AGE for word in words):
        faults.append(Fault("ages", Word.out_of_range, text, {"least": 0, "most": MAX_AGE}))
    else:
        return tuple(int(word) for word in words)
    return ()
