"""Parse what amounts usually pay for, as staff type it: in each language one line per button, amount first."""

import re
from collections.abc import Iterable, Sequence

from central_server.catalogue.field_parsing import Reading, Word, fen_to_yuan, yuan_to_fen
from sync_contract.project import HAN, LATIN, MOST_EXAMPLES, Caption, Example
from sync_contract.strict_model import Language

NAME = "pays_for"
FIELDS = {language: f"{NAME}_{language.value.lower().replace('-', '_')}" for language in Language}
_LINE = re.compile(r"([¥￥]?\s*[0-9０-９][0-9０-９.]*)\s*(?:元|yuan\b)?\s*[:：=＝]?\s*(\S.*)")


def read_examples(read: Reading, amounts: Sequence[int]) -> tuple[Example, ...]:
    """Return examples in the order of the buttons; all languages must have the same amounts. Add faults to `read`."""
    captions = {language: _captions(read, language, amounts) for language in Language}
    named = {fen for found in captions.values() for fen in found}
    for language, found in captions.items():
        missing = sorted(named - found.keys())
        if missing and not any(fault.field == FIELDS[language] for fault in read.faults):
            read.fault(FIELDS[language], Word.example_missing, amount=fen_to_yuan(missing[0]))
    if read.faults:
        return ()
    return tuple(
        Example(fen=fen, text=Caption.model_validate({each.value: captions[each][fen] for each in Language}))
        for fen in amounts
        if fen in named
    )


def example_values(examples: Iterable[Example]) -> dict[str, str]:
    """Return the text of each form field."""
    return {
        name: "\n".join(f"{fen_to_yuan(each.fen)} {each.text[language]}" for each in examples)
        for language, name in FIELDS.items()
    }


def _captions(read: Reading, language: Language, amounts: Sequence[int]) -> dict[int, str]:
    """Return captions by fen."""
    name, most = FIELDS[language], LATIN if language is Language.en else HAN
    lines = [line.strip() for line in read.text(name, 500, needed=False, lines=True).split("\n") if line.strip()]
    if len(lines) > MOST_EXAMPLES:
        read.fault(name, Word.too_many, most=MOST_EXAMPLES)
    found: dict[int, str] = {}
    for line in lines[:MOST_EXAMPLES]:
        match = _LINE.fullmatch(line)
        fen = yuan_to_fen(match[1]) if match else None
        if match is None or fen is None:
            read.fault(name, Word.not_an_example, line=line[:40])
        elif fen not in amounts:
            read.fault(name, Word.not_on_a_button, amount=fen_to_yuan(fen), allowed=" ".join(map(fen_to_yuan, amounts)))
        elif fen in found:
            read.fault(name, Word.amount_twice, amount=fen_to_yuan(fen))
        elif len(match[2]) > most:
            read.fault(name, Word.example_too_long, amount=fen_to_yuan(fen), length=len(match[2]), most=most)
        else:
            found[fen] = match[2]
    return found
