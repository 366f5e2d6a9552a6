"""Choose the language of a reader who has not selected one."""

from sync_contract.strict_model import Language


def best_language(requested: str | None, accept: str = "", default: Language = Language.zh_hans) -> Language:
    """Return `requested` (`?lang=`) if we have it, else the best of Accept-Language (RFC 9110, 12.5.4)."""
    if requested in list(Language):
        return Language(requested)
    weighted = []
    for position, part in enumerate(accept[:200].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        weighted.append((-_quality(quality), position, tag.strip().lower()))
    for weight, _, tag in sorted(weighted):
        language = _language_of(tag)
        if weight < 0 and language is not None:
            return language
    return default


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _language_of(tag: str) -> Language | None:
    if tag.startswith("zh"):
        hant = any(part in ("hant", "tw", "hk", "mo") for part in tag.split("-")[1:])
        return Language.zh_hant if hant else Language.zh_hans
    if tag.startswith("nan"):  # readers of Minnan read Traditional Chinese
        return Language.zh_hant
    return Language.en if tag.startswith("en") else None
