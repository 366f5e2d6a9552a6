"""A text in three languages."""

from sync_contract.strict_model import Language

Worded = dict[Language, str]


def texts(zh_hans: str, zh_hant: str, en: str) -> Worded:
    return {Language.zh_hans: zh_hans, Language.zh_hant: zh_hant, Language.en: en}
