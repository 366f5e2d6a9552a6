"""Write and read the number of a card as people do: 1234 5678."""


def written(number: int) -> str:
    digits = f"{number:08}"
    return f"{digits[:4]} {digits[4:]}"


def read_number(text: str) -> int | None:
    """Return None for a text that is no number of a card."""
    digits = "".join(text.split())
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 8 else None
