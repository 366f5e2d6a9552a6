"""Mark English texts for the translation catalogues."""


def _(text: str) -> str:
    return text
