"""Read the amount of a gift from the form, and refuse one that is zero, too small or too large for the project."""

import re

from multidict import MultiDict

from sync_contract.money import Money
from sync_contract.project import Project

_DIGITS = re.compile(r"[0-9]{1,9}")


def read_amount(form: MultiDict[str]) -> int | None:
    """Return fen: the touched button's `amount_fen`, or the typed whole `yuan`; None when neither is a number."""
    fen, yuan = form.get("amount_fen", ""), form.get("yuan", "")
    if _DIGITS.fullmatch(fen):
        return int(fen)
    return Money.from_yuan(yuan).minor if _DIGITS.fullmatch(yuan) else None


def refuses_typed_amount(fen: int | None, project: Project) -> bool:
    """Return True for no amount, zero, and amounts outside the project's limits."""
    return fen is None or not project.accepts(Money(fen, project.currency))
