"""Which language a reader gets who has not chosen one here."""

from sync_contract.strict_model import Language


def best_language(asked: str | None, accept: str = "", default: Language = Language.zh_hans) -> Language:
    """`asked`: an explicit wish (`?lang=`) if it is ours; else the best of Accept-Language (RFC 9110, 12.5.4)."""
    if asked in list(Language):
        return Language(asked)
    wishes = []
    for position, part in enumerate(accept[:200].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        wishes.append((-_quality(quality), position, tag.strip().lower()))
    for weight, _, tag in sorted(wishes):
        found = _of(tag)
        if weight < 0 and found is not None:
            return found
    return default


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _of(tag: str) -> Language | None:
    if tag.startswith("zh"):
        hant = any(part in ("hant", "tw", "hk", "mo") for part in tag.split("-")[1:])
        return Language.zh_hant if hant else Language.zh_hans
    if tag.startswith("nan"):  # Minnan as such: its readers here write Traditional Chinese
        return Language.zh_hant
    return Language.en if tag.startswith("en") else None
